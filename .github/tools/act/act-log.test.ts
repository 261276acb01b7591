import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judge, readRun } from './act-log.ts';

const line = (fields: Readonly<Record<string, unknown>>) => JSON.stringify({ level: 'info', msg: 'x', ...fields });
const failed = [line({ jobID: 'test', step: 'Install' , stepResult: 'success' }), line({ jobID: 'test', step: 'Have a database', stepResult: 'failure' }), line({ jobID: 'test', step: 'Clean up', stepResult: 'failure' }), 'words of another kind', '{ half', line({ jobID: 'test', jobResult: 'failure' })].join('\n');

test('a job has its result and the step at which it failed first', () => {
  assert.deepEqual(readRun(failed), [{ job: 'test', results: ['failure'], failedAt: ['Have a database'] }]);
});

test('a job of a matrix has a result for each of its runs', () => {
  const log = ['go', 'npm'].flatMap((group) => [line({ jobID: 'judge', matrix: { group }, step: 'Judge', stepResult: group === 'go' ? 'success' : 'failure' }), line({ jobID: 'judge', matrix: { group }, jobResult: group === 'go' ? 'success' : 'failure' })]).join('\n');
  assert.deepEqual(readRun(log), [{ job: 'judge', results: ['success', 'failure'], failedAt: ['Judge'] }]);
  assert.equal(judge(readRun(log), [{ job: 'judge', result: 'success' }])[0]?.holds, false);
});

test('what failed elsewhere than expected, succeeded, or did not run does not hold', () => {
  const holds = (log: string, at: string) => judge(readRun(log), [{ job: 'test', result: 'failure', at }])[0]?.holds;
  assert.equal(holds(failed, 'Have a database'), true);
  assert.equal(holds(failed, 'Install and test'), false);
  assert.equal(holds(line({ jobID: 'test', jobResult: 'success' }), 'Have a database'), false);
  assert.deepEqual(judge(readRun(''), [{ job: 'test', result: 'success' }]), [{ job: 'test', holds: false, seen: 'not run' }]);
  assert.equal(judge(readRun(line({ jobID: 'test', jobResult: 'success' })), [{ job: 'test', result: 'success' }])[0]?.holds, true);
});
