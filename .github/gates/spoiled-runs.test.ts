import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Output } from './gate.ts';
import { recordRuns, spoiledRuns } from './spoiled-runs.ts';

const answers: Readonly<Record<string, Output>> = { list: { status: 0, stdout: '["a","b"]', stderr: '' }, check: { status: 1, stdout: '', stderr: '' } };

async function record() {
  const recorder = recordRuns((_, [what = '']) => Promise.resolve(answers[what] ?? { status: 0, stdout: '', stderr: '' }));
  await recorder.run('/bin/tool', ['list', '/tmp/gate-abc123/x'], '/root');
  await recorder.run('/bin/tool', ['check'], '/root');
  return spoiledRuns(recorder.outputs);
}

test('each call is spoiled in each way that its output allows, while the other answers as it did', async () => {
  const spoiled = await record();
  assert.deepEqual(spoiled.map(({ way }) => way), ['the tool is killed (call 1 of 2)', 'the tool fails (call 1 of 2)', 'the tool prints nothing (call 1 of 2)', 'its report is cut off (call 1 of 2)', 'the tool is killed (call 2 of 2)', 'the tool fails (call 2 of 2)']);
  for (const { way, run } of spoiled) {
    const other = way.endsWith('(call 1 of 2)') ? run('/bin/tool', ['check'], '/root') : run('/bin/tool', ['list', '/tmp/gate-abc123/x'], '/root');
    assert.deepEqual(await other, way.endsWith('(call 1 of 2)') ? answers['check'] : answers['list'], way);
  }
});

test('a spoiled call is told by what it was asked, in whichever folder of scratch', async () => {
  const [killed, failed, silent, cut] = (await record()).map(({ run }) => () => run('/bin/tool', ['list', '/tmp/gate-zzz999/x'], '/root'));
  await assert.rejects(async () => killed?.(), { name: 'Unusable', message: /SIGKILL/ });
  assert.equal((await failed?.())?.status, 70);
  assert.deepEqual([(await silent?.())?.stdout, (await silent?.())?.status], ['', 0]);
  assert.equal((await cut?.())?.stdout, '["a"');
});

test('a report that has a place for the tool\'s own errors is played back with one there, and a status that says all is well', async () => {
  const recorder = recordRuns(() => Promise.resolve({ status: 1, stdout: '[{"results":{"passed_checks":[],"parsing_errors":[]}},{"errors":[]}]', stderr: '' }));
  await recorder.run('/bin/tool', [], '/root');
  const last = spoiledRuns(recorder.outputs).at(-1);
  assert.equal(last?.way, 'its report tells an error of its own');
  const { status, stdout } = await last.run('/bin/tool', [], '/root');
  assert.equal(status, 0);
  assert.match(stdout, /"parsing_errors":\["package\.json"\].*"errors":\[\{[^}]*"message":"internal error"/);
});

test('a call that was never recorded is refused, so that no verdict rests on it', async () => {
  const [first] = await record();
  await assert.rejects(async () => first?.run('/bin/tool', ['another'], '/root'), { name: 'Unusable', message: /was not called so before/ });
});
