import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readTimeFrames } from '../rules/time-frames.ts';
import { gate, lateFindings, releasedOf, wantedBy } from './dependencies_are_current.gate.ts';
import { type GateContext, Unusable } from './gate.ts';

const PAGE = '# Registers\n\n## Third-party components\n\n| What came out | Production | Development and CI |\n| --- | --- | --- |\n| critical, or exploited | 2 | 4 |\n| high | 7 | 14 |\n| medium | 30 | 60 |\n| low | 90 | 180 |\n| release | 45 | 60 |\n| major release | 180 | 200 |\n\n## Log\n\n| low | 1 | 1 |\n';
const frames = readTimeFrames(PAGE);
const DAY_MS = 86_400_000;
const now = Date.parse('2026-11-28T00:00:00Z');
const ago = (days: number): string => new Date(now - days * DAY_MS).toISOString();
/** As `npm view koa time versions dist-tags --json` prints it, shortened. */
const answer = (time: Readonly<Record<string, string>>, latest = Object.keys(time).at(-1)) => JSON.stringify({ 'time': { created: ago(4_000), modified: ago(1), ...time }, 'versions': Object.keys(time), 'dist-tags': { latest } });
const rules = (time: Readonly<Record<string, string>>, { version = '3.0.0', where = 'production' as const, latest }: { version?: string; where?: 'production' | 'development'; latest?: string } = {}) =>
  lateFindings({ file: 'package.json', line: 3, name: 'koa', version, where }, releasedOf('koa', answer(time, latest)), frames, now).map(({ rule }) => rule.replace(/\/koa$/, ''));

test('a release may wait as long as the registers say, and not a day more', () => {
  assert.deepEqual(rules({ '3.0.0': ago(400), '3.0.1': ago(45) }), []);
  assert.deepEqual(rules({ '3.0.0': ago(400), '3.0.1': ago(46) }), ['behind']);
  assert.deepEqual(rules({ '3.0.0': ago(400), '3.0.1': ago(46) }, { where: 'development' }), []);
  assert.deepEqual(rules({ '3.0.0': ago(400), '3.0.1': ago(61) }, { where: 'development' }), ['behind']);
  assert.deepEqual(rules({ '3.0.0': ago(4_000) }), [], 'the newest is never late, however old it is');
});

test('it is the first release that was not taken that counts, not the last', () => {
  assert.deepEqual(rules({ '3.0.0': ago(400), '3.0.1': ago(50), '3.1.0': ago(1) }), ['behind']);
  assert.deepEqual(rules({ '2.9.0': ago(400), '3.0.0': ago(30), '2.9.1': ago(10) }, { latest: '3.0.0' }), [], 'a fix of an older line is none for this one');
  assert.deepEqual(rules({ '2.9.0': ago(400), '3.0.0': ago(90), '3.0.1': ago(80) }, { latest: '2.9.0' }), [], 'who is ahead of the publisher’s latest is not behind');
});

test('a major release may wait for longer; below 1.0.0 a minor one is such', () => {
  assert.deepEqual(rules({ '3.0.0': ago(400), '4.0.0': ago(180) }), []);
  assert.deepEqual(rules({ '3.0.0': ago(400), '4.0.0': ago(181) }), ['behind-major']);
  assert.deepEqual(rules({ '3.0.0': ago(400), '3.1.0': ago(90), '4.0.0': ago(181) }), ['behind', 'behind-major']);
  assert.deepEqual(rules({ '0.3.0': ago(400), '0.4.0': ago(100) }, { version: '0.3.0' }), []);
  assert.deepEqual(rules({ '0.3.0': ago(400), '0.3.1': ago(100) }, { version: '0.3.0' }), ['behind']);
  assert.deepEqual(rules({ '0.0.3': ago(400), '0.0.4': ago(100) }, { version: '0.0.3' }), []);
});

