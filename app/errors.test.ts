// Refusals are values, failures are thrown, and what a client may read is decided by status.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AppError, isRefusal, refuse } from '#app/errors.ts';

test('a refusal carries status, code, detail, and field errors only where there are some', () => {
  assert.deepEqual(refuse(409, 'stock-too-low', 'Only 3 are left.'), { refused: true, status: 409, code: 'stock-too-low', detail: 'Only 3 are left.' });
  assert.deepEqual(refuse(400, 'invalid', 'No.', [{ pointer: '#/delta', detail: 'is 0' }]).errors, [{ pointer: '#/delta', detail: 'is 0' }]);
});

test('only a refusal is taken for one', () => {
  assert.ok(isRefusal(refuse(404, 'not-found', 'No such item.')));
  for (const value of [undefined, null, 'refused', {}, { refused: 'true' }, { refused: false }, new AppError('x')]) assert.equal(isRefusal(value), false);
});

test('a failure says nothing to the client unless it is the client’s, or is told to (CWE-209)', () => {
  assert.equal(new AppError('select * from session failed').expose, false);
  assert.equal(new AppError('too large', { status: 413 }).expose, true);
  assert.equal(new AppError('come back later', { status: 503, expose: true }).expose, true);
  assert.equal(new AppError('bad token: abc', { status: 401, expose: false }).expose, false);
});

test('a failure keeps its cause, and has none where none was given', () => {
  const cause = new Error('connection reset');
  assert.equal(new AppError('x', { cause }).cause, cause);
  assert.equal('cause' in new AppError('x'), false);
});
