// Takes every control away, one edit each, and looks who notices: policies, checkov, Terraform itself, its tests.
// Edits that touch different resources share a plan, and a finding counts for the one whose resource it names; what shared in
// vain is planned again alone. `--alone` shares nothing.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { applyPlanWaivers, conftest, judgePlans, type PlanFinding, planPolicies, readPlanWaivers, unindexed, WAIVERS } from '../gates/plan-policy.ts';
import { findingsOf } from '../gates/terraform_follows_practice.gate.ts';
import { accepted, locate, runTool } from '../gates/tools.ts';
import { readTreeState } from '../gates/tree-state.ts';
import { mutate, type Mutation } from './mutation.ts';
import { initialise, type Root, terraform } from './terraform.ts';

export interface Verdict {
  readonly mutation: Mutation;
  readonly isCaught: boolean;
  /** What was said instead, where nobody caught it. */
  readonly detail: string;
}

export interface Ground {
  readonly repository: string;
  readonly tools: string;
  readonly scratch: string;
  /** A root with the state that the apply has left, by its name: `main`, `bootstrap`. */
  readonly roots: Readonly<Record<'main' | 'bootstrap', { readonly root: Root; readonly files: readonly string[] }>>;
  readonly say: (line: string) => void;
}

type Sources = ReadonlyMap<string, string>;

/** One copy of a root, with the edits of some mutations that don't touch each other. */
interface Pool {
  readonly name: string;
  readonly root: 'main' | 'bootstrap';
  readonly kind: 'plan' | 'first' | 'refusal' | 'test';
  readonly mutations: Mutation[];
  sources: Sources;
  /** @defaultValue those of the mutations */
  readonly tests?: readonly string[];
}

export async function readMutations(folder = path.join(import.meta.dirname, 'mutations')): Promise<readonly Mutation[]> {
  const files = readdirSync(folder).filter((file) => file.endsWith('.ts')).toSorted();
  return (await Promise.all(files.map(async (file) => ((await import(pathToFileURL(path.join(folder, file)).href)) as { readonly mutations: readonly Mutation[] }).mutations))).flat();
}

export const resourceOf = ({ resource, in: place }: Mutation): string => resource ?? place;
const kindOf = ({ caughtBy, first }: Mutation): Pool['kind'] => ('refusal' in caughtBy ? 'refusal' : 'test' in caughtBy ? 'test' : first === true ? 'first' : 'plan');
const nameOf = ({ caughtBy }: Mutation): string => Object.values(caughtBy)[0] as string;
/** Of a whole file, or of a variable's value, nobody knows how far it reaches. */
const reachesFar = ({ in: place }: Mutation): boolean => /\.(?:tf|tfvars)$/.test(place);

function mayShare(a: Mutation, b: Mutation): boolean {
  if (kindOf(a) === 'refusal') return true;
  return resourceOf(a) !== resourceOf(b) && a.in !== b.in && (nameOf(a) !== nameOf(b) || (!reachesFar(a) && !reachesFar(b)));
}

export function poolsOf(mutations: readonly Mutation[], sources: Readonly<Record<'main' | 'bootstrap', Sources>>, alone: boolean): readonly Pool[] {
  const pools: Pool[] = [];
  for (const mutation of mutations) {
    const [root, kind]: readonly [Pool['root'], Pool['kind']] = [mutation.root ?? 'main', kindOf(mutation)];
    const pool = alone ? undefined : pools.find((each) => each.root === root && each.kind === kind && each.mutations.every((other) => mayShare(mutation, other)));
    const [file, text] = mutate(pool?.sources ?? sources[root], mutation);
    if (pool === undefined) pools.push({ name: `pool-${pools.length}`, root, kind, mutations: [mutation], sources: new Map([...sources[root], [file, text]]) });
    else {
      pool.mutations.push(mutation);
      pool.sources = new Map([...pool.sources, [file, text]]);
    }
  }
  return pools;
}

/** What each kind says without a mutation: a test that is red of itself catches nothing. Of a root that is planned there is always one. */
export function cleanPools(pools: readonly Pool[], sources: Readonly<Record<'main' | 'bootstrap', Sources>>): readonly Pool[] {
  return (['main', 'bootstrap'] as const).flatMap((root) => {
    const own = pools.filter((pool) => pool.root === root);
    const tests = [...new Set(own.flatMap(testsOf))];
    const kinds = (['plan', 'first', 'test'] as const).filter((kind) => own.some((pool) => kind === 'plan' || pool.kind === kind));
    return kinds.map((kind): Pool => ({ name: `clean-${root}-${kind}`, root, kind, mutations: [], sources: sources[root], ...(kind === 'test' && { tests }) }));
  });
}

