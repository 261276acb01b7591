import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GateContext } from './gate.ts';
import { ageFindings, askRegistry, cooldownFindings, undated } from './dependencies_have_aged.gate.ts';
import { readLock } from './lock-file.ts';
import { publishedOn, readReleaseDates } from './release-dates.ts';

const now = Date.parse('2026-03-10T12:00:00Z');
const { packages } = readLock('package-lock.json', JSON.stringify({ lockfileVersion: 3, packages: { '': {}, 'node_modules/a': { version: '1.0.0' }, 'node_modules/@s/b': { version: '2.0.0' }, 'node_modules/c': { name: 'd', version: '3.0.0' } } }, undefined, 2));
const record = (published: Readonly<Record<string, string>>) => readReleaseDates(JSON.stringify(published));
const rulesOf = (findings: readonly { readonly rule: string }[]) => findings.map(({ rule }) => rule);

test('a version is old enough on the seventh day', () => {
  const published = (date: string) => ageFindings(packages, record({ 'a@1.0.0': date, '@s/b@2.0.0': '2025-01-01', 'd@3.0.0': '2025-01-01' }), new Map(), now);
  assert.deepEqual(published('2026-03-03'), []);
  const young = published('2026-03-04');
  assert.deepEqual(rulesOf(young), ['too-young']);
  assert.equal(young[0]?.line, 5);
  assert.match(young[0].fix, /2026-03-11/);
  assert.deepEqual(rulesOf(published('2099-01-01')), ['too-young']);
});

test('a version of unknown age is found, by the name that it has in the registry', () => {
  const dates = record({ 'a@1.0.0': '2025-01-01' });
  assert.deepEqual(undated(packages, dates), ['@s/b@2.0.0', 'd@3.0.0']);
  assert.deepEqual(rulesOf(ageFindings(packages, dates, new Map(), now)), ['unknown-age', 'unknown-age']);
  assert.deepEqual(rulesOf(ageFindings(packages, dates, new Map([['@s/b@2.0.0', '2025-01-01'], ['d@3.0.0', '2026-03-09']]), now)), ['too-young']);
});

test('the registry answers with the time of each version', () => {
  // Recorded from `npm view koa time --json`, shortened.
  const answer = '{ "created": "2013-07-20T18:51:42.606Z", "3.2.1": "2026-05-21T08:50:44.553000+00:00", "3.3.0": "2026-11-03T01:28:58+00:00" }';
  assert.equal(publishedOn('koa@3.3.0', answer), '2026-11-03');
  assert.equal(publishedOn('koa@9.9.9', answer), undefined);
  for (const broken of ['', answer.slice(0, 60), '[]', '{"3.3.0": 1}']) assert.throws(() => publishedOn('koa@3.3.0', broken), { name: 'Unusable' }, broken);
});

/** Answers for every name, or for those of `known`; `asked` is what it was asked for, `most` how often at once. */
function registry(known: (name: string) => boolean = () => true) {
  const asked: string[] = [];
  let [now, most] = [0, 0];
  const run: GateContext['run'] = async (_, [, name = '']) => {
    asked.push(name);
    most = Math.max(most, ++now);
    await Promise.resolve();
    now -= 1;
    if (!known(name)) throw new Error('E404');
    return { status: 0, stdout: '{ "1.0.0": "2025-01-01T00:00:00Z", "2.0.0": "2025-02-01T00:00:00Z" }', stderr: '' };
  };
  return { run, asked, most: () => most };
}

test('an upgrade of a hundred packages is asked for, each name once and a few at a time', async () => {
  const { run, asked, most } = registry();
  const ids = Array.from({ length: 100 }, (_, index) => [`p${index}@1.0.0`, `p${index}@2.0.0`]).flat();
  assert.equal((await askRegistry({ run }, ids)).size, 200);
  assert.equal(new Set(asked).size, asked.length);
  assert.equal(asked.length, 100);
  assert.ok(most() <= 8, String(most()));
});

test('what the registry does not have stays unknown, a mute registry is asked no further, and a flood is not asked to its end', async () => {
  const some = registry((name) => name !== '@s/gone');
  assert.deepEqual([...(await askRegistry(some, ['@s/gone@1.0.0', 'a@1.0.0', 'a@9.0.0']))], [['a@1.0.0', '2025-01-01']]);
  const mute = registry(() => false);
  assert.equal((await askRegistry(mute, Array.from({ length: 100 }, (_, index) => `p${index}@1.0.0`))).size, 0);
  assert.ok(mute.asked.length <= 8, String(mute.asked.length));
  const flood = registry();
  await askRegistry(flood, Array.from({ length: 2_000 }, (_, index) => `p${index}@1.0.0`));
  assert.equal(flood.asked.length, 400);
});

test('a record of another form is no verdict', () => {
  for (const text of ['', '[]', '{"a@1":"soon"}', '{"trusted":["a"]}', '{"a@1":"2025-01-01"']) assert.throws(() => readReleaseDates(text), { name: 'Unusable' }, text);
});

test('npm itself waits as long, with no exception', () => {
  assert.deepEqual(cooldownFindings('.npmrc', 'ignore-scripts=true\nmin-release-age=7\n'), []);
  for (const text of ['', 'min-release-age=6\n', 'min-release-age=7\nmin-release-age=0\n', '#min-release-age=7\n', 'min-release-age=7\nmin-release-age-exclude[]=x\n', 'min-release-age=7\nbefore=2099-01-01\n']) assert.deepEqual(rulesOf(cooldownFindings('.npmrc', text)), ['no-cooldown'], text);
});
