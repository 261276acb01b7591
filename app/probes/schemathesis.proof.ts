// `npm run probe -- schemathesis`: makes requests from /openapi.json, as every role and as nobody, and compares the answers
// with the document: no answer above 499, no undocumented status or type, nothing that its schema refuses.
//   --examples 30 (an operation and phase)   --seed 1   --json
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { obtainToken } from '#app/identity/token.ts';
import { exitCodeOfNotRun, formatRows } from '#app/testing/report.ts';
import { raisedLimits, startServiceProcess } from '#app/testing/service-process.ts';
import { installTools } from '../../.github/tools/install.ts';
import { runTool } from './probe.ts';
import { judgeSchemaRun, type SchemaVerdict } from './schemathesis-verdict.ts';

const ROLES = ['viewer', 'clerk', 'manager', 'auditor'];
const NOBODY = 'nobody';
/** A stream does not end, and a WebSocket is no answer: the tool waits for both. */
const ENDLESS = '/(stream|socket)$';
const LEFT_OUT = 2;
const RUN_DEADLINE_MS = 5 * 60_000;
const CASES_A_RUN = 200;

interface Target {
  readonly program: string;
  readonly origin: string;
  readonly directory: string;
  readonly examples: string;
  readonly seed: string;
}

async function runAs(name: string, token: string | undefined, { program, origin, directory, examples, seed }: Target): Promise<SchemaVerdict> {
  process.stderr.write(`as ${name} …\n`);
  const report = path.join(directory, `${name}.json`);
  const { stdout, stderr } = await runTool(
    program,
    [
      '--config-file', path.join(import.meta.dirname, 'schemathesis.toml'), 'run', `${origin}/openapi.json`, '--url', origin, '--exclude-path-regex', ENDLESS,
      ...(token === undefined ? [] : ['--header', `Authorization: Bearer ${token}`]),
      '--max-examples', examples, '--seed', seed, '--continue-on-failure', '--generation-database', 'none', '--report', 'json', '--report-json-path', report, '--no-color',
    ],
    { directory, deadlineMs: RUN_DEADLINE_MS },
  );
  const verdict = judgeSchemaRun({ name, report: await readFile(report, 'utf8').catch(() => ''), said: stdout + stderr, leftOut: LEFT_OUT, leastCases: CASES_A_RUN });
  if (verdict.violations.length > 0) process.stderr.write(stdout + stderr);
  return verdict;
}

function print(verdicts: readonly SchemaVerdict[]): void {
  console.log(formatRows([['', 'as', 'operations', 'cases', 'violations'], ...verdicts.map(({ name, operations, cases, violations }) => [violations.length === 0 ? '✔' : '✖', name, operations, String(cases), String(violations.length)])]));
  for (const { name, violations } of verdicts) for (const violation of violations) console.log(`  ${name}: ${violation}`);
}

const { values } = parseArgs({ options: { examples: { type: 'string', default: '30' }, seed: { type: 'string', default: '1' }, json: { type: 'boolean', default: false } } });
if (![values.examples, values.seed].every((value) => /^[1-9]\d{0,6}$/.test(value))) {
  console.error('usage: npm run probe -- schemathesis [--examples 30] [--seed 1] [--json]');
  process.exit(2);
}
const tools = await installTools('python', { onProgress: (line) => process.stderr.write(`${line}\n`) });
if ('notRun' in tools) {
  console.log(`schemathesis: not run, ${tools.notRun}`);
  process.exit(exitCodeOfNotRun(process.env['CI'] === 'true'));
}
const directory = await mkdtemp(path.join(tmpdir(), 'stockade-schemathesis-'));
try {
  const service = await startServiceProcess('schemathesis', process.env['DATABASE_URL'], raisedLimits());
  try {
    const target: Target = { program: path.join(tools.directory, 'bin/schemathesis'), origin: service.origin, directory, examples: values.examples, seed: values.seed };
    const verdicts: SchemaVerdict[] = [];
    for (const role of ROLES) verdicts.push(await runAs(role, await obtainToken({ issuer: service.issuer, audience: service.audience, user: role }), target));
    verdicts.push(await runAs(NOBODY, undefined, target));
    if (values.json) console.log(JSON.stringify(verdicts, undefined, 2));
    else print(verdicts);
    if (verdicts.some(({ violations }) => violations.length > 0)) process.exitCode = 1;
  } finally {
    await service.close();
  }
} finally {
  await rm(directory, { recursive: true, force: true });
}
