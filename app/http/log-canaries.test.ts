import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLog } from '#app/telemetry/log.ts';
import { startSampleService, type SendOptions } from '#app/testing/sample-service.ts';
import { until } from '#app/testing/condition.ts';

const CANARY = 'canary7f3a';
/** Headers that clients and proxies send; not X-Request-Id, which is there to be logged. */
const HEADERS = ['authorization', 'cookie', 'referer', 'user-agent', 'traceparent', 'tracestate', 'baggage', 'x-forwarded-for', 'forwarded', 'idempotency-key', 'if-match', 'if-none-match', 'accept', 'accept-language', 'content-type', 'origin', 'last-event-id', 'x-api-key', 'proxy-authorization'];
const nested = { text: CANARY, password: CANARY, token: { access_token: CANARY }, list: [{ email: `${CANARY}@example.com` }] };

test('CWE-532: nothing that a client sends is in the log, at its finest level, whatever becomes of the request', async (t) => {
  const lines: string[] = [];
  const service = await startSampleService({ log: createLog({ level: 'trace', destination: { write: (line) => void lines.push(line) } }) });
  t.after(() => service.close());
  const asClerk = { as: 'clerk' };
  const requests: (readonly [path: string, options: SendOptions])[] = [
    [`/api/v1/notes/${CANARY}`, asClerk],
    [`/api/v1/notes/A-${CANARY}`, asClerk],
    [`/api/v1/notes?tag=${CANARY}`, asClerk],
    [`/${CANARY}?${CANARY}=1`, {}],
    [`/api/v1/notes?tag=${CANARY}&limit=${CANARY}&${CANARY}=1`, asClerk],
    ['/api/v1/notes', { ...asClerk, method: 'POST', json: { id: 'note-1', text: CANARY } }],
    ['/api/v1/notes', { ...asClerk, method: 'POST', json: { id: 'note-1', text: CANARY } }],
    ['/api/v1/notes', { ...asClerk, method: 'POST', json: { id: CANARY.toUpperCase(), ...nested } }],
    ['/api/v1/notes', { ...asClerk, method: 'POST', json: { id: 'note-2', text: 'explode', [CANARY]: nested } }],
    ['/api/v1/notes', { ...asClerk, method: 'POST', json: { id: 'note-2', text: 'explode' }, headers: { 'idempotency-key': CANARY, 'user-agent': CANARY } }],
    ['/api/v1/notes', { ...asClerk, method: 'POST', body: `{"text": "${CANARY}`, headers: { 'content-type': 'application/json' } }],
    ['/api/v1/notes', { ...asClerk, method: 'POST', body: CANARY, headers: { 'content-type': 'text/plain' } }],
    ['/api/v1/notes/a-1', { ...asClerk, method: 'PATCH', json: { text: CANARY }, headers: { 'if-match': `"${CANARY}"` } }],
    ['/notes', { method: 'POST', form: { text: CANARY, [CANARY]: CANARY }, headers: { cookie: `session=clerk; other=${CANARY}`, 'sec-fetch-site': 'same-origin' } }],
    [`/auth/callback?code=${CANARY}&state=${CANARY}`, {}],
    ...HEADERS.flatMap((name): (readonly [string, SendOptions])[] => [
      ['/api/v1/notes', { headers: { [name]: CANARY } }],
      ['/api/v1/notes', { ...asClerk, method: 'POST', json: { id: 'note-3', text: 'x' }, headers: { [name]: name === 'authorization' ? `Bearer ${CANARY}` : CANARY } }],
    ]),
  ];
  const statuses = new Map<number, number>();
  for (const [path, options] of requests) {
    const { status } = await service.send(path, options);
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
  }
  await service.sendRaw(`GET /${CANARY} HTTP/1.1\r\nHost: ${CANARY}\r\n${CANARY} : 1\r\n\r\n`);
  await service.sendRaw(`${CANARY} / HTTP/1.1\r\nHost: a\r\n\r\n`);
  await until('a line for each request', () => lines.length >= requests.length + 2);
  assert.deepEqual(lines.filter((line) => line.toLowerCase().includes(CANARY)), []);
  // The requests went all the ways that there are: answered, refused for each reason, failed.
  for (const status of [200, 201, 400, 401, 403, 404, 409, 500]) assert.ok(statuses.has(status), `${status} among ${[...statuses.keys()].join(', ')}`);
});
