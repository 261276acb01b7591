// The service's keys: made once, opened by whoever has the provider, and wrapped anew when its key changes.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test, type TestContext } from 'node:test';
import { sql } from 'kysely';
import { pino } from 'pino';
import { AppError } from '#app/errors.ts';
import { createLocalKeyProvider, type KeyProvider } from '#app/privacy/key-provider.ts';
import { addServiceKey, openServiceKeys } from '#app/privacy/service-keys.ts';
import { type TestDatabase, testDatabases } from '#app/testing/database.ts';

const now = new Date('2026-11-24T12:00:00.000Z');
const [one, two] = [{ id: 'one', secret: randomBytes(32) }, { id: 'two', secret: randomBytes(32) }];

async function open(t: TestContext, engine: TestDatabase) {
  const database = await engine.open();
  t.after(() => database.close());
  const { db } = database;
  const lines: string[] = [];
  const log = pino({}, { write: (line: string) => void lines.push(line) });
  return { database, db, lines, openWith: (...keys: (typeof one)[]) => openServiceKeys({ db, provider: createLocalKeyProvider(keys), log, now }) };
}

for (const engine of testDatabases()) {
  test(`${engine.name}: processes that start at once make one key of each purpose, and all have the same`, async (t) => {
    const { database, openWith } = await open(t, engine);
    const opened = await Promise.all(Array.from({ length: 4 }, () => openWith(one)));
    for (const keys of opened) assert.deepEqual(keys, opened[0]);
    const secrets = Object.values(opened[0] ?? {}).map(([key]) => key.secret);
    assert.deepEqual([secrets.length, new Set(secrets.map(String)).size, ...secrets.map(({ length }) => length)], [3, 3, 32, 32, 32]);
    assert.deepEqual(await openWith(one), opened[0], 'after a restart too');
    const { rows } = await sql<{ line: string }>`select encode(wrapped, 'hex') as line from service_key`.execute(database.owner);
    assert.equal(rows.length, 3);
    for (const secret of secrets) assert.ok(!rows.some(({ line }) => line.includes(secret.toString('hex'))));
  });

  test(`${engine.name}: the provider's new key takes over at the next start, and then the old one may go`, async (t) => {
    const { lines, openWith } = await open(t, engine);
    const before = await openWith(one);
    await assert.rejects(openWith(two), AppError);
    assert.deepEqual(lines, [], 'nothing is wrapped anew under the same key');
    assert.deepEqual(await openWith(two, one), before);
    assert.deepEqual(lines.map((line) => JSON.parse(line) as Record<string, unknown>).map(({ purpose, providerKey, msg }) => [purpose, providerKey, msg]).toSorted(), ['audit', 'people', 'people-index'].map((purpose) => [purpose, 'two', 'service key wrapped with the provider\'s present key']));
    assert.deepEqual(await openWith(two), before);
    assert.equal(lines.length, 3);
    await assert.rejects(openWith(one), AppError);
  });

  test(`${engine.name}: a start makes the key of a purpose that has none, and asks the provider to wrap nothing else`, async (t) => {
    const { database, db } = await open(t, engine);
    const local = createLocalKeyProvider([one]);
    let wraps = 0;
    const provider: KeyProvider = { keyId: local.keyId, wrap: (...given) => { wraps += 1; return local.wrap(...given); }, unwrap: (...given) => local.unwrap(...given) };
    const openNow = () => openServiceKeys({ db, provider, log: pino({ level: 'silent' }), now });
    const before = await openNow();
    await openNow();
    assert.equal(wraps, 3);
    await sql`delete from service_key where purpose = 'people'`.execute(database.owner);
    const after = await openNow();
    assert.deepEqual([after.audit, after['people-index']], [before.audit, before['people-index']]);
    assert.deepEqual([after.people.length, after.people[0].id !== before.people[0].id, wraps], [1, true, 4]);
  });

  test(`${engine.name}: a row that was moved to another purpose does not open`, async (t) => {
    const { database, openWith } = await open(t, engine);
    await openWith(one);
    await sql`update service_key set wrapped = (select wrapped from service_key where purpose = 'audit') where purpose = 'people'`.execute(database.owner);
    await assert.rejects(openWith(one), AppError);
  });

  test(`${engine.name}: a further key stands first at the next start, and the one before it still opens what it made`, async (t) => {
    const { db, openWith } = await open(t, engine);
    const before = await openWith(one);
    const id = await addServiceKey({ db, provider: createLocalKeyProvider([one]), now: new Date(now.getTime() + 1) }, 'people');
    const after = await openWith(one);
    assert.deepEqual(after.people.map((key) => key.id), [id, before.people[0].id]);
    assert.deepEqual(after.audit, before.audit);
  });

  test(`${engine.name}: no tenant's work sees them`, async (t) => {
    const { database, openWith } = await open(t, engine);
    await openWith(one);
    await assert.rejects(sql`select * from service_key`.execute(database.forTenant('acme')), { code: '42501' });
    await assert.rejects(sql`delete from service_key`.execute(database.db), { code: '42501' });
  });
}
