// Looks for credentials in every file and in the whole history, with gitleaks.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { type Finding, type Gate, type GateContext, parseJson, type Tool, Unusable } from './gate.ts';

const gitleaks: Tool = { set: 'go', program: 'gitleaks' };
const Leaks = z.array(z.object({ RuleID: z.string(), Description: z.string(), StartLine: z.int(), File: z.string(), Commit: z.string() }));

export const gate: Gate = {
  claim: 'no credential is in a file or in the history',
  why: 'Who can read the repository, once or for ever, can use what it holds; deleting the line leaves it in the history (CWE-798).',
  remedy: 'Revoke the credential first, then take it out. A value that is no credential is named in .github/gates/gitleaks.toml, with the reason.',
  link: 'https://cheatsheetseries.owasp.org/cheatsheets/Secrets_Management_Cheat_Sheet.html',
  tools: [gitleaks],
  findsSecrets: true,
  reads: /./,
  settings: /^\.github\/gates\/gitleaks\.toml$/,
  scope: 'tree',
  when: 'change',
  async check(context) {
    const inFiles = await scan(context, ['dir', '.']);
    const inHistory = await scan(context, ['git', '.']);
    return [...inFiles, ...inHistory];
  },
};

async function scan({ run, root, scratch, files }: GateContext, what: readonly string[]): Promise<readonly Finding[]> {
  const report = path.join(scratch, `${what[0] ?? ''}.json`);
  await run(gitleaks, [...what, '--config', '.github/gates/gitleaks.toml', '--redact', '--no-banner', '--exit-code', '0', '--report-format', 'json', '--report-path', report]);
  return [{ root, files, report }].flatMap(() => {
    const leaks = Leaks.safeParse(parseJson(readFileSync(report, 'utf8'), 'gitleaks'));
    if (!leaks.success) throw new Unusable('gitleaks wrote a report of another form');
    return leaks.data.map((leak) => ({ rule: leak.RuleID, file: leak.File, line: leak.StartLine, severity: 'error' as const, message: leak.Description, fix: leak.Commit === '' ? 'Revoke it, then remove the line.' : `Revoke it: commit ${leak.Commit.slice(0, 12)} keeps it for ever.` }));
  });
}
