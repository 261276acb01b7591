// `npm run mutation -- [identity|accounts|access|privacy]`: changes the code in thousands of small ways, and tells which of them no test notices.
import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { listFiles } from '../rules/tree.ts';
import { installTools } from '../tools/install.ts';
import { type Coverage, measureCoverage } from './coverage.ts';
import { instrument, type Mutant } from './instrument.ts';
import { Judge, type Judgement, type Verdict } from './judge.ts';
import { shuffle, wilsonInterval } from './sample.ts';
import { type Accepted, compareSurvivors, type Survivor } from './survivors.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const CACHE = path.join(ROOT, '.cache/mutation');
const FOLDERS: Readonly<Record<string, string>> = { identity: 'app/identity', accounts: 'app/features/accounts', access: 'app/access', privacy: 'app/privacy' };
const LEAST_SCORE = 85;
/** Looked at again together, where one of them leaves something behind. */
const BATCH = 6;
const BATCHES_OF_A_PROCESS = 24;
const WIDTHS: readonly number[] = [9, 24, 8, 9, 10, 11, 9, 15, 9];

/** Leaves two of half an hour for the batch that is under way when it is over. */
const MINUTES = '28';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { all: { type: 'boolean', default: false }, workers: { type: 'string' }, only: { type: 'string' }, near: { type: 'boolean', default: false }, minutes: { type: 'string', default: MINUTES }, seed: { type: 'string', default: '1' } },
});
const chosen = positionals.length > 0 ? positionals : Object.keys(FOLDERS);
const workers = Number(values.workers ?? availableParallelism());

const problem = chosen.some((name) => FOLDERS[name] === undefined)
  ? `usage: npm run mutation -- [${Object.keys(FOLDERS).join('|')}] [--all] [--minutes N] [--seed N] [--only word,word] [--near] [--workers N]`
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

interface Folder {
  readonly name: string;
  readonly copy: string;
  readonly all: readonly Mutant[];
  readonly mutants: readonly Mutant[];
  readonly coverage: Coverage;
}

async function runAll(tools: string): Promise<void> {
  const start = performance.now();
  const end = values.all ? Infinity : start + Number(values.minutes) * 60_000;
  // A feature that was deleted has no mutants.
  const [there, gone] = [chosen.filter((name) => existsSync(path.join(ROOT, FOLDERS[name] ?? ''))), chosen.filter((name) => !existsSync(path.join(ROOT, FOLDERS[name] ?? '')))];
  const folders: Folder[] = [];
  for (const name of there) folders.push(await prepareFolder(name, tools));
  const lines = gone.map((name) => row([name, 'not there']));
  for (const [index, folder] of folders.entries()) {
    const left = folders.slice(index).reduce((sum, { mutants }) => sum + mutants.length, 0);
    const begun = performance.now();
    const judgements = await judgeFolder(folder, begun + ((end - begun) * folder.mutants.length) / left);
    lines.push(report(folder, judgements, begun));
  }
  console.log(`\n${row(['', 'judged', 'killed', 'timeout', 'survived', 'uncovered', 'score', '95 % interval', 'minutes'])}`);
  for (const line of lines) console.log(line);
  console.log(`in all ${minutesSince(start)} minutes with the tests' own runs, ${workers} workers, seed ${values.seed}`);
}

async function prepareFolder(name: string, tools: string): Promise<Folder> {
  const start = performance.now();
  const [folder, copy] = [FOLDERS[name] ?? '', path.join(CACHE, name)];
  const all = await instrument(ROOT, copy, folder, tools);
  const isChosen = (file: string) => values.only === undefined || values.only.split(',').some((word) => path.basename(file).startsWith(word));
  const mutants = all.filter(({ file }) => isChosen(file));
  const own = listFiles(copy).filter((file) => file.startsWith(`${folder}/`) && file.endsWith('.ts') && (!values.near || isChosen(file)));
  const tests = [...new Set([...own, ...own.flatMap((file) => testsNamedIn(copy, file))])].filter((file) => /(?<!\.browser)\.test\.ts$/.test(file));
  console.log(`${name}: ${mutants.length} mutants, ${tests.length} test files`);
  const coverage = await measureCoverage(copy, tests);
  console.log(`${name}: ${coverage.units.length} tests and suites pass without a mutant, ${minutesSince(start)} minutes`);
  return { name, copy, all, mutants, coverage };
}

