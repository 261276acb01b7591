// A person's data through the whole service: seen, taken along, erased; for others by a manager; and the trail that auditors read.
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { sql } from 'kysely';
import { deriveAuditKey } from '#app/privacy/audit-keys.ts';
import { verifyTrail } from '#app/privacy/audit-reader.ts';
import { createKeyProvider } from '#app/privacy/key-provider.ts';
import { openServiceKeys } from '#app/privacy/service-keys.ts';
import { createLog } from '#app/telemetry/log.ts';
import { until } from '#app/testing/condition.ts';
import { expectProblem } from '#app/testing/problem.ts';
import { startTestService, type TestService, type Visitor } from '#app/testing/service.ts';

const json = { accept: 'application/json' };
const form = (fields: Record<string, string>): RequestInit => ({ method: 'POST', headers: { accept: 'text/html', 'content-type': 'application/x-www-form-urlencoded' }, body: new URLSearchParams(fields) });
interface Exported { subject: string; person?: string; tables: { table: string; rows: Record<string, unknown>[] }[] }
interface Entry { actor: string | null; actorName: string | null; action: string; resource: string; details: Record<string, unknown>; position: number | null }

async function start(t: TestContext, clock?: () => Date): Promise<TestService> {
  const service = await startTestService(clock === undefined ? {} : { clock });
  t.after(() => service.close());
  return service;
}

async function trailOf(auditor: Visitor, query = ''): Promise<{ entries: Entry[]; nextCursor: string | null }> {
  const response = await auditor.fetch(`/api/v1/audit-entries${query}`, { headers: json });
  assert.equal(response.status, 200);
  return (await response.json()) as { entries: Entry[]; nextCursor: string | null };
}

const rowsOf = (exported: Exported, table: string) => exported.tables.find((one) => one.table === table)?.rows ?? [];

test('a person sees what is kept, and downloads all of it: their sessions, who they are, and what they did', async (t) => {
  const clerk = await (await start(t)).as('clerk');
  const page = await (await clerk.fetch('/account/data', { headers: { accept: 'text/html' } })).text();
  for (const text of ['<title>Your data', 'Keeps a person signed in', 'Shows afterwards who did what', 'legitimate interests', '1096 days after their last visit', '<span class="badge">1 entry</span>', '; ']) assert.ok(page.includes(text), text);
  const download = await clerk.fetch('/account/data/export', form({ all: 'export' }));
  assert.deepEqual([download.status, download.headers.get('content-type'), download.headers.get('content-disposition'), download.headers.get('cache-control')], [200, 'application/json', 'attachment; filename="personal-data.json"', 'no-store']);
  const exported = (await download.json()) as Exported;
  assert.equal(exported.subject, 'clerk');
  assert.deepEqual(rowsOf(exported, 'session').map((row) => row['subject_name']), ['Cleo Clerk']);
  assert.deepEqual(rowsOf(exported, 'person').map((row) => [row['id'], row['sealed']]), [[exported.person, { subjectId: 'clerk', name: 'Cleo Clerk' }]]);
  assert.deepEqual(rowsOf(exported, 'audit_entry').map((row) => row['action']), ['sessions:begin', 'own-data:export'], 'this export itself was recorded first');
  const byApi = await clerk.fetch('/api/v1/me/export', { method: 'POST', headers: json });
  assert.equal(byApi.status, 200);
  assert.deepEqual(rowsOf((await byApi.json()) as Exported, 'audit_entry').map((row) => row['action']).toSorted(), ['own-data:export', 'own-data:export', 'sessions:begin']);
  assert.match(await (await clerk.fetch('/account/data', { headers: { accept: 'text/html' } })).text(), /<span class="badge">[2-9] entries<\/span>/);
});