const testsOf = ({ mutations }: Pool): readonly string[] => mutations.flatMap(({ caughtBy }) => ('test' in caughtBy ? [caughtBy.test] : []));

export function readSources(folder: string): Sources {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => /^(?:environments\/)?[\w-]+\.(?:tf|tfvars)$/.test(file) && file !== 'backend_override.tf');
  return new Map(files.map((file) => [file, readFileSync(path.join(folder, file), 'utf8')]));
}

/** What each copy said, by the copy's name. */
interface Said {
  readonly plans: ReadonlyMap<string, readonly PlanFinding[]>;
  readonly checks: ReadonlyMap<string, ReadonlySet<string>>;
  readonly output: ReadonlyMap<string, string>;
}

export async function proveMutations(ground: Ground, mutations: readonly Mutation[], alone: boolean): Promise<readonly Verdict[]> {
  const sources = { main: readSources(ground.roots.main.root.folder), bootstrap: readSources(ground.roots.bootstrap.root.folder) };
  const pools = poolsOf(mutations, sources, alone);
  const clean = cleanPools(pools, sources);
  ground.say(`${mutations.length} mutations in ${pools.length} copies`);
  const said = await ask(ground, [...clean, ...pools]);
  const baseline = clean.flatMap(({ name }) => [...(said.plans.get(name) ?? []).map(({ rule, resource }) => `${rule} ${unindexed(resource)}`), ...((said.output.get(name) ?? '') === '' ? [] : [`${name} failed: ${said.output.get(name) ?? ''}`])]);
  if (baseline.length > 0) throw new Error(`without a mutation there are findings: ${[...new Set(baseline)].join(', ')}`);
  const known = new Set(clean.flatMap(({ name }) => [...(said.checks.get(name) ?? [])]));
  const verdicts = pools.flatMap((pool) => pool.mutations.map((mutation) => judge(mutation, pool.name, said, known)));
  const missed = alone ? [] : verdicts.filter(({ isCaught }) => !isCaught).map(({ mutation }) => mutation);
  if (missed.length === 0) return verdicts;
  ground.say(`${missed.length} not noticed among others: again, each alone`);
  const again = poolsOf(missed, sources, true).map((pool) => ({ ...pool, name: `alone-${pool.name}` }));
  const saidAlone = await ask(ground, again);
  const second = new Map(again.flatMap((pool) => pool.mutations.map((mutation) => [mutation, judge(mutation, pool.name, saidAlone, known)] as const)));
  return verdicts.map((verdict) => second.get(verdict.mutation) ?? verdict);
}

export function judge(mutation: Mutation, copy: string, { plans, checks, output }: Said, known: ReadonlySet<string>): Verdict {
  const { caughtBy } = mutation;
  const [findings, failed, text] = [plans.get(copy) ?? [], checks.get(copy) ?? new Set<string>(), output.get(copy) ?? ''];
  const isCaught = 'policy' in caughtBy ? findings.some(({ rule, resource }) => rule === caughtBy.policy && unindexed(resource) === resourceOf(mutation))
    : 'checkov' in caughtBy ? failed.has(`${caughtBy.checkov} ${resourceOf(mutation)}`) && !known.has(`${caughtBy.checkov} ${resourceOf(mutation)}`)
    : plain(text).includes('refusal' in caughtBy ? caughtBy.refusal : caughtBy.says) && text !== '';
  const about = [...new Set([...findings.filter(({ resource }) => unindexed(resource) === resourceOf(mutation)).map(({ rule }) => rule), ...[...failed].filter((each) => !known.has(each) && each.endsWith(` ${resourceOf(mutation)}`))])];
  return { mutation, isCaught, detail: isCaught ? '' : [about.length > 0 ? `instead: ${about.join(', ')}` : '', plain(text).slice(0, 400)].filter((part) => part !== '').join(' ') || 'nobody' };
}

/** Terraform breaks its lines and draws a margin. */
const plain = (text: string): string => text.replaceAll(/[│╷╵\s]+/g, ' ');

async function ask(ground: Ground, pools: readonly Pool[]): Promise<Said> {
  const plans = new Map<string, string>();
  const output = new Map<string, string>();
  for (const root of new Set(pools.map((pool) => pool.root))) await initialise(ground.roots[root].root, []);
  const waiting = [...pools];
  await Promise.all(Array.from({ length: 2 }, async () => {
    for (let pool = waiting.shift(); pool !== undefined; pool = waiting.shift()) await askTerraform(ground, pool, plans, output);
  }));
  return { plans: await askPolicies(ground, plans), checks: await askCheckov(ground, pools.filter(({ kind, mutations }) => kind === 'plan' && (mutations.length === 0 || mutations.some(({ caughtBy }) => 'checkov' in caughtBy)))), output };
}

