// `npm run test:policy`: the Rego is formatted, checked and tested to the last line, the module that ships is what it compiles to,
// and the two decide thousands of requests alike.
//   --write   puts the compiled module in its place   --requests <n>   --seed <n>
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { isDeepStrictEqual, parseArgs, promisify } from 'node:util';
import { installTools } from '../../.github/tools/install.ts';
import { loadPolicy } from '#app/access/policy.ts';
import { makeRequests, RULES } from '#app/testing/policy-requests.ts';
import { exitCodeOfNotRun, formatRows } from '#app/testing/report.ts';

const POLICIES = 'policies';
const MODULE = 'app/access/access.wasm';
const ENTRYPOINT = 'stockade/access/decision';
const REASONS = ['granted', 'action-unknown', 'other-tenant', 'scope-missing', 'role-not-granted', 'sensitivity-not-cleared', 'second-factor-missing', 'step-up-required'];
const [DECISIONS, ROUNDS] = [20_000, 5];
const TARGET_P99_US = 25;

const rows: [claim: string, holds: boolean, seen: string][] = [];
const check = (claim: string, holds: boolean, seen: string): void => void rows.push([claim, holds, seen]);

type Opa = (...parameters: readonly string[]) => Promise<{ readonly code: number; readonly output: string }>;

function opaOf(program: string): Opa {
  return async (...parameters) => {
    try {
      const { stdout } = await promisify(execFile)(program, [...parameters], { maxBuffer: 1 << 28 });
      return { code: 0, output: stdout };
    } catch (error) {
      const { code, stdout = '', stderr = '' } = error as { readonly code?: number | string; readonly stdout?: string; readonly stderr?: string };
      return { code: typeof code === 'number' ? code : 1, output: stdout === '' ? stderr : stdout };
    }
  };
}

async function testRego(opa: Opa): Promise<void> {
  const unformatted = (await opa('fmt', '--list', POLICIES)).output.trim();
  check('the Rego is formatted', unformatted === '', unformatted);
  const strict = await opa('check', '--strict', POLICIES);
  check('it holds under strict checks', strict.code === 0, strict.output.trim().split('\n')[0] ?? '');
  const tested = await opa('test', '--format=json', POLICIES);
  const results = JSON.parse(tested.output) as readonly { readonly name: string; readonly fail?: boolean; readonly error?: unknown }[];
  const failed = results.filter(({ fail, error }) => fail === true || error !== undefined).map(({ name }) => name);
  check('its tests pass', tested.code === 0 && failed.length === 0 && results.length > 0, failed.length === 0 ? `${results.length} tests` : failed.join(', '));
  if (failed.length > 0) {
    check('they reach every line', false, 'not looked at, as tests fail');
    return;
  }
  const covered = JSON.parse((await opa('test', '--coverage', '--format=json', POLICIES)).output) as { readonly coverage: number; readonly files: Readonly<Record<string, { readonly not_covered?: readonly { readonly start: { readonly row: number } }[] }>> };
  const missed = Object.entries(covered.files).flatMap(([file, { not_covered: lines = [] }]) => lines.map(({ start }) => `${file}:${start.row}`));
  check('they reach every line', covered.coverage === 100 && missed.length === 0, missed.length === 0 ? `${covered.coverage} %` : missed.join(', '));
}

async function compile(opa: Opa, directory: string): Promise<Buffer> {
  const bundle = path.join(directory, 'bundle.tar.gz');
  const { code, output } = await opa('build', '--target', 'wasm', '--entrypoint', ENTRYPOINT, '--output', bundle, `${POLICIES}/access/access.rego`);
  if (code !== 0) throw new Error(output);
  await promisify(execFile)('tar', ['-xzf', bundle, '-C', directory, '/policy.wasm']);
  return readFile(path.join(directory, 'policy.wasm'));
}

