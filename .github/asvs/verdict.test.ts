import assert from 'node:assert/strict';
import { test } from 'node:test';
import { treeOf } from '../rules/tree.ts';
import { loadClaims, REQUIREMENTS } from './claims.ts';
import type { TestResult } from './results.ts';
import { hashOf } from './seen-red.ts';
import { countRows, markdown } from './table.ts';
import { citingName, judgeAll } from './verdict.ts';

const standard = JSON.stringify(['1.1.1', '1.1.2', '1.1.3', '1.1.4', '1.1.5'].map((id) => ({ id, level: 1, chapter: 'V1 Chapter', text: 'Verify it.' })));
const removal = { test: 'app/a.test.ts', control: 'app/a.ts', find: 'check(x)', replace: 'x' };
const NAME = 'ASVS 1.1.1: x is checked';
const passed: TestResult = { file: 'app/a.test.ts', name: NAME, outcome: 'passed' };
const files = {
  [REQUIREMENTS]: standard,
  '.ci/run': "step test bash -c 'npm ci && npm test'\nstep policy npm run test:policy\nfor probe in $(find app/probes app/features -name '*.proof.ts'); do step x npm run probe -- x; done\n",
  'app/probes/forged-tokens.proof.ts': '',
  'README.md': 'Documented.',
  'app/a.test.ts': `test('${NAME}', f);`,
  'app/a.ts': 'export const a = (x) => check(x);',
  '.github/asvs/claims/v01.json': JSON.stringify({
    '1.1.1': { by: 'test', removals: [removal] },
    '1.1.2': { by: 'gate', gate: 'npm run probe -- forged-tokens', why: 'A forged token is let in.' },
    '1.1.3': { by: 'document', document: 'README.md', why: 'It is said there.' },
    '1.1.4': { by: 'not applicable', reason: 'There is no such part.' },
  }),
};

function judge(changed: Readonly<Record<string, string>>, results: readonly TestResult[] = [passed], red: Readonly<Record<string, string>> = { [NAME]: 'it failed' }) {
  // Seen before anything was changed.
  const seen = [{ id: '1.1.1', test: removal.test, hash: hashOf(treeOf(files), '1.1.1', removal), red }];
  const tree = treeOf({ ...files, '.github/asvs/claims/v01.seen-red.json': JSON.stringify(seen), ...changed });
  return judgeAll(tree, loadClaims(tree), results);
}

test('each requirement is of one class, and one without a claim is open', () => {
  const { verdicts, problems } = judge({});
  assert.deepEqual(problems, []);
  assert.deepEqual(verdicts.map((each) => each.class), ['test', 'gate', 'document', 'not applicable', 'open']);
  assert.deepEqual(countRows(verdicts).at(-1), ['All', '1', '1', '1', '1', '0', '1', '2 of 4 (50 %)']);
  const table = markdown(verdicts);
  assert.match(table, /\| 1\.1\.1 \| 1 \| test \| app\/a\.test\.ts › ASVS 1\.1\.1: x is checked \|/);
  assert.match(table, /\| 1\.1\.5 \| 1 \| open \| Nobody has looked at it yet\. \|/);
});

test('what did not run, failed, was skipped, or was never seen red counts for nothing', () => {
  const cases: [RegExp, ReturnType<typeof judge>][] = [
    [/1\.1\.1: app\/a\.test\.ts: not run/, judge({}, [])],
    [/: failed$/m, judge({}, [{ ...passed, outcome: 'failed' }])],
    [/: skipped$/m, judge({}, [{ ...passed, outcome: 'skipped' }])],
    [/ASVS 1\.1\.1: x is checked: no removal was seen to turn it red/, judge({}, [passed], { 'ASVS 1.1.1: another': 'it failed' })],
    [/ASVS 1\.1\.1: too: no removal was seen/, judge({}, [passed, { ...passed, name: 'ASVS 1.1.1: too' }])],
    [/app\/b\.test\.ts: not run/, judge({ 'app/b.test.ts': "test('ASVS 1.1.1: and here', f);" })],
    [/no test of app\/a\.test\.ts cites it/, judge({ 'app/a.test.ts': "test('x is checked', f);" })],
  ];
  for (const [problem, { verdicts, problems }] of cases) {
    assert.match(problems.join('\n'), problem);
    assert.equal(verdicts[0]?.class, 'not run', String(problem));
  }
});

