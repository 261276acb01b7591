import assert from 'node:assert/strict';
import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { test, type TestContext } from 'node:test';
import { sql } from 'kysely';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { z } from 'zod';
import { createAccess } from '#app/access/access.ts';
import { inSnapshot } from '#app/data/transaction.ts';
import { AppError } from '#app/errors.ts';
import { defineCommand, defineForm, type FeatureModule, type Streamed, type Subject } from '#app/feature.ts';
import type { HttpContext } from '#app/http/context.ts';
import { MOST_STREAMS, sendStream } from '#app/http/streams.ts';
import { until } from '#app/testing/condition.ts';
import { openTestDatabase } from '#app/testing/database.ts';
import { createTestPrivacy } from '#app/testing/privacy.ts';
import { expectProblem } from '#app/testing/problem.ts';
import { startSampleService } from '#app/testing/sample-service.ts';

/** A service whose one operation, and one form, answer with this. */
async function start(t: TestContext, stream: Streamed['stream'], streams?: true) {
  const responses = { 200: { description: 'All of it.', schema: z.array(z.number()) } };
  const give = defineCommand({ operationId: 'give', method: 'post', path: '/give', summary: 'Give', action: 'gifts:give', ...(streams && { streams }), responses, handle: () => Promise.resolve({ status: 200, stream }) });
  const save = defineForm({ path: '/save', action: 'gifts:give', body: z.strictObject({ all: z.string() }), handle: () => Promise.resolve({ download: { fileName: 'gifts.json', stream } }) });
  const feature = { operations: [give], pages: [save] };
  const module: FeatureModule = { title: 'Gifts', grants: { 'gifts:give': ['clerk'] }, events: {}, create: () => feature };
  const loaded = { name: 'gifts', directory: import.meta.dirname, module, feature };
  const access = await createAccess([module], { log: pino({ level: 'silent' }), metrics: new Registry(), clock: () => new Date(), logAllowedOneIn: 1_000_000, signInFactors: 1 });
  const service = await startSampleService({ features: [loaded], access });
  t.after(() => service.close());
  const ask = async () => {
    const request = http.request(`${service.origin}/api/v1/give`, { method: 'POST', agent: false, headers: { authorization: 'Bearer clerk' } });
    request.end();
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    return { request, response };
  };
  const send = (headers: Readonly<Record<string, string>> = {}) => service.send('/api/v1/give', { method: 'POST', as: 'clerk', headers });
  return { service, ask, send };
}

test('it is written page by page, from a database of one moment that can not be written to, after its entry in the audit trail', async (t) => {
  const { service, send } = await start(t, async function* ({ db }) {
    const { rows } = await sql<{ isolation: string; readOnly: string; entries: number }>`select current_setting('transaction_isolation') as isolation, current_setting('transaction_read_only') as "readOnly", (select count(*)::integer from audit_entry) as entries`.execute(db);
    yield JSON.stringify(rows).slice(0, -1);
    yield ',1]';
  }, true);
  const answer = await send({ 'idempotency-key': 'k' });
  assert.deepEqual([answer.status, answer.headers.get('content-type')], [200, 'application/json']);
  assert.deepEqual(await answer.json(), [{ isolation: 'repeatable read', readOnly: 'on', entries: 1 }, 1]);
  assert.deepEqual((await sql`select from idempotency_key`.execute(service.db)).rows, []);
  const saved = await service.send('/save', { method: 'POST', as: 'clerk', form: { all: 'yes' } });
  assert.deepEqual([saved.status, saved.headers.get('content-disposition')], [200, 'attachment; filename="gifts.json"']);
  assert.equal(((await saved.json()) as [{ entries: number }])[0].entries, 2);
  assert.equal((await service.send('/save', { method: 'POST', as: 'clerk', form: { all: 'yes', idempotencyKey: 'k' } })).status, 500, 'it would be kept');
});

test('what fails at once is a problem; what fails later cuts the connection off, so that nobody takes it for whole, and is logged', async (t) => {
  let fails: 'at once' | 'later' = 'at once';
  const { service, send } = await start(t, async function* ({ db }) {
    await sql`select 1`.execute(db);
    if (fails === 'at once') throw new TypeError('Broken.');
    yield `[${'1,'.repeat(100_000)}`;
    await sql`select 1 / 0`.execute(db);
    yield '1]';
  }, true);
  await expectProblem(await send(), 500, 'internal-error');
  fails = 'later';
  const cutOff = await fetch(`${service.origin}/api/v1/give`, { method: 'POST', headers: { authorization: 'Bearer clerk' } });
  assert.equal(cutOff.status, 200);
  await assert.rejects(cutOff.text(), { message: 'terminated' });
  await until('the log tells of it', () => service.logLines.find((line) => line.includes('a streamed answer was cut off') && line.includes('division by zero')));
});

test('it is written as fast as it is read, and one whose client goes away gives its connection back', async (t) => {
  let written = 0;
  const { service, ask } = await start(t, async function* () {
    await Promise.resolve();
    for (;;) {
      written += 1;
      yield '1,'.repeat(50_000);
    }
  }, true);
  const first = await ask();
  first.response.pause();
  for (let n = 0; n < 50; n += 1) await service.send('/nowhere');
  assert.ok(written < 200, `${written} pages wait for a client that does not read`);
  // The one connection of the embedded database goes on to the next.
  const second = ask();
  first.request.destroy();
  const { request, response } = await second;
  assert.equal(response.statusCode, 200);
  response.pause();
  request.destroy();
});

test('more than a few at once are refused, before they take a connection', async (t) => {
  const database = await openTestDatabase();
  t.after(() => database.close());
  const { people } = createTestPrivacy();
  const { promise: gate, resolve: openGate } = Promise.withResolvers<undefined>();
  const subject: Subject = { tenantId: 'acme', id: 'clerk', name: 'Cleo', roles: ['clerk'], credential: { kind: 'bearer', expiresAt: new Date() } };
  const begin = async () => {
    const ctx = { state: { subject, log: pino({ level: 'silent' }) }, req: { httpVersion: '1.0' }, res: { headersSent: false, setMaxListeners: () => undefined } } as unknown as HttpContext;
    await sendStream(ctx, async function* () {
      await gate;
      yield '[]';
    }, { dbOf: ({ tenantId }, options) => database.forTenant(tenantId, options), inSnapshot, peopleOf: (db, tenantId) => people.of(db, tenantId) });
    return ctx.body as Readable;
  };
  const begun = Array.from({ length: MOST_STREAMS }, begin);
  await assert.rejects(begin(), (error) => error instanceof AppError && error.status === 503 && error.code === 'streams-busy' && error.headers['Retry-After'] === '5');
  openGate(undefined);
  for (const body of begun) assert.equal(await text(await body), '[]');
  assert.equal(await text(await begin()), '[]', 'they have made room');
});

test('an operation that does not say that it streams must not', async (t) => {
  const { send } = await start(t, async function* () {
    yield await Promise.resolve('[]');
  });
  await expectProblem(await send(), 500, 'internal-error');
});
