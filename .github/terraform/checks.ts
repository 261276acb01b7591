// How much of what checkov asks of the infrastructure holds, and that what does not is waived beside it.
import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { parseJson } from '../gates/gate.ts';
import { findingsOf } from '../gates/terraform_follows_practice.gate.ts';
import { locate, runTool } from '../gates/tools.ts';
import { readTreeState } from '../gates/tree-state.ts';
import { applyWaivers, readWaivers } from '../gates/waivers.ts';

const GATE = 'terraform_follows_practice';
const Summary = z.object({ summary: z.object({ passed: z.int().positive() }) });

export interface Checks {
  readonly passed: number;
  readonly failed: number;
  /** Of the failed. */
  readonly waived: number;
  /** What failed without a waiver, or is waived without having failed. */
  readonly problems: readonly string[];
}

/** @param output what checkov printed about `files`, which are relative to the repository. @throws Unusable */
export function countChecks(output: string, files: readonly string[], read: (file: string) => string, now: number): Checks {
  const findings = findingsOf(output, files.filter((file) => /^\s*resource\s+"/m.test(read(file))).length);
  const { summary: { passed } } = Summary.parse(parseJson(output, 'checkov'));
  const left = applyWaivers(GATE, findings, readWaivers(files, read), now);
  const unwaived = left.filter((finding) => findings.includes(finding));
  return { passed, failed: findings.length, waived: findings.length - unwaived.length, problems: left.map(({ file, line, rule, message }) => `${file}:${line ?? 1} ${rule}: ${message}`) };
}

export async function runChecks(repository: string, scratch: string): Promise<Checks> {
  const program = locate({ set: 'python', program: 'checkov' }, path.join(repository, '.cache/tools'));
  if (program === undefined) throw new Error('checkov is not installed (npm run gates:setup)');
  const files = readTreeState(repository).files.filter((file) => /^terraform\/.*\.tf$/.test(file));
  for (const file of files) {
    mkdirSync(path.dirname(path.join(scratch, file)), { recursive: true });
    cpSync(path.join(repository, file), path.join(scratch, file));
  }
  const { stdout } = await runTool(program, ['--directory', path.join(scratch, 'terraform'), '--framework', 'terraform', '--output', 'json', '--compact', '--soft-fail', '--skip-download', '--download-external-modules', 'false', '--config-file', path.join(repository, '.github/gates/checkov.yaml')], repository, { environment: { LOG_LEVEL: 'ERROR', BC_API_KEY: '' } });
  return countChecks(stdout, files, (file) => readFileSync(path.join(repository, file), 'utf8'), Date.now());
}