test('what was seen red is stale when the test, the control or the removal is another now', () => {
  for (const changed of [
    { 'app/a.test.ts': `test('${NAME}', g);` },
    { 'app/a.ts': 'export const a = (x) => x && check(x);' },
    { '.github/asvs/claims/v01.json': files['.github/asvs/claims/v01.json'].replace('"replace":"x"', '"replace":"y"') },
  ]) {
    const { verdicts, problems } = judge(changed);
    assert.match(problems.join('\n'), /1\.1\.1: the removal in app\/a\.ts was not seen red/);
    assert.equal(verdicts[0]?.class, 'not run');
  }
  const elsewhere = { 'app/a.test.ts': `${files['app/a.test.ts']}\ntest('more', f);`, 'app/a.ts': `${files['app/a.ts']}\nexport const b = 1;` };
  assert.deepEqual(judge(elsewhere).problems, []);
});

test('a test that cites what is claimed otherwise contradicts the claim', () => {
  const { problems } = judge({ 'app/b.test.ts': "test('ASVS 1.1.3 and 1.1.5: x', f);" });
  assert.match(problems.join('\n'), /1\.1\.3: "ASVS 1\.1\.3 and 1\.1\.5: x" of app\/b\.test\.ts cites it, but it is claimed as document/);
  assert.match(problems.join('\n'), /1\.1\.5: .* claimed as nothing/);
});

test('a gate is a step of CI or a rule that passed', () => {
  const gate = (name: string) => ({ '.github/asvs/claims/v01.json': JSON.stringify({ '1.1.2': { by: 'gate', gate: name, why: 'It turns red.' } }), 'app/a.test.ts': "test('a rule', f);" });
  const rule: TestResult = { ...passed, name: 'a rule' };
  for (const name of ['npm run test:policy', 'npm run probe -- forged-tokens', 'app/a.test.ts: a rule']) assert.deepEqual(judge(gate(name), [rule]).problems, [], name);
  for (const name of ['npm run lint', 'npm run probe -- gone', 'app/a.test.ts: another rule', 'app/b.test.ts: a rule']) assert.equal(judge(gate(name), [rule]).problems.length, 1, name);
  const claim = { ...gate('npm run gates: code_is_well'), '.ci/run': 'step gates npm run gates\n', '.github/gates/code_is_well.gate.ts': "when: 'change'" };
  assert.deepEqual(judge(claim).problems, []);
  for (const without of [{ '.ci/run': '' }, { '.github/gates/code_is_well.gate.ts': "when: 'schedule'" }, gate('npm run gates: code_is_gone')]) assert.equal(judge({ ...claim, ...without }).problems.length, 1, JSON.stringify(without));
  const nightly = { '.github/gates/world_is_well.gate.ts': "when: 'schedule'", '.github/workflows/scheduled.yml': 'run: npm run gates -- --all --report x' };
  const both = { ...claim, ...gate('npm run gates: code_is_well, world_is_well'), ...nightly };
  assert.deepEqual(judge(both).problems, []);
  for (const without of [{ '.github/workflows/scheduled.yml': 'run: npm run gates' }, { '.github/gates/world_is_well.gate.ts': "when: 'schedule', hindrance: noToken" }, { '.github/gates/code_is_well.gate.ts': '' }]) assert.equal(judge({ ...both, ...without }).problems.length, 1, JSON.stringify(without));
  assert.match(judge(gate('app/a.test.ts: a rule'), [{ ...rule, outcome: 'failed' }]).problems.join(), /failed/);
});

test('what is inside the test that cites is how it is tested, and not told apart', () => {
  assert.equal(citingName('a › ASVS 1.1.1: b › on PGlite', '1.1.1'), 'a › ASVS 1.1.1: b');
});