async function compareDecisions(opa: Opa, directory: string, { count, seed }: { readonly count: number; readonly seed: number }): Promise<void> {
  const requests = makeRequests(count, seed);
  const file = path.join(directory, 'requests.json');
  await writeFile(file, JSON.stringify({ rules: RULES, requests }));
  const query = '[decision | some request in data.requests; decision := data.stockade.access.decision with input as request]';
  const { output } = await opa('eval', '--format=json', '--data', `${POLICIES}/access/access.rego`, '--data', file, query);
  const byOpa = (JSON.parse(output) as { readonly result: readonly [{ readonly expressions: readonly [{ readonly value: readonly unknown[] }] }] }).result[0].expressions[0].value;
  const policy = await loadPolicy(RULES);
  const byModule = requests.map((request) => policy.decide(request));
  const different = requests.findIndex((_, index) => !isDeepStrictEqual(byOpa[index], byModule[index]));
  check('`opa eval` and the module decide alike', byOpa.length === count && different === -1, different === -1 ? `${count} requests, seed ${seed}` : `${JSON.stringify(requests[different])}: ${JSON.stringify(byOpa[different])} and ${JSON.stringify(byModule[different])}`);
  const counts = REASONS.map((reason) => byModule.filter((decision) => decision.reason === reason).length);
  check('every reason came up, and no other', counts.every((one) => one > 0) && counts.reduce((sum, one) => sum + one, 0) === count, REASONS.map((reason, index) => `${reason} ${counts[index] ?? 0}`).join(', '));

  const best = Array.from({ length: ROUNDS }, () => measure((request) => policy.decide(request), requests)).toSorted((a, b) => a.p99 - b.p99);
  const median = best[Math.floor(ROUNDS / 2)] ?? { p50: 0, p99: 0 };
  rows.push([`a decision takes less than ${TARGET_P99_US} µs (p99, median of ${ROUNDS} rounds): measured, not judged`, true, `p50 ${median.p50.toFixed(1)} µs, p99 ${median.p99.toFixed(1)} µs (best round ${(best[0]?.p99 ?? 0).toFixed(1)}, worst ${(best.at(-1)?.p99 ?? 0).toFixed(1)})`]);
}

function measure(decide: (request: ReturnType<typeof makeRequests>[number]) => unknown, requests: ReturnType<typeof makeRequests>): { readonly p50: number; readonly p99: number } {
  const times = new Float64Array(DECISIONS);
  for (let index = 0; index < DECISIONS; index += 1) {
    const request = requests[index % requests.length];
    if (request === undefined) break;
    const from = performance.now();
    decide(request);
    times[index] = (performance.now() - from) * 1_000;
  }
  times.sort();
  return { p50: times[DECISIONS / 2] ?? 0, p99: times[DECISIONS * 0.99] ?? 0 };
}

const { values } = parseArgs({ options: { write: { type: 'boolean', default: false }, requests: { type: 'string', default: '5000' }, seed: { type: 'string', default: '1' } } });
const tools = await installTools('go', { onProgress: (line) => process.stderr.write(`${line}\n`) });
if ('notRun' in tools) {
  console.log(`not run: ${tools.notRun}`);
  process.exitCode = exitCodeOfNotRun(process.env['CI'] === 'true');
} else {
  const opa = opaOf(path.join(tools.directory, 'bin/opa'));
  const directory = await mkdtemp(path.join(tmpdir(), 'stockade-policy-'));
  try {
    await testRego(opa);
    const compiled = await compile(opa, directory);
    if (values.write) await writeFile(MODULE, compiled);
    const shipped = await readFile(MODULE);
    check('the module that ships is what the Rego compiles to', compiled.equals(shipped), `${createHash('sha256').update(shipped).digest('hex').slice(0, 16)}, ${shipped.length} bytes${compiled.equals(shipped) ? '' : ': run it with --write'}`);
    await compareDecisions(opa, directory, { count: Number(values.requests), seed: Number(values.seed) });
  } finally {
    await rm(directory, { recursive: true });
  }
  console.log(formatRows([['', 'claim', 'seen'], ...rows.map(([claim, holds, seen]) => [holds ? '✔' : '✖', claim, seen])]));
  if (rows.some(([, holds]) => !holds)) process.exitCode = 1;
}
