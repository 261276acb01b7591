// What osv-scanner itself finds and says is in known-holes.proof.ts; here, what the gate makes of a report.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { holesIn } from './dependencies_have_no_known_holes.gate.ts';
import { Unusable } from './gate.ts';
import { readLocked } from './locked-versions.ts';

const frames = { critical: { production: 2, development: 4 }, high: { production: 7, development: 14 }, medium: { production: 30, development: 60 }, low: { production: 90, development: 180 }, release: { production: 45, development: 60 }, major: { production: 180, development: 180 } };
const lockOf = (packages: object) => JSON.stringify({ lockfileVersion: 3, packages: { '': {}, ...packages } }, undefined, 2);
const locks = [
  readLocked('package-lock.json', lockOf({ 'node_modules/koa': { version: '3.3.0' }, 'node_modules/ws': { version: '8.0.0', dev: true }, 'node_modules/linked': { link: true } })),
  readLocked('.github/tools/npm/package-lock.json', lockOf({ 'node_modules/ws': { version: '8.0.0' }, 'node_modules/other': { name: 'koa', version: '3.3.0' } })),
];
const controls = [{ file: '/scratch/control/package-lock.json', ecosystem: 'npm' as const }];

interface Reported {
  readonly package: { readonly name: string; readonly version: string; readonly ecosystem: string };
}
const clean = (name: string, version: string): Reported => ({ package: { name, version, ecosystem: 'npm' } });
/** As the scanner wrote it of an advisory in the OSV schema. */
const holed = (name: string, version: string, group: object = {}, hole: object = {}): Reported => ({
  ...clean(name, version),
  groups: [{ ids: ['GHSA-3h5v-q93c-6h6q'], aliases: ['CVE-2024-37890', 'GHSA-3h5v-q93c-6h6q'], max_severity: '7.5', ...group }],
  vulnerabilities: [{ id: 'GHSA-3h5v-q93c-6h6q', summary: 'ws affected by a DoS', published: '2026-11-20T10:00:00Z', affected: [{ package: { name, ecosystem: 'npm' }, ranges: [{ type: 'SEMVER', events: [{ introduced: '8.0.0' }, { fixed: '8.17.1' }] }, { type: 'GIT', events: [{ introduced: '0' }, { fixed: '0123abc' }] }] }, { package: { name: 'another', ecosystem: 'npm' }, ranges: [{ type: 'SEMVER', events: [{ fixed: '1.0.0' }] }] }], ...hole }],
} as Reported);
const koa = clean('koa', '3.3.0');
const ws = clean('ws', '8.0.0');
const control = holed('lodash', '4.17.20');

const report = (root: readonly object[], tools: readonly object[], known: readonly object[] = [control]) => JSON.stringify({ results: [['/src/package-lock.json', root], ['/src/.github/tools/npm/package-lock.json', tools], ['/scratch/control/package-lock.json', known]].map(([path, packages]) => ({ source: { path, type: 'lockfile' }, packages })), experimental_config: {} });
const judge = (stdout: string, { at = '2026-11-24', stderr = '' } = {}) => holesIn({ status: 1, stdout, stderr }, { root: '/src', locks, controls, frames, now: Date.parse(`${at}T12:00:00Z`) });
const only = (reported: Reported, at?: string) => {
  const [finding, ...others] = judge(report([reported.package.name === 'koa' ? reported : koa, reported.package.name === 'ws' ? reported : ws], [koa, ws]), at === undefined ? {} : { at });
  assert.deepEqual(others, []);
  assert.ok(finding !== undefined);
  return finding;
};

test('a hole is told with its package, its severity, its line and the version that has it no more, which is no commit and of no other package', () => {
  assert.deepEqual(judge(report([koa, ws], [koa, ws])), []);
  const [found, ...others] = judge(report([koa, ws], [koa, holed('ws', '8.0.0')]));
  assert.deepEqual(others, []);
  assert.deepEqual([found?.rule, found?.file, found?.line, found?.severity], ['GHSA-3h5v-q93c-6h6q', '.github/tools/npm/package-lock.json', 5, 'error']);
  assert.match(found?.fix ?? '', /^Upgrade ws to 8\.17\.1 /);
  assert.equal(found?.message, 'ws 8.0.0 has GHSA-3h5v-q93c-6h6q, CVE-2024-37890 (CVSS 7.5): ws affected by a DoS; published on 2026-11-20, to be mended by 2026-12-04 (high, development; REGISTERS.md)');
});

for (const [score, grade, production, development] of [['9.0', 'critical', '2026-11-22', '2026-11-24'], ['8.9', 'high', '2026-11-27', '2026-12-04'], ['6.9', 'medium', '2026-12-20', '2027-01-19'], ['3.9', 'low', '2027-02-18', '2027-05-19']] as const) {
  test(`what scores ${score} is ${grade}, and the days count from its publication, by who loads the package`, () => {
    assert.match(only(holed('koa', '3.3.0', { max_severity: score }), '2026-11-20').message, new RegExp(`to be mended by ${production} \\(${grade}, production;`));
    assert.match(only(holed('ws', '8.0.0', { max_severity: score }), '2026-11-20').message, new RegExp(`to be mended by ${development} \\(${grade}, development;`));
  });
}

