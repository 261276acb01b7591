// `npm run terraform:prove`: the infrastructure is tested offline, really applied to an emulated account, broken in every way that
// a policy is there for, and run. Tables at the end, and all of it in .cache/terraform/latest.json.
//   --part tests,apply,mutations,run   --environment production,staging,preview-7   --only <word of a class, a control or a resource>   --alone   --write (the picture)
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { installTools } from '../tools/install.ts';
import { compare, type Known, keyOf } from './differences.ts';
import { drawGraph } from './graph.ts';
import { startMoto } from './moto.ts';
import type { Mutation } from './mutation.ts';
import { proveMutations, readMutations, resourceOf, type Verdict } from './prove-mutations.ts';
import { runContainers } from './run-containers.ts';
import { bootstrap, copyWithState, demolish, demolishBootstrap, deploy, kindOf, openStage, prepareAccount, readAlertmanager, reapply, replan, rootOf, type Stage, takeBack } from './scenario.ts';
import { startShim } from './shim.ts';
import { countLines } from './terraform.ts';
import { runTests, type TestRow } from './tests.ts';

const PARTS = ['tests', 'apply', 'mutations', 'run'] as const;
type Part = (typeof PARTS)[number];
const GRAPH = 'terraform/graph.svg';
const LEAST = { mutations: 100, classes: 40 };
/** The one that mutations are planned on, and that is drawn. */
const PRODUCTION = 'production';

interface EmulatorFile {
  /** The version of which all of this is true. */
  readonly moto: string;
  readonly differences: readonly Known[];
  /** What is in the account after the destruction, and why. */
  readonly left: readonly { readonly environments: readonly string[]; readonly kind: string; readonly matches: string; readonly why: string }[];
  /** What it can't be asked for once it is gone. */
  readonly unasked: readonly { readonly resource: string; readonly what: string }[];
  /** What Terraform refuses to destroy, since the configuration says so. */
  readonly resisting: readonly string[];
}

/** What an apply leaves for those who plan on it. */
interface Kept {
  readonly digest: string;
  readonly zone: string;
  readonly outputs: Readonly<Record<string, string>>;
  readonly states: Readonly<Record<'main' | 'bootstrap', string>>;
}

const root = process.cwd();
const cache = path.join(root, '.cache/terraform');
const { values } = parseArgs({ options: { part: { type: 'string' }, only: { type: 'string' }, alone: { type: 'boolean', default: false }, write: { type: 'boolean', default: false }, environment: { type: 'string', default: PRODUCTION } } });
const say = (line: string) => {
  console.log(`${new Date().toISOString().slice(11, 19)} ${line}`);
};
const problems: string[] = [];
const tables: { readonly title: string; readonly rows: readonly (readonly string[])[] }[] = [];
const applied: { readonly environment: string; readonly steps: Stage['steps']; readonly resources: number; readonly unexplained: readonly string[]; readonly known: number }[] = [];
const latest: Record<string, unknown> = {};
process.exitCode = await main((values.part?.split(',') ?? PARTS) as readonly Part[]);