async function askTerraform(ground: Ground, pool: Pool, plans: Map<string, string>, output: Map<string, string>): Promise<void> {
  const { root, files } = ground.roots[pool.root];
  const folder = path.join(ground.scratch, pool.name, 'terraform');
  mkdirSync(path.dirname(folder), { recursive: true });
  cpSync(root.folder, folder, { recursive: true, filter: (file) => !file.endsWith('.plan') && !(pool.kind === 'first' && file.endsWith('.tfstate')) && !(pool.root === 'main' && file.startsWith(path.join(root.folder, 'bootstrap'))) });
  for (const [file, text] of pool.sources) writeFileSync(path.join(folder, file), text);
  // The root reads the rules of the alerts, its tests the Dockerfile: without them a test would fail of itself.
  const above = path.dirname(root.folder);
  for (const beside of readdirSync(above)) if (!existsSync(path.join(folder, '..', beside))) symlinkSync(path.join(above, beside), path.join(folder, '..', beside));
  const copy = { ...root, folder };
  const from = performance.now();
  if (pool.kind === 'test') {
    const tests = pool.tests ?? [...new Set(testsOf(pool))];
    const { status, stdout, stderr } = await terraform(copy, ['test', '-no-color', ...tests.map((test) => `-filter=${test}`)], [0, 1]);
    output.set(pool.name, status === 0 ? '' : `${stdout}\n${stderr}`);
  } else {
    const file = path.join(ground.scratch, `${pool.name}.plan`);
    const { status, stderr } = await terraform(copy, ['plan', '-refresh=false', '-input=false', '-no-color', '-lock=false', '-parallelism=20', `-out=${file}`, ...files], [0, 1]);
    if (status === 0) {
      const json = path.join(ground.scratch, `${pool.name}.json`);
      writeFileSync(json, (await terraform(copy, ['show', '-json', file])).stdout);
      plans.set(pool.name, json);
    } else output.set(pool.name, stderr);
  }
  ground.say(`· ${pool.name}: ${pool.mutations.length === 0 ? 'clean' : `${pool.mutations.length} mutations`}, ${pool.kind} (${((performance.now() - from) / 1_000).toFixed(0)} s)`);
}

async function askPolicies({ repository, tools }: Ground, plans: ReadonlyMap<string, string>): Promise<Said['plans']> {
  if (plans.size === 0) return new Map();
  const program = locate(conftest, tools);
  if (program === undefined) throw new Error('conftest is not installed (npm run gates:setup)');
  const { files } = readTreeState(repository);
  const findings = await judgePlans(async (_, parameters, options) => accepted('conftest', await runTool(program, parameters, repository, options), options?.accept), [...plans.values()], files);
  const waivers = readPlanWaivers(readFileSync(path.join(repository, WAIVERS), 'utf8'), planPolicies(files), Date.now());
  const { left } = applyPlanWaivers(findings, waivers, Date.now());
  return new Map([...plans].map(([name, file]) => [name, left.filter(({ plan }) => plan === file)]));
}

async function askCheckov({ repository, tools, scratch }: Ground, pools: readonly Pool[]): Promise<Said['checks']> {
  if (pools.every(({ mutations }) => mutations.length === 0)) return new Map();
  const program = locate({ set: 'python', program: 'checkov' }, tools);
  if (program === undefined) throw new Error('checkov is not installed (npm run gates:setup)');
  const folder = path.join(scratch, `checkov-${pools[0]?.name ?? ''}`);
  for (const { name, sources } of pools) {
    mkdirSync(path.join(folder, name), { recursive: true });
    for (const [file, text] of sources) if (file.endsWith('.tf')) writeFileSync(path.join(folder, name, file), text);
  }
  const { stdout } = await runTool(program, ['--directory', folder, '--framework', 'terraform', '--output', 'json', '--compact', '--soft-fail', '--skip-download', '--download-external-modules', 'false', '--config-file', path.join(repository, '.github/gates/checkov.yaml')], repository, { environment: { LOG_LEVEL: 'ERROR', BC_API_KEY: '' } });
  const found = findingsOf(stdout, pools.length);
  // Its message begins with the resource, its file with the copy.
  return new Map(pools.map(({ name }) => [name, new Set(found.filter(({ file }) => file.startsWith(`terraform/${name}/`)).map(({ rule, message }) => `${rule} ${unindexed(message.split(' ')[0] ?? '')}`))]));
}
