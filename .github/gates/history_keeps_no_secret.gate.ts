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
  // As gitleaks asks for it, but for this commit's own history: other branches have their own verdict.
  const commits = (await run(git, ['log', '--format=%H', '--no-merges', '--full-history', 'HEAD'])).stdout;
  const output = await run(gitleaks, ['git', '.', '--config', '.github/gates/gitleaks.toml', '--log-opts', '--full-history --diff-filter=tuxdb HEAD', ...LEAK_OPTIONS]);
  return leaksInHistory(output, commits);
}

/** @throws Unusable when the report is not whole, or tells of fewer commits than git has. */
export function leaksInHistory({ stdout, stderr }: Output, log: string): readonly Finding[] {
  const leaks = leaksOf(stdout);
  const expected = log.match(/^[0-9a-f]{40,64}$/gm)?.length ?? 0;
  const scanned = Number(/(\d+) commits scanned/.exec(stderr)?.[1] ?? 0);
  // gitleaks counts no commit that only deletes, or changes nothing but binary files or modes.
  if (scanned === 0 || scanned > expected || expected - scanned > FEW + expected * SMALL_SHARE) throw new Unusable(`gitleaks read ${scanned} commits of ${expected}`);
  return leaks.map((leak) => findingOf(leak, `Revoke it where it was issued: commit ${leak.Commit.slice(0, 12)} keeps it for ever, whatever the files are now. Not a credential? Name the value in .github/gates/gitleaks.toml, with the reason.`));
}

const FEW = 2;
const SMALL_SHARE = 0.1;