async function main(parts: readonly Part[]): Promise<number> {
  const unknown = parts.filter((part) => !PARTS.includes(part));
  if (unknown.length > 0) throw new Error(`there is no part ${unknown.join(', ')}; there are ${PARTS.join(', ')}`);
  const python = await installTools('python', { onProgress: say });
  if ('notRun' in python) {
    console.log(`not run: ${python.notRun}`);
    return process.env['CI'] === 'true' ? 1 : 0;
  }
  const { moto } = readEmulator();
  if (!readFileSync(path.join(root, '.github/tools/python/requirements.txt'), 'utf8').includes(`\nmoto==${moto} `)) problems.push(`emulator.json is about moto ${moto}, and another is locked: see what has changed`);
  mkdirSync(cache, { recursive: true });
  const from = performance.now();
  const scratch = mkdtempSync(path.join(tmpdir(), 'stockade-terraform-'));
  try {
    if (parts.includes('tests')) await proveTests(scratch);
    let kept: Kept | undefined;
    if (parts.includes('apply')) for (const environment of values.environment.split(',')) kept = (await proveApply(path.join(scratch, environment), python.directory, environment, true)) ?? kept;
    kept ??= readKept();
    if (parts.includes('mutations')) {
      kept ??= await proveApply(path.join(scratch, 'for-mutations'), python.directory, PRODUCTION, false);
      if (kept === undefined) problems.push('without a state there are no mutations');
      else await proveBroken(scratch, python.directory, kept);
    }
    if (parts.includes('run')) await proveRun(kept);
  } catch (error) {
    problems.push(error instanceof Error ? error.message : String(error));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return report((performance.now() - from) / 1_000);
}

async function proveTests(scratch: string): Promise<void> {
  const rows = await runTests(root, path.join(scratch, 'tests'), say);
  tables.push({ title: 'offline', rows: [['root', 'step', 'passed', 'seconds', 'result'], ...rows.map((row: TestRow) => [row.root, row.step, String(row.runs || ''), row.seconds.toFixed(0), row.problem === '' ? 'passed' : 'FAILED'])] });
  problems.push(...rows.filter(({ problem }) => problem !== '').map(({ root: of, step, problem }) => `${step} of ${of}: ${problem}`));
  latest['tests'] = rows;
}

async function onEmulator<T>(pythonTools: string, work: (endpoint: string, missing: ReadonlySet<string>) => Promise<T>): Promise<T> {
  const moto = await startMoto(pythonTools);
  try {
    const shim = await startShim(moto.origin);
    try {
      return await work(shim.origin, shim.missing);
    } finally {
      await shim.close();
    }
  } finally {
    await moto.close();
  }
}

/**
 * @param whole whether all of it is to be proven, or a state is wanted
 * @returns what production leaves, and no other
 */
async function proveApply(scratch: string, pythonTools: string, environment: string, whole: boolean): Promise<Kept | undefined> {
  return onEmulator(pythonTools, async (endpoint, missing) => {
    const stage = openStage(environment, root, scratch, endpoint, say);
    const zone = await prepareAccount(stage);
    const boot = await bootstrap(stage);
    const deployment = boot && (await deploy(stage, boot, zone));
    const kept = environment === PRODUCTION && boot && deployment && { digest: digestOf(), zone, outputs: boot.outputs, states: { main: deployment.state, bootstrap: readFileSync(path.join(boot.root.folder, 'terraform.tfstate'), 'utf8') } };
    if (kept) writeFileSync(path.join(cache, 'applied.json'), `${JSON.stringify(kept)}\n`);
    if (!whole) return kept || undefined;
    if (boot && deployment) {
      await reapply(stage, deployment, boot.outputs['state_bucket'] ?? '');
      const plan = await replan(stage, { ...deployment.root, name: 'graph' }, 'the plan that the picture is drawn from', deployment.files);
      if (plan !== undefined && environment === PRODUCTION) judgeGraph(drawGraph(plan));
      await readAlertmanager(stage, deployment);
      await takeBack(stage, deployment);
      const left = await demolish(stage, deployment, readEmulator().unasked.map(({ resource }) => resource));
      judgeLeft(environment, left);
    }
    if (boot) judgeResisting(await demolishBootstrap(stage, boot));
    judgeStage(stage, missing);
    return kept || undefined;
  });
}

function judgeStage({ environment, steps, differences }: Stage, missing: ReadonlySet<string>): void {
  const { differences: known } = readEmulator();
  const own = differences.map((each) => (each.root === 'bootstrap' ? each : { ...each, root: 'main' }));
  const { unexplained, vanished } = compare(own, known);
  tables.push({ title: `applied: ${environment}`, rows: [['root', 'step', 'added', 'changed', 'removed', 'seconds', 'result'], ...steps.map(({ root: of, step, added, changed, removed, seconds, problem }) => [of, step, ...[added, changed, removed].map((count) => String(count || '')), seconds.toFixed(0), problem === '' ? 'as it should' : 'FAILED'])] });
  tables.push({ title: `differences in a re-plan: ${environment}`, rows: [['difference', 'the emulator'], ...[...new Set(own.map(keyOf))].map((key) => [key, known.find((each) => keyOf(each) === key)?.what ?? 'UNEXPLAINED'])] });
  problems.push(...steps.filter(({ problem }) => problem !== '').map(({ root: of, step, problem }) => `${of}, ${step}: ${problem}`));
  problems.push(...unexplained.map((key) => `${environment}: nobody knows why a re-plan would change ${key}`), ...vanished.map((key) => `${environment}: ${key} is no longer different: take it out of emulator.json`));
  problems.push(...[...missing].map((call) => `neither moto nor the shim answers ${call}`));
  applied.push({ environment, steps, resources: steps.filter(({ step }) => step === 'apply').reduce((sum, { added }) => sum + added, 0), unexplained, known: known.length });
}

function judgeLeft(environment: string, left: ReadonlyMap<string, readonly string[]>): void {
  const known = readEmulator().left.filter(({ environments }) => environments.includes(kindOf(environment)));
  const found = [...left].flatMap(([kind, names]) => names.map((name) => ({ kind, name, why: known.find((each) => each.kind === kind && new RegExp(each.matches).test(name))?.why })));
  tables.push({ title: `left after the destruction: ${environment}`, rows: [['what', 'name', 'why'], ...found.map(({ kind, name, why }) => [kind, name, why ?? 'UNEXPLAINED'])] });
  problems.push(...found.filter(({ why }) => why === undefined).map(({ kind, name }) => `${environment}: ${name} is left among the ${kind}`));
  problems.push(...known.filter(({ kind, matches }) => !found.some((each) => each.kind === kind && new RegExp(matches).test(each.name))).map(({ kind, matches }) => `${environment}: nothing like ${matches} is left among the ${kind}: take it out of emulator.json`));
}

/** The picture in the operator's README is this one, or it tells of another infrastructure. */
function judgeGraph(svg: string): void {
  const file = path.join(root, GRAPH);
  if (values.write) writeFileSync(file, svg);
  else if (!existsSync(file) || readFileSync(file, 'utf8') !== svg) problems.push(`${GRAPH} is not what the plan says: --write puts it there`);
}

function judgeResisting(resisting: readonly string[]): void {
  const { resisting: wanted } = readEmulator();
  tables.push({ title: 'what deliberately resists', rows: [['resource'], ...resisting.map((each) => [each])] });
  if (resisting.join(' ') !== wanted.toSorted().join(' ')) problems.push(`of bootstrap, ${resisting.join(', ')} resist, and ${wanted.join(', ')} should`);
}

async function proveBroken(scratch: string, pythonTools: string, kept: Kept): Promise<void> {
  const all = await readMutations();
  const word = values.only;
  const chosen = word === undefined ? all : all.filter((each) => [each.class, each.control, each.broken, resourceOf(each), ...Object.values(each.caughtBy)].some((text: string) => text.includes(word)));
  const verdicts = await onEmulator(pythonTools, async (endpoint) => {
    const stage = openStage(PRODUCTION, root, path.join(scratch, 'broken'), endpoint, say);
    const [main_, boot] = [rootOf(stage, 'main', kept.outputs, kept.zone), rootOf(stage, 'bootstrap', kept.outputs, kept.zone)];
    return proveMutations({
      repository: root, tools: path.join(root, '.cache/tools'), scratch: path.join(scratch, 'pools'), say,
      roots: { main: { root: copyWithState(stage, main_.root, 'main', kept.states.main), files: main_.files }, bootstrap: { root: copyWithState(stage, boot.root, 'bootstrap-copy', kept.states.bootstrap), files: [] } },
    }, chosen, values.alone);
  });
  const byClass = Map.groupBy(verdicts, ({ mutation }) => mutation.class);
  tables.push({ title: 'mutations', rows: [['control', 'broken how', 'caught by'], ...verdicts.map(({ mutation, isCaught }: Verdict) => [mutation.control, mutation.broken, isCaught ? catcherOf(mutation) : `NOBODY (${catcherOf(mutation)})`])] });
  problems.push(...verdicts.filter(({ isCaught }) => !isCaught).map(({ mutation, detail }) => `${mutation.broken} (${mutation.in}): not caught by ${catcherOf(mutation)}: ${detail}`));
  if (word === undefined) {
    if (verdicts.length < LEAST.mutations) problems.push(`${verdicts.length} mutations, fewer than ${LEAST.mutations}`);
    if (byClass.size < LEAST.classes) problems.push(`they are of ${byClass.size} classes, fewer than ${LEAST.classes}`);
  }
  latest['mutations'] = { caught: verdicts.filter(({ isCaught }) => isCaught).length, total: verdicts.length, classes: byClass.size, verdicts: verdicts.map(({ mutation, isCaught }) => ({ class: mutation.class, control: mutation.control, broken: mutation.broken, caughtBy: mutation.caughtBy, isCaught })) };
}

function catcherOf({ caughtBy }: Mutation): string {
  if ('policy' in caughtBy) return caughtBy.policy;
  if ('checkov' in caughtBy) return `checkov ${caughtBy.checkov}`;
  return 'refusal' in caughtBy ? 'terraform plan' : `terraform test ${caughtBy.test}`;
}

async function proveRun(kept: Kept | undefined): Promise<void> {
  const { status, detail } = await runContainers(root, kept?.states.main, say);
  tables.push({ title: 'the deployed containers', rows: [['result', 'detail'], [status, detail]] });
  if (status === 'failed' || (status === 'not run' && process.env['CI'] === 'true')) problems.push(`the containers: ${status}, ${detail}`);
  latest['run'] = { status, detail };
}

function report(seconds: number): number {
  const files = readdirSync(path.join(root, 'terraform'), { recursive: true, encoding: 'utf8' }).filter((file) => !file.includes('.terraform')).map((file) => path.join(root, 'terraform', file));
  const [code, tests] = [files.filter((file) => file.endsWith('.tf')), files.filter((file) => file.endsWith('.tftest.hcl'))];
  latest['lines'] = { hcl: countLines(code), tests: countLines(tests) };
  latest['seconds'] = Math.round(seconds);
  latest['problems'] = problems;
  if (applied.length > 0) latest['apply'] = applied;
  for (const { title, rows } of tables) console.log(`\n${title}\n${formatRows(rows)}`);
  console.log(`\n${Object.entries(measures()).map(([name, value]) => `${name}: ${value}`).join('\n')}`);
  for (const problem of problems) console.error(`✖ ${problem}`);
  writeFileSync(path.join(cache, 'latest.json'), `${JSON.stringify(latest, undefined, 1)}\n`);
  return problems.length > 0 ? 1 : 0;
}

function measures(): Readonly<Record<string, string>> {
  const { mutations, lines, seconds } = latest as { readonly mutations?: { readonly caught: number; readonly total: number; readonly classes: number }; readonly lines: { readonly hcl: number; readonly tests: number }; readonly seconds: number };
  return {
    ...Object.fromEntries(applied.map(({ environment, resources, unexplained, known }) => [`resources applied, ${environment}`, `${resources}; unexplained differences: ${unexplained.length} (${known} are the emulator's)`])),
    ...(mutations && { 'mutations caught': `${mutations.caught} of ${mutations.total}, in ${mutations.classes} classes` }),
    'lines of HCL': `${lines.hcl}, and ${lines.tests} of tests`,
    'seconds': String(seconds),
  };
}

function formatRows(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ').trimEnd()).join('\n');
}

function readEmulator(): EmulatorFile {
  return JSON.parse(readFileSync(path.join(import.meta.dirname, 'emulator.json'), 'utf8')) as EmulatorFile;
}

function readKept(): Kept | undefined {
  const file = path.join(cache, 'applied.json');
  if (!existsSync(file)) return undefined;
  const kept = JSON.parse(readFileSync(file, 'utf8')) as Kept;
  return kept.digest === digestOf() ? kept : undefined;
}

/** Of everything that a state follows from. */
function digestOf(): string {
  const hash = createHash('sha256');
  for (const file of readdirSync(path.join(root, 'terraform'), { recursive: true, encoding: 'utf8' }).filter((each) => /\.(?:tf|tfvars|hcl|json)$/.test(each) && !each.includes('.terraform/')).toSorted()) hash.update(file).update(readFileSync(path.join(root, 'terraform', file)));
  return hash.digest('hex');
}
