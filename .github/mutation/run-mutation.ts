// `npm run mutation -- [identity|accounts|access|privacy]`: changes the code in thousands of small ways, and tells which of them no test notices.
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { listFiles } from '../rules/tree.ts';
import { installTools } from '../tools/install.ts';
import { measureCoverage } from './coverage.ts';
import { instrument, type Mutant } from './instrument.ts';
import { Judge, type Judgement, type Verdict } from './judge.ts';
import { type Accepted, compareSurvivors, type Survivor } from './survivors.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const CACHE = path.join(ROOT, '.cache/mutation');
const FOLDERS: Readonly<Record<string, string>> = { identity: 'app/identity', accounts: 'app/features/accounts', access: 'app/access', privacy: 'app/privacy' };
const LEAST_SCORE = 85;
/** Neighbours come by the same tests, which stay loaded; a batch is looked at again where one of them leaves something behind. */
const BATCH = 12;
const BATCHES_OF_A_PROCESS = 12;

const { values, positionals } = parseArgs({ allowPositionals: true, options: { workers: { type: 'string' }, only: { type: 'string' }, near: { type: 'boolean', default: false }, minutes: { type: 'string' }, seed: { type: 'string', default: '1' } } });
const chosen = positionals.length > 0 ? positionals : Object.keys(FOLDERS);
const workers = Number(values.workers ?? availableParallelism());

const problem = chosen.some((name) => FOLDERS[name] === undefined)
  ? `usage: npm run mutation -- [${Object.keys(FOLDERS).join('|')}] [--workers N] [--only word,word] [--near] [--minutes N] [--seed N]`
  : process.env['DATABASE_URL'] === undefined
    ? 'not run: set DATABASE_URL to a PostgreSQL server; every test of a mutant makes its own databases there'
    : undefined;

if (problem !== undefined) {
  console.error(problem);
  process.exitCode = 2;
} else {
  const tools = await installTools('mutation', { onProgress: (line) => { console.log(line); } });
  if ('notRun' in tools) {
    console.error(`not run: ${tools.notRun}`);
    process.exitCode = 2;
  } else await runAll(tools.directory);
}

async function runAll(tools: string): Promise<void> {
  const start = performance.now();
  const lines: string[] = [];
  for (const name of chosen) {
    const folder = FOLDERS[name] ?? '';
    // A feature that was deleted has no mutants.
    if (!existsSync(path.join(ROOT, folder))) lines.push(row([name, 'not there']));
    else lines.push(await runFolder(name, folder, tools));
  }
  console.log(`\n${row(['', 'mutants', 'killed', 'timeout', 'survived', 'uncovered', 'score', 'minutes'])}`);
  for (const line of lines) console.log(line);
  console.log(`in all ${minutesSince(start)} minutes, ${workers} workers`);
}

async function runFolder(name: string, folder: string, tools: string): Promise<string> {
  const start = performance.now();
  const copy = path.join(CACHE, name);
  const all = await instrument(ROOT, copy, folder, tools);
  const isChosen = (file: string) => values.only === undefined || values.only.split(',').some((word) => path.basename(file).startsWith(word));
  const mutants = all.filter(({ file }) => isChosen(file));
  const tests = listFiles(copy).filter((file) => file.startsWith(`${folder}/`) && /(?<!\.browser)\.test\.ts$/.test(file) && (!values.near || isChosen(file)));
  console.log(`${name}: ${mutants.length} mutants, ${tests.length} test files`);
  const coverage = await measureCoverage(copy, tests);
  console.log(`${name}: ${coverage.units.length} tests and suites pass without a mutant, ${minutesSince(start)} minutes`);
  const judgements = await judgeAll(mutants, () => new Judge(copy, coverage, all), name);
  await mkdir(CACHE, { recursive: true });
  await writeFile(path.join(CACHE, `${name}.json`), `${JSON.stringify(judgements.map(({ mutant, verdict, by, why }) => ({ ...mutant, verdict, by: by && `${by.unit.file}: ${by.unit.name}`, why })), undefined, 1)}\n`);
  return report(name, all, judgements, start);
}

