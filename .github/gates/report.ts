// `--report DIR`: gates.html for people, gates.sarif for code scanning, gates.md for the summary of a job, gates.json for programs.
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { NamedGate } from './find.ts';
import type { Finding } from './gate.ts';
import type { Verdict } from './judge.ts';
import { pageOf } from './report-page.ts';
import { sarifOf } from './report-sarif.ts';
import { summaryOf } from './report-summary.ts';
import type { Remainder } from './table.ts';

export interface RunRecord {
  readonly verdicts: readonly Verdict[];
  /** Those that the verdicts are of, at least. */
  readonly gates: readonly NamedGate[];
  readonly remainder: Remainder;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** The text of a file of the tree, or nothing where there is none. */
  readonly read: (file: string) => string | undefined;
}

/** What the three forms show of one gate. */
export interface Entry {
  readonly verdict: Verdict;
  readonly gate: NamedGate;
  readonly files: readonly FileFindings[];
}

export interface FileFindings {
  readonly file: string;
  readonly findings: readonly QuotedFinding[];
}

export interface QuotedFinding extends Finding {
  /** The line and its neighbours; empty where there is no such line, or it must not be shown. */
  readonly excerpt: readonly Line[];
}

export interface Line {
  readonly number: number;
  readonly text: string;
}

export async function writeReport(directory: string, record: RunRecord): Promise<void> {
  const entries = entriesOf(record);
  const forms = {
    'gates.html': pageOf(entries, record),
    'gates.sarif': `${JSON.stringify(sarifOf(entries), undefined, 1)}\n`,
    'gates.md': summaryOf(entries, record),
    'gates.json': `${JSON.stringify({ gates: record.verdicts })}\n`,
  };
  await mkdir(directory, { recursive: true });
  await Promise.all(Object.entries(forms).map(([name, text]) => writeFile(path.join(directory, name), text)));
}

const ORDER: readonly Verdict['status'][] = ['fail', 'not run', 'pass'];

/** What asks for something to be done comes first. */
export function entriesOf({ verdicts, gates, read }: RunRecord): readonly Entry[] {
  const gateOf = new Map(gates.map((gate) => [gate.name, gate]));
  const secret = new Set(verdicts.filter(({ gate }) => gateOf.get(gate)?.findsSecrets === true).flatMap(({ findings }) => findings.map(({ file }) => file)));
  const quote = quoter((file) => (secret.has(file) ? undefined : read(file)));
  return verdicts
    .toSorted((a, b) => ORDER.indexOf(a.status) - ORDER.indexOf(b.status))
    .map((verdict) => {
      const gate = gateOf.get(verdict.gate);
      if (gate === undefined) throw new TypeError(`${verdict.gate} has a verdict, and is no gate`);
      const files = [...Map.groupBy(verdict.findings, ({ file }) => file)].toSorted(([a], [b]) => (a < b ? -1 : 1));
      return { verdict, gate, files: files.map(([file, findings]) => ({ file, findings: findings.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0)).map((finding) => ({ ...finding, excerpt: quote(finding) })) })) };
    });
}

const NEIGHBOURS = 2;
/** A minified file has one line, of a megabyte. */
const LONGEST_LINE = 240;

function quoter(read: (file: string) => string | undefined): (finding: Finding) => readonly Line[] {
  const known = new Map<string, readonly string[]>();
  return ({ file, line }) => {
    if (line === undefined) return [];
    const lines = known.get(file) ?? (read(file) ?? '').split(/\r?\n/);
    known.set(file, lines);
    if (line > lines.length) return [];
    const first = Math.max(1, line - NEIGHBOURS);
    return lines.slice(first - 1, line + NEIGHBOURS).map((text, index) => ({ number: first + index, text: text.length > LONGEST_LINE ? `${text.slice(0, LONGEST_LINE)}…` : text }));
  };
}

/** What somebody types to see that it is mended. */
export function commandOf({ gate }: Verdict): string {
  return `npm run gates -- --only ${gate}`;
}

export function countOf(verdicts: readonly Verdict[], status: Verdict['status']): number {
  return verdicts.filter((verdict) => verdict.status === status).length;
}
