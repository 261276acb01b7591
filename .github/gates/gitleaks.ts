// What the two gates of credentials share: gitleaks, and its report.
// Tested by secrets_stay_out.gate.test.ts: its reports are read by this.
import { z } from 'zod';
import { type Finding, parseJson, type Tool, Unusable } from './gate.ts';

export const gitleaks: Tool = { set: 'go', program: 'gitleaks' };
export const LEAK_OPTIONS = ['--redact', '--no-banner', '--no-color', '--ignore-gitleaks-allow', '--exit-code', '0', '--report-format', 'json', '--report-path', '-'] as const;

const Leaks = z.array(z.object({ RuleID: z.string().min(1), Description: z.string(), StartLine: z.int().nonnegative(), File: z.string().min(1), Commit: z.string() }));
export type Leak = z.infer<typeof Leaks>[number];

/** @throws Unusable */
export function leaksOf(report: string): readonly Leak[] {
  const leaks = Leaks.safeParse(parseJson(report, 'gitleaks'));
  if (!leaks.success) throw new Unusable('gitleaks wrote a report of another form');
  return leaks.data;
}

export function findingOf(leak: Leak, fix: string): Finding {
  const place = leak.StartLine > 0 ? { line: leak.StartLine } : {};
  return { rule: leak.RuleID, file: leak.File, ...place, severity: 'error', message: `This has the form of a credential: ${leak.Description}`, fix };
}
