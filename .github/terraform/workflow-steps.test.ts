import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { type Context, evaluate, interpolate } from './expression.ts';
import { type Ran, runJob } from './workflow-steps.ts';

const unix = { skip: process.platform === 'win32' ? 'not run: the shell of the workflows is one of Unix' : false };
const context: Context = { 'github.event_name': 'push', 'vars.DAYS': '7', 'needs.plan.outputs.staging': '1:abc', 'matrix.environment': 'staging' };

for (const [expression, value] of Object.entries({
  "github.event_name == 'push'": true,
  "github.event_name != 'push'": false,
  "vars.NONE || '3'": '3',
  "vars.DAYS || '3'": '7',
  "matrix.environment == 'staging' && needs.plan.outputs.staging": '1:abc',
  "(matrix.environment == 'production' && needs.plan.outputs.production) || (matrix.environment == 'staging' && needs.plan.outputs.staging) || ''": '1:abc',
  "vars.NONE != '' && github.event_name == 'push' || vars.DAYS == '7'": true,
  "!vars.NONE && 'it''s'": "it's",
})) {
  test(`${expression} is ${value}`, () => {
    assert.equal(evaluate(expression, context), value);
  });
}

for (const expression of ["contains(vars.DAYS, '7')", "vars.DAYS == '7' vars.DAYS", "(vars.DAYS == '7'", 'vars.DAYS > 6', '', '&& vars.DAYS']) {
  test(`what is not understood is no value: ${expression}`, () => {
    assert.throws(() => evaluate(expression, context));
  });
}

test('an expression in a text is replaced by its value', () => {
  assert.equal(interpolate('pr-${{ vars.DAYS }}.${{ vars.NONE }}example', context), 'pr-7.example');
});

function ran(t: TestContext, steps: string): Ran {
  const scratch = mkdtempSync(join(tmpdir(), 'stockade-workflow-'));
  t.after(() => {
    rmSync(scratch, { recursive: true, force: true });
  });
  mkdirSync(join(scratch, 'programs'));
  writeFileSync(join(scratch, 'workflow.yml'), `jobs:\n  one:\n    env:\n      NUMBER: \${{ vars.DAYS }}\n    steps:\n${steps}`);
  return runJob(join(scratch, 'workflow.yml'), 'one', context, { workspace: scratch, scratch, programs: join(scratch, 'programs'), environment: {} });
}

test('steps see the environment of their job, and what those before them put out', unix, (t) => {
  const { failed, text, outputs } = ran(t, '      - id: first\n        run: echo "days=$NUMBER" >>"$GITHUB_OUTPUT"\n      - uses: actions/checkout@v1\n      - env:\n          DAYS: ${{ steps.first.outputs.days }}\n        run: echo "It is $DAYS."\n');
  assert.deepEqual([failed, text, outputs], [undefined, 'It is 7.\n', { 'steps.first.outputs.days': '7' }]);
});

test('the first step that fails ends the job, in a pipe too, and a step whose condition does not hold is left out', unix, (t) => {
  const { failed, steps } = ran(t, "      - name: never\n        if: env.NUMBER == '8'\n        run: exit 1\n      - name: broken\n        run: false | true\n      - name: after\n        run: echo\n");
  assert.deepEqual([failed, steps], ['broken', ['broken']]);
});

test('a job that is not there is not taken for one without steps', () => {
  assert.throws(() => runJob(join(import.meta.dirname, '../workflows/deploy.yml'), 'none', context, { workspace: '.', scratch: '.', programs: '.', environment: {} }), /no job none/);
});