async function judgeAll(mutants: readonly Mutant[], createJudge: () => Judge, name: string): Promise<readonly Judgement[]> {
  // In an order that says nothing, so that what has been judged at any time is a sample of them all.
  const batches = shuffle(Array.from({ length: Math.ceil(mutants.length / BATCH) }, (_, index) => mutants.slice(index * BATCH, (index + 1) * BATCH)), Number(values.seed));
  const end = performance.now() + Number(values.minutes ?? Infinity) * 60_000;
  const judgements: Judgement[] = [];
  const work = async () => {
    const judge = createJudge();
    for (let batch = batches.shift(), count = 1; batch !== undefined && performance.now() < end; batch = batches.shift(), count += 1) {
      const judged = await judge.judge(batch);
      judgements.push(...judged);
      for (const { mutant, verdict } of judged) if (!isDetected(verdict)) console.log(`  ${verdict}: ${mutant.file}:${mutant.line} ${mutant.change}`);
      const left = judgements.filter(({ verdict }) => !isDetected(verdict)).length;
      console.log(`${name}: ${judgements.length} of ${mutants.length}, ${left} not noticed`);
      // What a process collects must not grow for ever.
      if (count % BATCHES_OF_A_PROCESS === 0) await judge.end();
    }
    await judge.end();
  };
  await Promise.all(Array.from({ length: workers }, work));
  return judgements.toSorted((a, b) => Number(a.mutant.id) - Number(b.mutant.id));
}

/** The same for the same seed (mulberry32, Fisher and Yates). */
function shuffle<T>(list: readonly T[], seed: number): T[] {
  const shuffled = [...list];
  let state = seed;
  const random = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  for (let index = shuffled.length - 1; index > 0; index -= 1) {
    const other = Math.floor(random() * (index + 1));
    const [a, b] = [shuffled[index], shuffled[other]];
    if (a !== undefined && b !== undefined) [shuffled[index], shuffled[other]] = [b, a];
  }
  return shuffled;
}

function isDetected(verdict: Verdict): boolean {
  return verdict === 'killed' || verdict === 'timeout';
}

function report(name: string, all: readonly Mutant[], judgements: readonly Judgement[], start: number): string {
  const count = (wanted: Verdict) => judgements.filter(({ verdict }) => verdict === wanted).length;
  const score = (100 * judgements.filter(({ verdict }) => isDetected(verdict)).length) / judgements.length;
  const accepted = JSON.parse(readFileSync(path.join(import.meta.dirname, 'survivors.json'), 'utf8')) as Accepted;
  const alive = judgements.filter(({ verdict }) => !isDetected(verdict)).map(({ mutant }) => mutant);
  const keyOf = ({ file, change }: Survivor) => `${file} ${change}`;
  const [judged, known] = [new Set(judgements.map(({ mutant }) => keyOf(mutant))), new Set(all.map(keyOf))];
  // What was left out of a sample tells nothing.
  const isInScope = (survivor: Survivor) => survivor.file.startsWith(`${FOLDERS[name] ?? ''}/`) && (judged.has(keyOf(survivor)) || !known.has(keyOf(survivor)));
  const { unlisted, outdated } = compareSurvivors(alive, accepted, isInScope);
  const lineOf = new Map(alive.map((mutant) => [mutant.change, mutant.line]));
  for (const { file, change } of unlisted) console.error(`✖ survived, and no reason is listed: ${file}:${lineOf.get(change) ?? 0} ${change}`);
  for (const { file, change } of outdated) console.error(`✖ listed as a survivor, and killed or not there: ${file} ${change}`);
  if (score < LEAST_SCORE) console.error(`✖ ${name}: ${score.toFixed(1)} % is less than ${LEAST_SCORE} %`);
  if (score < LEAST_SCORE || unlisted.length > 0 || outdated.length > 0) process.exitCode = 1;
  if (judgements.length < all.length) console.log(`${name}: a random sample, ${judgements.length} of ${all.length} mutants, seed ${values.seed}`);
  return row([name, judgements.length, count('killed'), count('timeout'), count('survived'), count('no coverage'), `${score.toFixed(1)} %`, minutesSince(start)]);
}

function row(cells: readonly (string | number)[]): string {
  return cells.map((cell, index) => (index === 0 ? String(cell).padEnd(10) : String(cell).padStart(10))).join('');
}

function minutesSince(start: number): string {
  return ((performance.now() - start) / 60_000).toFixed(1);
}
