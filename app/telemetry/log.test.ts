import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLog } from '#app/telemetry/log.ts';

function capture(): { readonly lines: string[]; readonly destination: { write(line: string): void } } {
  const lines: string[] = [];
  return { lines, destination: { write: (line) => void lines.push(line) } };
}

test('a line is one JSON object with a level by name and an RFC 3339 time', () => {
  const { lines, destination } = capture();
  createLog({ level: 'info', destination }).info({ part: 'database' }, 'ready');
  assert.equal(lines.length, 1);
  const line = JSON.parse(lines[0] ?? '') as Record<string, unknown>;
  assert.equal(line['level'], 'info');
  assert.equal(line['msg'], 'ready');
  assert.equal(new Date(String(line['time'])).toISOString(), line['time']);
});

test('fields that carry secrets are not in the log, at the top or in a bag of headers', () => {
  const { lines, destination } = capture();
  const log = createLog({ level: 'info', destination });
  log.info({ headers: { cookie: 'canary-1', authorization: 'canary-2', accept: 'text/html' }, Token: 'canary-3' }, 'request');
  log.child({ requestId: 'r-1' }).info({ headers: { 'Set-Cookie': ['canary-4'], 'proxy-authorization': 'canary-5' }, err: new Error('kept') }, 'again');
  assert.match(lines.join(''), /"message":"kept"/);
  assert.ok(!lines.join('').includes('canary'), lines.join(''));
  assert.ok(lines.join('').includes('text/html'));
});

test('an error is logged with its code, stack and causes, and with nothing else that it carries', () => {
  const { lines, destination } = capture();
  const cause = Object.assign(new Error('duplicate key'), { code: '23505', detail: 'Key (email)=(canary) already exists.' });
  createLog({ level: 'info', destination }).error({ err: new Error('could not store', { cause }) }, 'failed');
  const { err } = JSON.parse(lines[0] ?? '') as { readonly err: Record<string, unknown> & { readonly cause: Record<string, unknown> } };
  assert.match(String(err['stack']), /log\.test\.ts/);
  assert.deepEqual([err['message'], err.cause['message'], err.cause['errorCode']], ['could not store', 'duplicate key', '23505']);
  assert.ok(!lines.join('').includes('canary'));
});

test('what is thrown and is no error is not written', () => {
  const { lines, destination } = capture();
  createLog({ level: 'info', destination }).error({ err: 'canary' }, 'failed');
  assert.ok(!lines.join('').includes('canary'));
});