test('a person erases themselves: signed out everywhere, named nowhere, and somebody new when they come back', async (t) => {
  const service = await start(t);
  const [clerk, elsewhere, auditor] = [await service.as('clerk'), await service.as('clerk'), await service.as('auditor')];
  const before = (await trailOf(auditor)).entries.find(({ actorName }) => actorName === 'Cleo Clerk');
  assert.ok(before?.actor);
  assert.equal((await clerk.fetch('/account/data/erase', form({ sure: 'perhaps' }))).status, 400);
  const answer = await clerk.fetch('/account/data/erase', form({ sure: 'erase' }));
  assert.deepEqual([answer.status, answer.headers.get('location')], [303, '/account/erased']);
  assert.match(await (await clerk.fetch('/account/erased', { headers: { accept: 'text/html' } })).text(), /<title>Erased[^]*It is erased/);
  for (const visitor of [clerk, elsewhere]) assert.equal((await visitor.fetch('/api/v1/sessions', { headers: json })).status, 401);
  const { entries } = await trailOf(auditor);
  const own = entries.filter(({ actor }) => actor === before.actor);
  assert.deepEqual(own.map(({ action, actorName }) => [action, actorName]), [['own-data:erase', null], ['sessions:begin', null], ['sessions:begin', null]]);
  assert.equal(own[0]?.resource, `/people/${before.actor}`);
  await service.as('clerk');
  const back = (await trailOf(auditor)).entries[0];
  assert.deepEqual([back?.action, back?.actorName, back?.actor === before.actor], ['sessions:begin', 'Cleo Clerk', false]);
});

test('each table of the register stands once on the page: with its rows above, without them below', async (t) => {
  const service = await start(t);
  const page = await (await (await service.as('clerk')).fetch('/account/data', { headers: { accept: 'text/html' } })).text();
  const [now = '', possible = ''] = page.split('<details>');
  const titles = (part: string) => [...part.matchAll(/<h3>([^<]*)/g)].map(([, title]) => title?.trim());
  for (const purpose of ['Keeps a person signed in', 'Names who did what', 'Shows afterwards who did what']) assert.ok(titles(now).some((title) => title?.startsWith(purpose)), purpose);
  for (const purpose of ['Slows down who guesses at sign-ins', 'Answers a request that is sent twice']) assert.ok(titles(possible).some((title) => title?.startsWith(purpose)), purpose);
  assert.equal(new Set(titles(page)).size, titles(page).length);
  assert.equal((now.match(/<h3>/g) ?? []).length, (now.match(/class="badge"/g) ?? []).length, 'what is kept is counted');
  assert.ok(!possible.includes('class="badge"'));
  for (const [purpose, afterwards] of [['Keeps a person signed in', 'goes'], ['Shows afterwards who did what', 'stays, without you'], ['Tells the live sessions', 'stays, without your name'], ['Slows down who guesses', 'goes by itself']] as const) {
    assert.match(page, new RegExp(`<h3>${purpose}(?:(?!<h3>)[^])*<dt>When you erase</dt><dd>${afterwards}</dd>`), purpose);
  }
  assert.ok(page.includes('<dd>who sent the request; what it asked for; its key'), 'each column in words');
});

test('an erasure ends live streams at once, and its entry in the trail says how many rows went', { timeout: 60_000 }, async (t) => {
  const service = await start(t);
  const [clerk, auditor] = [await service.as('clerk'), await service.as('auditor')];
  const stream = await clerk.fetch('/api/v1/stream', { headers: { accept: 'text/event-stream' } });
  assert.deepEqual(await (await clerk.fetch('/api/v1/me', { method: 'DELETE', headers: json })).json(), { erased: 3 });
  assert.match(await stream.text(), /signed-out/);
  const [entry] = (await trailOf(auditor)).entries;
  assert.deepEqual(entry?.details, { operation: 'eraseOwnData', credential: 'session', erased: 3 });
});