test('what is overdue is an error whatever its score, from the day after', () => {
  const medium = holed('koa', '3.3.0', { max_severity: '5.0' });
  assert.deepEqual([only(medium, '2026-12-20').severity, only(medium, '2026-12-21').severity], ['warning', 'error']);
  assert.match(only(medium, '2026-12-21').message, /overdue since 2026-12-20/);
});

test('without a score the word of the advisory counts, malware is critical, and what nobody rated or dated is not put off', () => {
  const unrated = { max_severity: '' };
  const gradeOf = (group: object, hole: object = {}) => /\((\w+), production/.exec(only(holed('koa', '3.3.0', { ...unrated, ...group }, hole)).message)?.[1];
  assert.deepEqual([gradeOf({}, { database_specific: { severity: 'MODERATE' } }), gradeOf({}, { database_specific: { severity: 'CRITICAL' } }), gradeOf({}), gradeOf({ ids: ['MAL-2026-1'] })], ['medium', 'critical', 'high', 'critical']);
  const undated = only(holed('koa', '3.3.0', { max_severity: '2.0' }, { published: undefined }));
  assert.equal(undated.severity, 'error');
  assert.match(undated.message, /when it was published is not said: mend it now \(low, production\)/);
});

test('each group of names is one hole, dated by the first of them', () => {
  const twice = holed('koa', '3.3.0', { ids: ['CVE-2026-1', 'GHSA-3h5v-q93c-6h6q'] });
  const { vulnerabilities = [] } = twice as { readonly vulnerabilities?: readonly object[] };
  const found = only({ ...twice, vulnerabilities: [...vulnerabilities, { id: 'CVE-2026-1', published: '2026-11-18T00:00:00Z' }] } as Reported);
  assert.equal(found.rule, 'CVE-2026-1');
  assert.match(found.message, /ws affected by a DoS; published on 2026-11-18/);
});

test('a report that is not whole, or not about all that is locked, is no verdict', () => {
  const whole = report([koa, ws], [koa, holed('ws', '8.0.0')]);
  const broken: Readonly<Record<string, string>> = {
    'nothing': '', 'no results': '{"results":[]}', 'cut off': whole.slice(0, 200), 'another form': '{"results":[{"source":{"path":"/src/package-lock.json"},"packages":[]}]}',
    'without a package': report([koa], [koa, ws]), 'another version': report([koa, clean('ws', '8.0.1')], [koa, ws]), 'without a lock file': report([koa, ws], [koa, ws]).replace('/src/.github', '/src/elsewhere'),
    'without the control': report([koa, ws], [koa, ws], [koa]), 'no hole in the control': report([koa, ws], [koa, ws], [clean('lodash', '4.17.20')]), 'only the control': JSON.stringify({ results: [{ source: { path: '/scratch/control/package-lock.json' }, packages: [control] }] }),
  };
  for (const [what, stdout] of Object.entries(broken)) assert.throws(() => judge(stdout), Unusable, what);
});

test('what the scanner complained of is no verdict, though it found holes', () => {
  assert.throws(() => judge(report([koa, ws], [koa, holed('ws', '8.0.0')]), { stderr: 'could not load db for PyPI ecosystem\n' }), { name: 'Unusable', message: /could not ask about everything: could not load db for PyPI/ });
});

test('of Go and Python, everything that is pinned is read, with its line', () => {
  const read = (file: string, text: string) => readLocked(file, text).versions.map(({ name, version, line, isProduction }) => `${line} ${name}@${version}${isProduction ? ' in production' : ''}`);
  assert.deepEqual(read('a/go.mod', 'module a\n\ngo 1.26.8\n\ntool example.org/b/v2\n\nrequire example.org/c v1.0.0\n\nrequire (\n\texample.org/b/v2 v2.1.0 // indirect\n)\n'), ['3 stdlib@1.26.8', '7 example.org/c@1.0.0', '10 example.org/b/v2@2.1.0']);
  assert.deepEqual(read('a/requirements.txt', '# comment\nOne==1.0 \\\n    --hash=sha256:0\n    # via two\ntwo[extra]==2.0.post1\n'), ['2 One@1.0', '5 two@2.0.post1']);
  assert.deepEqual(read('package-lock.json', lockOf({ 'node_modules/a': { version: '1.0.0' }, 'node_modules/b': { version: '1.0.0', dev: true } })), ['5 a@1.0.0 in production', '8 b@1.0.0']);
  assert.deepEqual(read('a/go.mod', 'go 1.26\nrequire example.org/c v1.0.0\n'), ['2 example.org/c@1.0.0'], 'a language version is no release of Go');
  for (const [file, text] of [['go.mod', 'module a\n'], ['requirements.txt', '\n'], ['package-lock.json', '{'], ['yarn.lock', 'a']] as const) assert.throws(() => readLocked(file, text), Unusable, file);
});
