import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import { z } from 'zod';
import { defineCommand, defineQuery } from '#app/feature.ts';
import { expectProblem } from '#app/testing/problem.ts';
import { type SampleService, startSampleService } from '#app/testing/sample-service.ts';

let service: SampleService;
before(async () => {
  service = await startSampleService();
});
after(() => service.close());

function create(id: string, key: string | undefined, as = 'clerk', text = 'hello'): Promise<Response> {
  return service.send('/api/v1/notes', { method: 'POST', as, json: { id, text }, headers: key === undefined ? {} : { 'idempotency-key': key } });
}

async function countEvents(subject: string): Promise<number> {
  const { rows } = await sql<{ count: number }>`select count(*)::int as count from outbox_event where subject = ${subject}`.execute(service.db);
  return rows[0]?.count ?? -1;
}

test('a command answers 201 with Location and ETag, writes its event and wakes the live part', async () => {
  const wakes = service.wakes.count;
  const response = await create('new-1', undefined);
  assert.equal(response.status, 201);
  assert.equal(response.headers.get('location'), '/api/v1/notes/new-1');
  assert.equal(response.headers.get('etag'), '"1"');
  assert.deepEqual(await response.json(), { id: 'new-1', text: 'hello', version: 1 });
  assert.equal(await countEvents('notes/new-1'), 1);
  assert.equal(service.wakes.count, wakes + 1);
});

test('a replay answers the stored response, says so, and runs nothing', async () => {
  const first = await create('idem-1', 'key-1');
  const runs = service.sample.runs.count;
  const again = await create('idem-1', 'key-1');
  assert.equal(service.sample.runs.count, runs);
  assert.equal(first.headers.get('idempotency-replayed'), null);
  assert.equal(again.headers.get('idempotency-replayed'), 'true');
  assert.equal(again.status, 201);
  for (const name of ['location', 'etag', 'content-type']) assert.equal(again.headers.get(name), first.headers.get(name));
  assert.equal(await again.text(), await first.text());
  assert.equal(await countEvents('notes/idem-1'), 1);
});

test('a refusal is replayed too, as the problem that it was', async () => {
  await expectProblem(await create('a-1', 'key-refused'), 409, 'note-exists');
  const again = await create('a-1', 'key-refused');
  assert.equal(again.status, 409);
  assert.equal(again.headers.get('idempotency-replayed'), 'true');
  assert.equal(((await again.json()) as { type: string }).type, '/problems/note-exists');
});

test('422 for a key that was used with another body', async () => {
  await create('idem-2', 'key-2');
  await expectProblem(await create('idem-2', 'key-2', 'clerk', 'other'), 422, 'idempotency-key-reused');
});

test('a key belongs to its subject: another tenant may use the same', async () => {
  assert.equal((await create('idem-3', 'key-3')).status, 201);
  const other = await create('idem-3b', 'key-3', 'globex-clerk');
  assert.equal(other.status, 201);
  assert.equal(other.headers.get('idempotency-replayed'), null);
});

test('ASVS 2.3.4: concurrent doubles run once, and all get the one response', async () => {
  const runs = service.sample.runs.count;
  const responses = await Promise.all(Array.from({ length: 6 }, () => create('idem-4', 'key-4')));
  assert.deepEqual(responses.map(({ status }) => status), Array.from({ length: 6 }, () => 201));
  assert.equal(responses.filter(({ headers }) => headers.get('idempotency-replayed') === null).length, 1);
  assert.equal(service.sample.runs.count, runs + 1);
  assert.equal(await countEvents('notes/idem-4'), 1);
});

test('after a failure the same key may be tried again', async () => {
  await expectProblem(await create('idem-5', 'key-5', 'clerk', 'explode'), 500, 'internal-error');
  assert.equal((await create('idem-5', 'key-5')).status, 201);
});

test('400 for a key that is empty, too long or not visible ASCII', async () => {
  for (const key of ['', 'k'.repeat(256), 'a b', 'ä']) {
    const problem = await expectProblem(await create('idem-6', key), 400, 'invalid-request');
    assert.deepEqual(problem.errors?.map(({ header }) => header), ['Idempotency-Key']);
  }
});

test('RFC 9110 13.1.1: a change needs If-Match, of this version, not weak', async () => {
  const change = (match?: string) => service.send('/api/v1/notes/a-1', { method: 'PATCH', as: 'clerk', json: { text: 'changed' }, headers: match === undefined ? {} : { 'if-match': match } });
  await expectProblem(await change(), 428, 'precondition-required');
  await expectProblem(await change('1'), 400, 'invalid-request');
  await expectProblem(await change('"9"'), 412, 'version-mismatch');
  await expectProblem(await change('W/"1"'), 412, 'version-mismatch');
  const changed = await change('"9", "1"');
  assert.equal(changed.status, 200);
  assert.equal(changed.headers.get('etag'), '"2"');
  assert.equal((await change('*')).headers.get('etag'), '"3"');
});

test('204 has no body and no type', async () => {
  const response = await service.send('/api/v1/notes/idem-4', { method: 'DELETE', as: 'clerk' });
  assert.equal(response.status, 204);
  assert.equal(response.headers.get('content-type'), null);
});

test('ASVS 15.3.1: outside production an answer or an event that its schema refuses is a defect; in production it is sent', async () => {
  const wrong = defineQuery({
    operationId: 'wrong',
    path: '/wrong',
    summary: 'Wrong',
    action: 'notes:read',
    responses: { 200: { description: 'Wrong.', schema: z.strictObject({ size: z.number() }) } },
    handle: () => Promise.resolve({ status: 200, body: { size: 1, secret: 'canary' } } as { status: 200; body: { size: number } }),
  });
  const wrongEvent = defineCommand({
    operationId: 'wrongEvent',
    method: 'post',
    path: '/wrong-event',
    summary: 'Wrong',
    action: 'notes:write',
    responses: { 204: { description: 'Done.' } },
    async handle({ publish }) {
      await publish({ type: 'sample.note.created.v1', subject: 'notes/x', data: { wrong: true } });
      return { status: 204 };
    },
  });
  const feature = { ...service.sample, feature: { operations: [wrong, wrongEvent], pages: [] } };
  const { config } = service.parts;
  for (const production of [false, true]) {
    const other = await startSampleService({ features: [feature], config: { ...config, production } });
    try {
      assert.equal((await other.send('/api/v1/wrong', { as: 'clerk' })).status, production ? 200 : 500);
      assert.equal((await other.send('/api/v1/wrong-event', { method: 'POST', as: 'clerk' })).status, production ? 204 : 500);
    } finally {
      await other.close();
    }
  }
});

test('ASVS 1.2.3: whatever a value holds, the answer is the JSON that was meant, and has no field more', async () => {
  for (const [index, text] of ['","version":9,"x":"', '\\', '\u2028</script>', '\n\r\t\u0001'].entries()) {
    const response = await create(`json-${index}`, `json-key-${index}`, 'clerk', text);
    assert.deepEqual(JSON.parse(await response.text()) as unknown, { id: `json-${index}`, text, version: 1 });
  }
});

test('ASVS 2.2.3: a key and another request than its first do not go together', async () => {
  assert.equal((await create('pair-1', 'pair-key')).status, 201);
  await expectProblem(await create('pair-2', 'pair-key'), 422, 'idempotency-key-reused');
  assert.equal(service.sample.notes.has('pair-2'), false);
});
