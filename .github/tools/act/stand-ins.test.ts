import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { standIns } from './stand-ins.ts';

const workflows = path.join(import.meta.dirname, '../../workflows');

function folder(context: TestContext): string {
  const directory = mkdtempSync(path.join(tmpdir(), 'stand-ins-'));
  context.after(() => { rmSync(directory, { recursive: true }); });
  return directory;
}

for (const name of ['check', 'gates']) {
  test(`every action of ${name} has a stand-in at the commit that the workflow names, but for the checkout`, async (context) => {
    const text = readFileSync(path.join(workflows, `${name}.yml`), 'utf8');
    const named = [...new Set([...text.matchAll(/uses: (\S+?)@([0-9a-f]{40})/g)].map(([, action = '', commit = '']) => `${action.split('/').slice(0, 2).join('/')}@${commit}`))];
    const found = (await standIns(folder(context), text)).map((each) => each.split('=')[0] ?? '');
    assert.deepEqual(found.toSorted(), named.filter((each) => !each.startsWith('actions/checkout@')).toSorted());
  });
}

test('a stand-in takes its inputs by the environment, and lies in the folder of the action', async (context) => {
  const directory = folder(context);
  await standIns(directory, `      - uses: github/codeql-action/upload-sarif@${'a'.repeat(40)} # v4\n`);
  const action = JSON.parse(readFileSync(path.join(directory, 'github/codeql-action/upload-sarif/action.yml'), 'utf8')) as { runs: { steps: readonly { env: unknown }[] } };
  assert.deepEqual(action.runs.steps[0]?.env, { INPUT_SARIF_FILE: '${{ inputs.sarif_file }}' });
});

test('an action that nothing stands in for is an error, not a step that is left out', async (context) => {
  await assert.rejects(standIns(folder(context), `      - uses: some/action@${'a'.repeat(40)} # v1\n`), /nothing stands in for some\/action/);
});
