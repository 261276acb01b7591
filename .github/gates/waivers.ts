// Waivers stand beside what they waive, in a comment: `gates:allow <gate>/<rule> until <date>: <reason>`.
import type { Finding } from './gate.ts';

export interface Waiver {
  readonly gate: string;
  readonly rule: string;
  readonly file: string;
  readonly line: number;
  /** The last day on which it holds. */
  readonly until: string;
}

/** A file that can't hold a comment (a lock file) has its waivers in one beside it; they hold for the whole file. */
export const SIDECAR = '.waivers';
const PATTERN = /gates:allow ([\w-]+)\/(\S+) until (\d{4}-\d{2}-\d{2}): \S/;

export function readWaivers(files: readonly string[], read: (file: string) => string): readonly Waiver[] {
  return files.flatMap((file) => {
    const text = read(file);
    if (!text.includes('gates:allow ')) return [];
    return text.split('\n').flatMap((content, index) => {
      const [, gate, rule, until] = PATTERN.exec(content) ?? [];
      return gate !== undefined && rule !== undefined && until !== undefined ? [{ gate, rule, file, line: index + 1, until }] : [];
    });
  });
}

/** Findings that no waiver of `gate` takes away, and one for each waiver that is expired or takes nothing away. */
export function applyWaivers(gate: string, findings: readonly Finding[], waivers: readonly Waiver[], now: number): readonly Finding[] {
  const today = new Date(now).toISOString().slice(0, 10);
  const own = waivers.filter((waiver) => waiver.gate === gate);
  const valid = own.filter(({ until }) => until >= today);
  const used = new Set<Waiver>();
  const left = findings.filter((finding) => {
    const waiver = valid.find((candidate) => covers(candidate, finding, waivers));
    if (waiver !== undefined) used.add(waiver);
    return waiver === undefined;
  });
  const stale = own.filter((waiver) => !used.has(waiver));
  return [...left, ...stale.map((waiver) => complain(waiver, waiver.until < today))];
}

/** On its own line, or on the line after it; of several that stand one below the other, after the last of them. */
function covers(waiver: Waiver, { rule, file, line }: Finding, all: readonly Waiver[]): boolean {
  if (waiver.rule !== rule) return false;
  return waiver.file === file + SIDECAR || (waiver.file === file && line !== undefined && (line === waiver.line || line === lineAfter(waiver, all)));
}

function lineAfter({ file, line }: Waiver, all: readonly Waiver[]): number {
  let after = line + 1;
  while (all.some((other) => other.file === file && other.line === after)) after += 1;
  return after;
}

function complain({ gate, rule, file, line, until }: Waiver, isExpired: boolean): Finding {
  return {
    rule: isExpired ? 'expired-waiver' : 'unused-waiver',
    file,
    line,
    severity: 'warning',
    message: isExpired ? `The waiver of ${gate}/${rule} ended on ${until}.` : `The waiver of ${gate}/${rule} takes nothing away.`,
    fix: isExpired ? 'Mend what it waived, or decide anew and write why and until when.' : 'Remove the comment.',
  };
}