test('who has a session and stands in no record is exported and erased by that alone', async (t) => {
  const service = await start(t);
  const [manager, auditor] = [await service.as('manager'), await service.as('auditor')];
  await service.as('clerk');
  await sql`update session set subject_id = 'nobody-recorded' where subject_id = 'clerk'`.execute(service.database.owner);
  const exported = (await (await manager.fetch('/api/v1/people/nobody-recorded/export', { method: 'POST', headers: json })).json()) as Exported;
  assert.deepEqual([exported.subject, 'person' in exported, rowsOf(exported, 'session').length, rowsOf(exported, 'person').length], ['nobody-recorded', false, 1, 0]);
  const erased = await manager.fetch('/api/v1/people/nobody-recorded', { method: 'DELETE', headers: json });
  assert.deepEqual([erased.status, (await erased.json()) as unknown], [200, { erased: 1 }]);
  assert.deepEqual((await trailOf(auditor)).entries.slice(0, 2).map(({ action, resource }) => [action, resource]), [['people:erase', '/people'], ['people:export', '/people']]);
  assert.equal((await expectProblem(await manager.fetch('/api/v1/people/nobody-recorded', { method: 'DELETE', headers: json }), 404, 'person-unknown')).detail, 'Nothing is kept about such a person.');
});

test('the document of the API names and describes each operation, its answers and what is not plain in them', async (t) => {
  const service = await start(t);
  interface Described { readonly description?: string; readonly properties?: Record<string, Described> }
  interface Operation extends Described { readonly operationId: string; readonly tags?: readonly string[]; readonly summary?: string; readonly responses: Record<string, Described & { readonly content?: Record<string, { readonly schema?: unknown }> }> }
  const document = (await (await fetch(`${service.url}/openapi.json`)).json()) as { paths: Record<string, Record<string, Operation>>; components: { schemas: Record<string, Described> } };
  const operations = Object.values(document.paths).flatMap((path) => Object.values(path));
  const schemas = { listAuditEntries: /AuditEntry"/, exportOwnData: /PersonalDataExport"/, eraseOwnData: /Erasure"/, exportPerson: /PersonalDataExport"/, erasePerson: /Erasure"/ };
  for (const [operationId, schema] of Object.entries(schemas)) {
    const operation = operations.find((one) => one.operationId === operationId);
    assert.ok(operation, operationId);
    assert.deepEqual(operation.tags, ['Personal data']);
    assert.match(operation.summary ?? '', /^\w+ .{8,}$/, operationId);
    if (operationId !== 'exportOwnData' && operationId !== 'erasePerson') assert.match(operation.description ?? '', /\w+ .{8,}\.$/, operationId);
    for (const [status, { description }] of Object.entries(operation.responses)) assert.match(description ?? '', /\w+ .+\.$/, `${operationId} ${status}`);
    assert.match(JSON.stringify(operation.responses['200']?.content), schema);
    if (/erson$/.test(operationId)) assert.match(operation.responses['404']?.description ?? '', /`person-unknown`/);
  }
  for (const [name, fields] of [['AuditEntry', ['actor', 'actorName']], ['PersonalDataExport', ['person']], ['Erasure', []]] as const) {
    assert.match(document.components.schemas[name]?.description ?? '', /\w+ .{8,}\.$/, name);
    for (const field of fields) assert.match(document.components.schemas[name]?.properties?.[field]?.description ?? '', /\w+ .{8,}\.$/, field);
  }
  assert.match(JSON.stringify(document.components.schemas['PersonalDataExport']), /What each column is\..*can’t be shown: secrets\./);
});

test('the chain holds after an erasure', async (t) => {
  const service = await start(t);
  const [clerk, auditor] = [await service.as('clerk'), await service.as('auditor')];
  await clerk.fetch('/api/v1/me', { method: 'DELETE', headers: json });
  const entries = await until('all entries are in the chain', async () => {
    const page = (await trailOf(auditor)).entries;
    return page.every(({ position }) => position !== null) ? page : undefined;
  });
  assert.deepEqual(entries.map(({ position }) => position), [3, 2, 1]);
  const keys = await openServiceKeys({ db: service.database.db, provider: await createKeyProvider(service.config.privacy.provider), log: createLog({ level: 'silent' }), now: new Date() });
  assert.deepEqual((await verifyTrail(service.database.db, { keys: keys.audit.map(deriveAuditKey), outside: [] })).map(({ tenantId, entries: count, problems }) => ({ tenantId, count, problems })), [{ tenantId: 'acme', count: 3, problems: [] }]);
});

test('a manager exports and erases another person of their tenant, and nobody of another tenant', async (t) => {
  const service = await start(t);
  const [clerk, manager, stranger] = [await service.as('clerk'), await service.as('manager'), await service.as('globex-manager')];
  const exported = await manager.fetch('/api/v1/people/clerk/export', { method: 'POST', headers: { ...json, 'idempotency-key': 'an-answer-that-is-kept' } });
  assert.deepEqual(rowsOf((await exported.json()) as Exported, 'session').length, 1);
  for (const [method, path] of [['POST', '/api/v1/people/manager/export'], ['DELETE', '/api/v1/people/manager']] as const) {
    assert.equal((await clerk.fetch(path, { method, headers: json })).status, 403);
    assert.equal((await stranger.fetch(path.replace('manager', 'clerk'), { method, headers: json })).status, 404);
    assert.equal((await manager.fetch(path.replace('manager', 'nobody'), { method, headers: json })).status, 404);
  }
  const erased = await manager.fetch('/api/v1/people/clerk', { method: 'DELETE', headers: json });
  assert.deepEqual([erased.status, (await erased.json()) as unknown], [200, { erased: 3 }], 'a session, a key and a name');
  assert.equal((await clerk.fetch('/api/v1/sessions', { headers: json })).status, 401);
  assert.equal((await manager.fetch('/api/v1/people/clerk', { method: 'DELETE', headers: json })).status, 404);
  assert.deepEqual((await sql`select from idempotency_key`.execute(service.database.owner)).rows, [], 'an export is kept under no key');
  const { rows } = await sql<{ text: string }>`select audit_entry::text as text from audit_entry`.execute(service.database.owner);
  assert.ok(rows.length >= 5 && rows.every(({ text }) => !/Cleo|clerk"|people\/clerk/.test(text)), 'the trail names nobody');
});

test('what others were answered about somebody who is erased is emptied, where it has their id and where it has their name alone', async (t) => {
  const service = await start(t);
  const [clerk] = [await service.as('clerk'), await service.as('auditor')];
  const keep = (key: string, tenant: string, body: object) => sql`insert into idempotency_key (tenant_id, subject_id, operation_id, key, fingerprint, status, headers, body, created_at)
    values (${tenant}, 'auditor', 'op', ${key}, 'f', 200, '{"etag": "x"}', ${JSON.stringify(body)}, now())`.execute(service.database.owner);
  await keep('by id', 'acme', { subject: 'clerk' });
  await keep('by name', 'acme', { by: 'Cleo Clerk' });
  await keep('of others', 'acme', { by: 'Cleo Clerkson', subject: 'clerks' });
  await keep('elsewhere', 'globex', { by: 'Cleo Clerk', subject: 'clerk' });
  assert.equal((await clerk.fetch('/api/v1/me', { method: 'DELETE', headers: json })).status, 200);
  const { rows } = await sql<{ key: string }>`select key from idempotency_key where operation_id = 'op' and body = '' and headers = '{}' order by key`.execute(service.database.owner);
  assert.deepEqual(rows.map(({ key }) => key), ['by id', 'by name']);
});

test('to take data along or to erase them asks for a sign-in of the last quarter of an hour', async (t) => {
  let now = new Date();
  const clerk = await (await start(t, () => now)).as('clerk');
  now = new Date(now.getTime() + 16 * 60_000);
  for (const [method, path] of [['POST', '/api/v1/me/export'], ['DELETE', '/api/v1/me']] as const) {
    const refused = await clerk.fetch(path, { method, headers: json });
    assert.equal(refused.status, 401);
    assert.match(refused.headers.get('www-authenticate') ?? '', /insufficient_user_authentication.*max_age/);
  }
});

test('auditors alone read the trail, page by page, their tenant’s only; a change that was refused is not in it', async (t) => {
  const service = await start(t);
  const [clerk, auditor, manager] = [await service.as('clerk'), await service.as('auditor'), await service.as('manager')];
  await service.as('globex-clerk');
  for (const visitor of [clerk, manager]) assert.equal((await visitor.fetch('/api/v1/audit-entries', { headers: json })).status, 403);
  await clerk.fetch('/api/v1/sessions/00000000-0000-4000-8000-000000000000', { method: 'DELETE', headers: json });
  await clerk.fetch('/api/v1/sessions', { method: 'DELETE', headers: json });
  const all = (await trailOf(auditor)).entries;
  assert.deepEqual(all.map(({ action, actorName }) => `${action} ${actorName}`), ['sessions:end Cleo Clerk', 'sessions:begin Mara Manager', 'sessions:begin Abe Auditor', 'sessions:begin Cleo Clerk'].map((text) => text.replace('Abe Auditor', all[2]?.actorName ?? '')));
  assert.deepEqual(all[0]?.details, { operation: 'endOtherSessions', credential: 'session' });
  const paged: Entry[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const { entries, nextCursor }: { entries: Entry[]; nextCursor: string | null } = await trailOf(auditor, `?limit=3${cursor === '' ? '' : `&cursor=${cursor}`}`);
    paged.push(...entries);
    cursor = nextCursor;
  }
  assert.deepEqual(paged.map(({ action, actor }) => [action, actor]), all.map(({ action, actor }) => [action, actor]));
  const statusOf = async (cursor: string) => (await auditor.fetch(`/api/v1/audit-entries?cursor=${Buffer.from(cursor).toString('base64url')}`, { headers: json })).status;
  for (const [cursor, status] of [['10', 200], ['1234567890123456', 200], ['12345678901234567', 400], ['x1', 400], ['1x', 400], ['0', 400]] as const) assert.equal(await statusOf(cursor), status, cursor);
  const refused = await auditor.fetch('/api/v1/audit-entries?cursor=AAAA', { headers: json });
  assert.equal(refused.status, 400);
  assert.match(await refused.text(), /invalid-request.*The request has parts that are not valid\..*"cursor".*This must be a nextCursor of this list\./);
});

test('an export that is asked for twice under one key is made and recorded twice, and has no exports in it', async (t) => {
  const service = await start(t);
  const [clerk, auditor] = [await service.as('clerk'), await service.as('auditor')];
  const send = async () => (await clerk.fetch('/api/v1/me/export', { method: 'POST', headers: { ...json, 'idempotency-key': 'twice-twice-twice-1' } })).text();
  const [first, second] = [(await send()).length, (await send()).length];
  assert.ok(second < first * 1.2, `one in the other would double it each time: ${first}, ${second}`);
  assert.equal((await trailOf(auditor)).entries.filter(({ action }) => action === 'own-data:export').length, 2);
});

test('a form that is sent twice under one key is one entry', async (t) => {
  const service = await start(t);
  const [clerk, auditor] = [await service.as('clerk'), await service.as('auditor')];
  const send = () => clerk.fetch('/account/sessions/end-others', form({ all: 'others', idempotencyKey: 'twice-twice-twice-1' }));
  assert.deepEqual([(await send()).status, (await send()).headers.get('idempotency-replayed')], [303, 'true']);
  assert.equal((await trailOf(auditor)).entries.filter(({ action }) => action === 'sessions:end').length, 1);
});