test('what the publisher has not released, or not made the latest, is not waited for', () => {
  assert.deepEqual(rules({ '3.0.0': ago(400), '4.0.0-rc.1': ago(300) }, { latest: '3.0.0' }), []);
  assert.deepEqual(rules({ '3.0.0': ago(400), '4.0.0': ago(300) }, { latest: '3.0.0' }), []);
  assert.deepEqual(rules({ '3.0.0': ago(400), '10.0.0': ago(300) }), ['behind-major'], 'by number, not by letter');
});

test('a version that the registry does not tell of, and an answer of another form, are no verdict', () => {
  assert.throws(() => rules({ '3.0.1': ago(1) }), Unusable);
  assert.throws(() => lateFindings({ file: 'package.json', line: 1, name: 'koa', version: '3.0.0', where: 'production' }, undefined, frames, now), Unusable);
  const whole = answer({ '3.0.0': ago(1) });
  for (const text of ['', '{}', '[]', whole.slice(0, 50), whole.replace('"time"', '"times"'), whole.replace('"3.0.0":"', '"3.0.1":"'), '{"error":{"code":"E404"}}']) assert.throws(() => releasedOf('koa', text), Unusable, text);
});

test('the manifest says what is production’s; a range is no verdict', () => {
  const text = JSON.stringify({ dependencies: { koa: '3.3.0' }, optionalDependencies: { node: '26.0.0' }, devDependencies: { eslint: '10.0.0' } }, undefined, 2);
  assert.deepEqual(wantedBy('package.json', text).map(({ name, where, line }) => [name, where, line]), [['koa', 'production', 3], ['node', 'production', 6], ['eslint', 'development', 9]]);
  assert.deepEqual(wantedBy('.github/tools/npm/package.json', text).map(({ where }) => where), ['development', 'development', 'development']);
  for (const version of ['^3.3.0', 'latest', 'file:../koa', '3.3.0-rc.1', '*']) assert.throws(() => wantedBy('package.json', JSON.stringify({ dependencies: { koa: version } })), Unusable, version);
  for (const broken of ['', '[]', '{"dependencies": ']) assert.throws(() => wantedBy('package.json', broken), Unusable, broken);
});

test('it asks the registry for each package once, and is red where it does not answer', async () => {
  const asked: string[] = [];
  const manifests: Readonly<Record<string, string>> = { 'package.json': '{"dependencies":{"koa":"3.0.0","ws":"3.0.0"}}', '.github/tools/npm/package.json': '{"dependencies":{"koa":"3.0.0"}}', '.github/REGISTERS.md': PAGE };
  const context = (stdout: (name: string) => string): GateContext => ({
    root: '/', files: ['package.json', '.github/tools/npm/package.json'], tree: [], scratch: '/', now, environment: {},
    read: (file) => manifests[file] ?? '', installed: () => '',
    run: async (_, parameters) => {
      asked.push(parameters[1] ?? '');
      return Promise.resolve({ status: 0, stdout: stdout(parameters[1] ?? ''), stderr: '' });
    },
  });
  const late = await gate.check(context(() => answer({ '3.0.0': ago(400), '3.1.0': ago(50) })));
  assert.deepEqual(late.map(({ file, rule }) => [file, rule]), [['package.json', 'behind/koa'], ['package.json', 'behind/ws']]);
  assert.deepEqual(asked.toSorted(), ['koa', 'ws']);
  await assert.rejects(async () => gate.check(context((name) => (name === 'ws' ? '' : answer({ '3.0.0': ago(1) })))), Unusable);
  await assert.rejects(async () => gate.check({ ...context(() => ''), files: [] }), Unusable);
});

test('time frames that are not whole are none', () => {
  assert.deepEqual(frames.critical, { production: 2, development: 4 });
  assert.deepEqual(frames.major, { production: 180, development: 200 });
  for (const [from, to] of [['| low | 90 | 180 |\n', ''], ['| high | 7 | 14 |', '| high | soon | 14 |'], ['| release | 45 | 60 |', '| release | 45 | 60 |\n| release | 450 | 600 |'], ['## Third-party', '## Other']] as const) assert.throws(() => readTimeFrames(PAGE.replace(from, to)), /under "Third-party components"/, from);
});
