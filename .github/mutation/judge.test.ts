// The harness on a small tree whose mutants are written by hand, as the instrumenter would: each has the fate that it must have.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';

import { setImmediate } from 'node:timers/promises';
import { measureCoverage } from './coverage.ts';
import { Host } from './host-client.ts';
import type { Mutant } from './instrument.ts';
import { Judge } from './judge.ts';

const SWITCH = `
const ns = (globalThis.__stryker__ ??= {});
function cover(id: string) {
  const c = (ns.mutantCoverage ??= { static: {}, perTest: {} });
  (ns.currentTestId ? (c.perTest[ns.currentTestId] ??= {}) : c.static)[id] = 1;
}
function is(id: string) {
  cover(id);
  if (ns.activeMutant !== id) return false;
  if (++ns.hitCount > ns.hitLimit) throw new Error('hit limit');
  return true;
}
`;

const SOURCE = `// Mutants 1 to 13.
${SWITCH}
const LIMIT = is('1') ? 11 : 10;
const NAME = is('2') ? '' : 'name of nothing that is looked at';
export const isBig = (n: number) => (is('3') ? false : n > LIMIT);
export const describe = (n: number) => (isBig(n) ? 'big' : 'small') + (is('4') ? '' : NAME.slice(0, 0));
export const READ = is('13') ? '' : 'read';
export const never = () => is('5');
export function count(to: number) { let i = 0; while (is('6') ? true : i < to) i += 1; return i; }
export const wait = () => (is('7') ? new Promise<void>(() => undefined) : Promise.resolve());
export const early = () => (is('12') ? '' : 'early');
let spoilt = false;
export function spoil() { if (is('8')) { spoilt = true; throw new Error('spoilt'); } }
export function look() { is('9'); return !spoilt; }
export function later() { if (is('10')) void Promise.reject(new Error('nobody waits for this')); }
let remembered: string | undefined;
export const once = () => (remembered ??= is('11') ? 'wrong' : 'right');
`;

const TESTS = `import assert from 'node:assert/strict';
import { after, before, describe as suite, test } from 'node:test';
import { count, describe, early, later, look, once, READ, spoil, wait } from './subject.ts';

suite('numbers', () => {
  let open = false;
  before(() => { open = true; });
  after(() => { open = false; });
  test('big ones', () => { assert.ok(open); assert.match(describe(11), /^big/); });
  test('small ones', async (t) => { await t.test('ten', () => { assert.match(describe(10), /^small/); }); });
});
test('counting', () => { assert.equal(count(3), 3); });
test('waiting', () => wait());
test('spoiling', () => { spoil(); });
test('looking', () => { assert.ok(look()); });
test('later', async () => { later(); await new Promise((resolve) => { setImmediate(resolve); }); });
test('once', () => { assert.equal(once(), 'right'); });
test('what is called while another file is loaded', () => { assert.equal(early(), 'early'); });
test('reading', () => { assert.equal(READ, 'read'); });
test('what PGlite would take too long for', () => { assert.fail(); });
`;

const OTHER = `import { test } from 'node:test';
import { early } from './subject.ts';
early();
test('nothing', () => undefined);
`;

const mutants: readonly Mutant[] = Array.from({ length: 13 }, (_, index) => ({ id: String(index + 1), file: 'subject.ts', mutator: 'Hand', line: 1, change: '' }));

async function prepare(t: TestContext, tests = TESTS): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), 'stockade-judge-'));
  t.after(() => rm(directory, { recursive: true }));
  for (const [name, text] of [['package.json', '{ "type": "module" }'], ['subject.ts', SOURCE], ['subject.test.ts', tests], ['other.test.ts', OTHER]] as const) await writeFile(path.join(directory, name), text);
  return directory;
}

test('every mutant has the fate that it must have, in whatever order they come', async (t) => {
  const directory = await prepare(t);
  const coverage = await measureCoverage(directory, ['subject.test.ts', 'other.test.ts']);
  assert.deepEqual([...(coverage.loading.get('subject.test.ts') ?? [])].toSorted(), ['1', '13', '2']);
  for (const batch of [mutants, mutants.toReversed()]) {
    const judge = new Judge(directory, coverage, mutants);
    const judged = await judge.judge(batch);
    await judge.end();
    const fates = Object.fromEntries(judged.map(({ mutant, verdict, by }) => [mutant.id, by === undefined ? verdict : `${verdict} by ${by.unit.name}`]));
    assert.deepEqual(fates, {
      1: 'killed by numbers',
      2: 'survived',
      3: 'killed by numbers',
      4: 'survived',
      5: 'no coverage',
      6: 'killed by counting',
      7: 'timeout by waiting',
      8: 'killed by spoiling',
      // What the one before has left behind would fail the test that comes by this one.
      9: 'survived',
      10: 'killed by later',
      11: 'killed by once',
      12: 'killed by what is called while another file is loaded',
      13: 'killed by reading',
    });
  }
});

test('a program that a test started ends with the process of the test', { skip: process.platform === 'linux' ? false : 'not run: reads /proc' }, async (t) => {
  const directory = await prepare(t, `import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
test('starts one', () => { writeFileSync('pid', String(spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)']).pid)); });
`);
  const host = new Host(directory);
  await host.load('subject.test.ts', 60_000);
  await host.run({ file: 'subject.test.ts', unit: 0 }, 60_000);
  const pid = Number(await readFile(path.join(directory, 'pid'), 'utf8'));
  // Alive, or gone and not yet taken notice of.
  const isRunning = async () => /^State:\s+[^ZX]/m.test(await readFile(`/proc/${pid}/status`, 'utf8').catch(() => ''));
  assert.ok(await isRunning());
  await host.end();
  const end = performance.now() + 10_000;
  while ((await isRunning()) && performance.now() < end) await setImmediate();
  assert.ok(!(await isRunning()));
});

test('tests that fail without a mutant, or when another has not run before, are no ground to judge on', async (t) => {
  const failing = await prepare(t, `import { test } from 'node:test';\ntest('bad', () => { throw new Error('bad itself'); });\n`);
  await assert.rejects(measureCoverage(failing, ['subject.test.ts']), /without a mutant, "bad" of subject\.test\.ts fails: Error: bad itself/);
  const dependent = await prepare(t, `import { test } from 'node:test';\nlet first = false;\ntest('first', () => { first = true; });\ntest('second', () => { if (!first) throw new Error('alone'); });\n`);
  await assert.rejects(measureCoverage(dependent, ['subject.test.ts']), /"second" of subject\.test\.ts fails: Error: alone/);
  const broken = await prepare(t, 'throw new Error("no file");');
  await assert.rejects(measureCoverage(broken, ['subject.test.ts']), /can't be loaded: Error: no file/);
});
