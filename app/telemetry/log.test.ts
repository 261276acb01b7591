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
  log.info({ headers: { cookie: 'canary-1', authorization: 'canary-2', accept: 'text/html' }, token: 'canary-3' }, 'request');
  assert.ok(!lines.join('').includes('canary'), lines.join(''));
  assert.ok(lines.join('').includes('text/html'));
});
