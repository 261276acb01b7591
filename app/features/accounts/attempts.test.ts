import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { sql } from 'kysely';
import { testDatabases, type TestedDatabase } from '#app/testing/database.ts';
import { ATTEMPT_MS, beginAttempt, continueAttempt, endAttempt, takeAttempt } from './attempts.ts';

const now = new Date('2026-11-24T10:00:00.000Z');
const later = (ms: number) => new Date(now.getTime() + ms);

for (const engine of testDatabases()) {
  describe(`attempts, on ${engine.name}`, () => {
    let database: TestedDatabase;
    before(async () => (database = await engine.open()));
    after(() => database.close());

    const someone = () => ({ tenantId: 'acme', id: randomUUID() });

    test('at sign-in the platform begins one, and its second request knows what the first one knew', async () => {
      const account = someone();
      const id = await beginAttempt(database.db, { purpose: 'second-factor', account, challenge: 'challenge', secret: Buffer.from('sealed') }, now);
      assert.match(id, /^[A-Za-z0-9_-]{43}$/, '256 bits');
      assert.deepEqual(await continueAttempt(database.db, id, 'second-factor', now), { purpose: 'second-factor', account, challenge: 'challenge', secret: Buffer.from('sealed') });
    });

    test('what it does not know of is absent: a passkey is to tell whose it is', async () => {
      const id = await beginAttempt(database.db, { purpose: 'passkey-sign-in', challenge: 'challenge' }, now);
      const taken = await takeAttempt(database.db, id, 'passkey-sign-in', now);
      assert.deepEqual(taken, { purpose: 'passkey-sign-in', challenge: 'challenge', secret: undefined });
    });

    test('in their forms people begin, continue, take and end their own', async () => {
      const [acme, account] = [database.forTenant('acme'), someone()];
      const added = await beginAttempt(acme, { purpose: 'authenticator', account, secret: Buffer.from('sealed') }, now);
      assert.deepEqual((await continueAttempt(acme, added, 'authenticator', now))?.account, account);
      assert.equal(await endAttempt(acme, added), true);
      const registered = await beginAttempt(acme, { purpose: 'passkey-registration', account, challenge: 'challenge' }, now);
      assert.equal((await takeAttempt(acme, registered, 'passkey-registration', now))?.challenge, 'challenge');
    });

    test('ASVS 8.4.1: nobody goes on with one of another tenant, or of nobody yet, though they have its id', async () => {
      const own = await beginAttempt(database.forTenant('acme'), { purpose: 'authenticator', account: someone() }, now);
      const nobodys = await beginAttempt(database.db, { purpose: 'authenticator' }, now);
      const other = database.forTenant('globex');
      for (const id of [own, nobodys]) {
        assert.equal(await continueAttempt(other, id, 'authenticator', now), undefined);
        assert.equal(await takeAttempt(other, id, 'authenticator', now), undefined);
        assert.equal(await endAttempt(other, id), false);
        assert.ok(await takeAttempt(database.db, id, 'authenticator', now), 'it is there');
      }
      await assert.rejects(beginAttempt(other, { purpose: 'authenticator', account: someone() }, now), { code: '42501' });
    });

    test('the table does not tell the id', async () => {
      const id = await beginAttempt(database.db, { purpose: 'second-factor', account: someone() }, now);
      const { rows } = await sql<{ kept: string }>`select cast(account_attempt as text) as kept from account_attempt`.execute(database.owner);
      assert.ok(rows.length > 0);
      for (const form of [Buffer.from(id).toString('hex'), Buffer.from(id, 'base64url').toString('hex'), id]) assert.ok(rows.every(({ kept }) => !kept.includes(form)));
    });

    test('the sixth try is one too many; for another purpose none is counted, and none is made', async () => {
      const id = await beginAttempt(database.db, { purpose: 'second-factor', account: someone() }, now);
      for (let time = 0; time < 6; time += 1) assert.equal(await continueAttempt(database.db, id, 'authenticator', now), undefined);
      for (let time = 0; time < 5; time += 1) assert.ok(await continueAttempt(database.db, id, 'second-factor', now));
      assert.equal(await continueAttempt(database.db, id, 'second-factor', now), undefined);
    });

    test('it is good for five minutes, and not at their end', async () => {
      assert.equal(ATTEMPT_MS, 300_000);
      const id = await beginAttempt(database.db, { purpose: 'second-factor', account: someone() }, now);
      assert.equal(await continueAttempt(database.db, id, 'second-factor', later(ATTEMPT_MS)), undefined);
      assert.equal(await takeAttempt(database.db, id, 'second-factor', later(ATTEMPT_MS)), undefined);
      assert.ok(await continueAttempt(database.db, id, 'second-factor', later(ATTEMPT_MS - 1)));
      assert.ok(await takeAttempt(database.db, id, 'second-factor', later(ATTEMPT_MS - 1)));
    });

    test('ASVS 2.3.1: what is taken or ended has ended; what was made up never was', async () => {
      const [taken, ended] = [await beginAttempt(database.db, { purpose: 'second-factor', account: someone() }, now), await beginAttempt(database.db, { purpose: 'second-factor', account: someone() }, now)];
      assert.equal(await takeAttempt(database.db, taken, 'passkey-sign-in', now), undefined, 'not for another purpose');
      assert.ok(await takeAttempt(database.db, taken, 'second-factor', now));
      assert.equal(await endAttempt(database.db, ended), true);
      for (const id of [taken, ended, 'A'.repeat(43), '']) {
        assert.equal(await continueAttempt(database.db, id, 'second-factor', now), undefined);
        assert.equal(await takeAttempt(database.db, id, 'second-factor', now), undefined);
        assert.equal(await endAttempt(database.db, id), false);
      }
    });

    if (engine.name === 'PostgreSQL') {
      test('of many requests at once five try, one takes, and one ends', async () => {
        const flood = async <T>(work: (id: string) => Promise<T>) => {
          const id = await beginAttempt(database.db, { purpose: 'second-factor', account: someone() }, now);
          return (await Promise.all(Array.from({ length: 20 }, () => work(id)))).filter((outcome) => outcome !== undefined && outcome !== false).length;
        };
        assert.equal(await flood((id) => continueAttempt(database.db, id, 'second-factor', now)), 5);
        assert.equal(await flood((id) => takeAttempt(database.db, id, 'second-factor', now)), 1);
        assert.equal(await flood((id) => endAttempt(database.db, id)), 1);
      });
    }
  });
}
