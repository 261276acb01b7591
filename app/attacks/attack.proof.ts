// `npm run attack`: the published classes of attack against the running service, each also against a front that takes the defence
// away, where it must succeed. Words choose classes: `npm run attack -- bola csrf`. --json
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { formatRows } from '#app/testing/report.ts';
import { findFiles, selectFiles } from '#app/testing/test-files.ts';
import type { Attack, AttackClass, Outcome, Setup } from './attack.ts';
import { type StartedTarget, startTarget } from './target.ts';
import { findProblems, judge, type Result } from './verdict.ts';

const SETUPS: readonly Setup[] = ['open', 'guarded', 'hostile', 'forged'];

/** What takes longer waits for something that does not come; on a quiet machine most take a second. */
const LONGEST_MS = 240_000;
const ANSWERS_WITHIN_MS = 10_000;

async function tryOne(run: () => Promise<Outcome>): Promise<Outcome> {
  const late = Promise.withResolvers<Outcome>();
  const deadline = setTimeout(() => {
    late.resolve({ verdict: 'failed', seen: `it did not come to an end in ${LONGEST_MS / 1_000} s` });
  }, LONGEST_MS);
  try {
    return await Promise.race([run(), late.promise]);
  } catch (error) {
    return { verdict: 'failed', seen: `it did not come to an end: ${error instanceof Error ? error.message : String(error)}` };
  } finally {
    clearTimeout(deadline);
  }
}

/** An attack that has succeeded may have left a service that answers nobody. */
function answers(target: StartedTarget): Promise<boolean> {
  return fetch(`${target.address}/favicon.svg`, { signal: AbortSignal.timeout(ANSWERS_WITHIN_MS) }).then(({ ok }) => ok, () => false);
}

async function attack(target: StartedTarget, { title, source }: AttackClass, each: Attack): Promise<Result> {
  process.stderr.write(`${title}: ${each.name} …\n`);
  const from = performance.now();
  if (!(await answers(target))) {
    const silent: Outcome = { verdict: 'failed', seen: 'the service answers nobody any more' };
    return { title, source, attack: each.name, expected: each.expected, seen: silent, leak: silent, without: each.leak.without, seconds: 0 };
  }
  const seen = await tryOne(() => each.run(target.fresh()));
  if (seen.verdict === 'not run') return { title, source, attack: each.name, expected: each.expected, seen, leak: seen, without: each.leak.without, seconds: 0 };
  const leaking = await target.behind(each.leak);
  const leak = await tryOne(() => each.run(leaking));
  await leaking.close();
  return { title, source, attack: each.name, expected: each.expected, seen, leak, without: each.leak.without, seconds: Math.round((performance.now() - from) / 100) / 10 };
}

const { values, positionals } = parseArgs({ allowPositionals: true, options: { json: { type: 'boolean', default: false } } });
const files = selectFiles(findFiles('.', ['app/**/*.attack.ts']), positionals);
const classes = await Promise.all(files.map(async (file) => ((await import(pathToFileURL(path.resolve(file)).href)) as { readonly attackClass: AttackClass }).attackClass));
const url = process.env['DATABASE_URL'];
const serverUrl = url === '' ? undefined : url;
const results: Result[] = [];
let engine = 'none';
for (const setup of SETUPS) {
  const chosen = classes.filter((each) => each.setup === setup);
  if (chosen.length === 0) continue;
  const target = await startTarget(setup, serverUrl);
  engine = target.service.engine;
  try {
    for (const each of chosen) for (const one of each.attacks) results.push(await attack(target, each, one));
  } finally {
    await target.close();
  }
}
const judged = results.map((result) => ({ ...result, ...judge(result) }));
if (values.json) console.log(JSON.stringify({ engine, results: judged }, undefined, 2));
else {
  console.log(formatRows([['', 'class', 'attack', 'source', 'expected', 'seen', 'without the defence'], ...judged.map(({ mark, title, attack: name, source, expected, seen, leak }) => [mark, title, name, source, expected, seen.seen, leak.seen])]));
  const count = (verdict: string): number => judged.filter(({ conclusion }) => conclusion === verdict).length;
  console.log(`\n${judged.length} attacks on ${engine}: ${count('holds')} hold, ${count('broken')} do not, ${count('can not fail')} could not fail, ${count('not run')} not run`);
  for (const problem of findProblems(judged)) console.log(problem);
}
if (results.length === 0 || judged.some(({ conclusion }) => conclusion === 'broken' || conclusion === 'can not fail')) process.exitCode = 1;
if (engine === 'PGlite') {
  console.log('PostgreSQL: not run, DATABASE_URL names no server');
  if (process.env['CI'] === 'true') process.exitCode = 1;
}
