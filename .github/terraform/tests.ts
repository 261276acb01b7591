// What needs no account: form, references, types, and the tests of each concern with a provider that is not there.
import path from 'node:path';
import { runChecks } from './checks.ts';
import { staleActions } from './iam-actions.ts';
import { copySources, initialise, type Root, terraform } from './terraform.ts';

export interface TestRow {
  readonly root: string;
  readonly step: string;
  /** What passed of it. */
  readonly runs: number;
  readonly seconds: number;
  readonly problem: string;
}

const [PASSED, FAILED] = [0, 1];

export async function runTests(repository: string, scratch: string, say: (line: string) => void): Promise<readonly TestRow[]> {
  copySources(repository, scratch);
  const rows: TestRow[] = [];
  const record = (row: TestRow) => {
    rows.push(row);
    say(`${row.problem === '' ? '✔' : '✖'} ${row.root}: ${row.step} (${row.seconds.toFixed(0)} s)`);
  };
  const [formatted] = [await terraform(rootAt(scratch, 'terraform'), ['fmt', '-check', '-recursive', '-no-color'], [PASSED, 3])];
  record({ root: 'terraform', step: 'fmt', runs: 0, seconds: formatted.seconds, problem: formatted.status === PASSED ? '' : `not formatted: ${formatted.stdout.trim().replaceAll('\n', ', ')}` });
  record({ root: 'terraform', step: 'actions of IAM that take no resource', runs: 0, seconds: 0, problem: staleActions(repository, path.join(repository, '.cache/tools')) });
  const from = performance.now();
  const { passed, failed, waived, problems } = await runChecks(repository, path.join(scratch, 'checks'));
  record({ root: 'terraform', step: `checkov: ${failed} failed, ${waived} of them waived`, runs: passed, seconds: (performance.now() - from) / 1_000, problem: problems.join('; ') });
  for (const name of ['terraform', 'terraform/bootstrap']) {
    const root = rootAt(scratch, name);
    await initialise(root, ['-backend=false']);
    const valid = await terraform(root, ['validate', '-no-color'], [PASSED, FAILED]);
    record({ root: name, step: 'validate', runs: 0, seconds: valid.seconds, problem: valid.status === PASSED ? '' : valid.stderr });
    const tested = await terraform(root, ['test', '-json'], [PASSED, FAILED], (line) => {
      const event = eventOf(line);
      if (event?.type === 'test_run' && event.test_run?.progress === 'complete') say(`  ${event['@message'] ?? ''}`);
    });
    const events = tested.stdout.split('\n').flatMap((line) => eventOf(line) ?? []);
    const summary = events.find(({ type }) => type === 'test_summary')?.test_summary;
    const errors = events.filter((event) => event['@level'] === 'error').map((event) => event['@message'] ?? '');
    const isGreen = tested.status === PASSED && summary?.status === 'pass' && summary.passed > 0 && (summary.skipped ?? 0) === 0;
    record({ root: name, step: 'test', runs: summary?.passed ?? 0, seconds: tested.seconds, problem: isGreen ? '' : errors.slice(0, 10).join('; ') || tested.stderr || 'no test ran' });
  }
  return rows;
}

interface Event {
  readonly type?: string;
  readonly '@level'?: string;
  readonly '@message'?: string;
  readonly test_run?: { readonly progress?: string };
  readonly test_summary?: { readonly status: string; readonly passed: number; readonly skipped?: number };
}

function eventOf(line: string): Event | undefined {
  try {
    return JSON.parse(line) as Event;
  } catch {
    return undefined;
  }
}

function rootAt(scratch: string, name: string): Root {
  return { name, folder: path.join(scratch, name), environment: { TF_DATA_DIR: path.join(scratch, 'data', name.replaceAll('/', '-')) } };
}
