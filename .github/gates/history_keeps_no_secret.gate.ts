// Looks for credentials in every commit that led here, with gitleaks.
import { type Finding, type Gate, type GateContext, type Output, type Tool, Unusable } from './gate.ts';
import { findingOf, gitleaks, LEAK_OPTIONS, leaksOf } from './gitleaks.ts';

const git: Tool = { set: 'machine', program: 'git', get: 'https://git-scm.com' };

export const gate: Gate = {
  claim: 'no credential is in the history',
  why: 'Deleting a line leaves it in the history, and with it everybody who ever gets a clone (CWE-540).',
  remedy: 'Revoke the credential: to rewrite the history does not call back the clones. A value that is no credential is named in .github/gates/gitleaks.toml, with the reason.',
  link: 'https://cheatsheetseries.owasp.org/cheatsheets/Secrets_Management_Cheat_Sheet.html',
  tools: [gitleaks, git],
  findsSecrets: true,
  reads: /./,
  settings: /^\.github\/gates\/gitleaks\.toml$/,
  scope: 'history',
  when: 'change',
  check: scanHistory,
};

async function scanHistory({ run }: GateContext): Promise<readonly Finding[]> {
  const shallow = (await run(git, ['rev-parse', '--is-shallow-repository'])).stdout.trim();
  if (shallow !== 'false') throw new Unusable(shallow === 'true' ? 'the clone is shallow, so that most of the history is not there: git fetch --unshallow, or fetch-depth: 0 of actions/checkout' : 'git does not say whether the history is whole');
  const commits = (await run(git, ['log', '--numstat', '--format=%H', ...LOG])).stdout;
  const output = await run(gitleaks, ['git', '.', '--config', '.github/gates/gitleaks.toml', '--log-opts', LOG.join(' '), ...LEAK_OPTIONS]);
  return leaksInHistory(output, commits);
}

/** As gitleaks asks for it, but for this commit's own history (other branches have their own verdict), and with what a merge itself brought in. */
const LOG = ['--full-history', '--diff-filter=tuxdb', '--diff-merges=remerge', 'HEAD'] as const;

/** @throws Unusable when the report is not whole, or tells of other commits than those of git that bring or take a line of text. */
export function leaksInHistory({ stdout, stderr }: Output, log: string): readonly Finding[] {
  const leaks = leaksOf(stdout);
  const expected = [...log.matchAll(/^[0-9a-f]{40,64}$(?:\n(?![0-9a-f]{40,64}$).*)*/gm)].filter(([commit]) => /^(?:[1-9]\d*\t\d+|0\t[1-9]\d*)\t/m.test(commit)).length;
  const scanned = Number(/(\d+) commits scanned/.exec(stderr)?.[1] ?? 0);
  if (scanned === 0 || scanned !== expected) throw new Unusable(`gitleaks read ${scanned} commits of ${expected}`);
  return leaks.map((leak) => findingOf(leak, `Revoke it where it was issued: commit ${leak.Commit.slice(0, 12)} keeps it for ever, whatever the files are now. Not a credential? Name the value in .github/gates/gitleaks.toml, with the reason.`));
}