/** A file's header says so where its test is another folder's. */
function testsNamedIn(copy: string, file: string): readonly string[] {
  const header = /^\/\/ Tested by (.+)$/m.exec(readFileSync(path.join(copy, file), 'utf8'))?.[1] ?? '';
  return (header.match(/[\w./-]+\.test\.ts/g) ?? []).map((name) => path.posix.join(path.posix.dirname(file), name)).filter((test) => existsSync(path.join(copy, test)));
}

async function judgeFolder({ name, copy, all, mutants, coverage }: Folder, end: number): Promise<readonly Judgement[]> {
  // One by one where there may be no time for all: neighbours are alike, and would make a smaller sample than they are many.
  const queue = values.all ? [...mutants] : shuffle(mutants, Number(values.seed));
  const judgements: Judgement[] = [];
  const work = async () => {
    const judge = new Judge(copy, coverage, all);
    for (let count = 1; queue.length > 0 && performance.now() < end; count += 1) {
      const judged = await judge.judge(queue.splice(0, BATCH).toSorted(byId));
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
  judgements.sort((a, b) => byId(a.mutant, b.mutant));
  await writeFile(path.join(CACHE, `${name}.json`), `${JSON.stringify(judgements.map(({ mutant, verdict, by, why }) => ({ ...mutant, verdict, by: by && `${by.unit.file}: ${by.unit.name}`, why })), undefined, 1)}\n`);
  return judgements;
}

function byId(a: Mutant, b: Mutant): number {
  return Number(a.id) - Number(b.id);
}

function isDetected(verdict: Verdict): boolean {
  return verdict === 'killed' || verdict === 'timeout';
}

function report({ name, all, mutants }: Folder, judgements: readonly Judgement[], start: number): string {
  // What was not looked at is not good.
  if (judgements.length === 0) {
    process.exitCode = 1;
    return row([name, ` none of ${mutants.length}: no time was left`]);
  }
  const count = (wanted: Verdict) => judgements.filter(({ verdict }) => verdict === wanted).length;
  const detected = judgements.filter(({ verdict }) => isDetected(verdict)).length;
  const score = (100 * detected) / judgements.length;
  const accepted = JSON.parse(readFileSync(path.join(import.meta.dirname, 'survivors.json'), 'utf8')) as Accepted;
  const alive = judgements.filter(({ verdict }) => !isDetected(verdict)).map(({ mutant }) => mutant);
  const keyOf = ({ file, change }: Survivor) => `${file} ${change}`;
  const judged = new Set(judgements.map(({ mutant }) => mutant));
  const open = new Set(all.filter((mutant) => !judged.has(mutant)).map(keyOf));
  // What was left out of a sample tells nothing.
  const isDecided = (survivor: Survivor) => survivor.file.startsWith(`${FOLDERS[name] ?? ''}/`) && !open.has(keyOf(survivor));
  const { unlisted, outdated } = compareSurvivors(alive, accepted, isDecided);
  const lineOf = new Map(alive.map((mutant) => [mutant.change, mutant.line]));
  for (const { file, change } of unlisted) console.error(`✖ survived, and no reason is listed: ${file}:${lineOf.get(change) ?? 0} ${change}`);
  for (const { file, change } of outdated) console.error(`✖ listed as a survivor, and killed or not there: ${file} ${change}`);
  if (score < LEAST_SCORE) console.error(`✖ ${name}: ${score.toFixed(1)} % is less than ${LEAST_SCORE} %`);
  if (score < LEAST_SCORE || unlisted.length > 0 || outdated.length > 0) process.exitCode = 1;
  const isSample = judgements.length < mutants.length;
  const interval = isSample ? wilsonInterval(detected, judgements.length).map((bound) => (100 * bound).toFixed(1)).join('–') : '';
  return row([name, isSample ? `sample of ${judgements.length} of ${mutants.length}` : `all ${mutants.length}`, count('killed'), count('timeout'), count('survived'), count('no coverage'), `${score.toFixed(1)} %`, interval, minutesSince(start)]);
}

function row(cells: readonly (string | number)[]): string {
  return cells.map((cell, index) => (index === 0 ? String(cell).padEnd(9) : String(cell).padStart(WIDTHS[index] ?? 10))).join('');
}

function minutesSince(start: number): string {
  return ((performance.now() - start) / 60_000).toFixed(1);
}
