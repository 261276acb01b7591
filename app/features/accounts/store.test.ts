import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { sql } from 'kysely';
import { testDatabases, type TestedDatabase } from '#app/testing/database.ts';
import { addPasskey, listPasskeys, removePasskeys } from './passkeys.ts';
import { type Account, accountIdOf, changeAccount, createAccount, createToken, dropPassword, findByEmail, listAccounts, readAccount, readToken, replaceHash, setPassword, setTotpSecret, subjectIdOf, useToken, useTotpStep } from './store.ts';
import { tablesOf } from './tables.ts';

const now = new Date('2026-11-24T10:00:00.000Z');
const later = (ms: number) => new Date(now.getTime() + ms);

for (const engine of testDatabases()) {
  describe(`accounts in the database, on ${engine.name}`, () => {
    let database: TestedDatabase;
    let count = 0;
    before(async () => (database = await engine.open()));
    after(() => database.close());

    /** As a manager's operation does. */
    const make = async (tenantId = 'acme'): Promise<Account> => {
      count += 1;
      const account = await createAccount(database.forTenant(tenantId), { tenantId, email: `Person${count}@x.test`, name: 'Person', roles: ['clerk'] }, later(count));
      assert.ok(account);
      return account;
    };

    it('one account an email in a tenant, however it is written; another tenant may have it too', async () => {
      const account = await make();
      const again = { email: account.email.toUpperCase(), name: 'Other', roles: ['viewer'] as const };
      assert.equal(await createAccount(database.forTenant('acme'), { ...again, tenantId: 'acme' }, now), undefined);
      assert.ok(await createAccount(database.forTenant('globex'), { ...again, tenantId: 'globex' }, now));
      assert.equal((await findByEmail(database.db, 'acme', ` ${account.email.toLowerCase()} `))?.id, account.id);
      assert.equal(await findByEmail(database.db, 'elsewhere', account.email), undefined);
    });

    it('ASVS 6.8.1: its subject is set apart from the provider’s', async () => {
      const account = await make();
      assert.equal(accountIdOf(subjectIdOf(account)), account.id);
      for (const subject of ['clerk', account.id, 'account:x', `account:${'-'.repeat(36)}`, ` ${subjectIdOf(account)}`]) assert.equal(accountIdOf(subject), undefined);
    });

    it('ASVS 8.4.1: row-level security keeps one tenant’s accounts from another, whatever the statement says', async () => {
      const account = await make();
      const other = database.forTenant('globex');
      assert.equal(await readAccount(other, account), undefined);
      await setTotpSecret(other, account, Buffer.from('x'));
      assert.equal((await readAccount(database.owner, account))?.totpSecret, null);
      assert.deepEqual((await listAccounts(other, 'acme', { limit: 10 })).rows, []);
      for (const table of ['account_passkey', 'account_recovery_code', 'account_token', 'account_attempt', 'account_throttle'] as const) {
        assert.equal((await sql`select from ${sql.table(table)} where tenant_id <> 'globex'`.execute(other)).rows.length, 0, table);
      }
      await assert.rejects(sql`select from account_mail`.execute(other), { code: '42501' });
      await assert.rejects(sql`delete from account`.execute(database.db), { code: '42501' }, 'nor does the platform remove one');
    });

    it('every change of rights is a new version', async () => {
      const account = await make();
      const changed = await changeAccount(database.forTenant('acme'), account, { roles: ['viewer'], disabled: true });
      assert.deepEqual([changed?.roles, changed?.disabled, changed?.name, changed?.version], [['viewer'], true, 'Person', 2]);
      assert.equal(await changeAccount(database.forTenant('globex'), account, { name: 'Theirs' }), undefined);
    });

    it('a renewed digest does not undo a password that was changed in the meantime', async () => {
      const account = await make();
      await setPassword(database.forTenant('acme'), account, 'first', true);
      const before = await readAccount(database.db, account);
      assert.ok(before);
      await setPassword(database.db, account, 'second', false);
      await replaceHash(database.db, before, 'first, renewed');
      const current = await readAccount(database.db, account);
      assert.deepEqual([current?.passwordHash, current?.passwordStandsAlone], ['second', false]);
      if (current) await replaceHash(database.db, current, 'second, renewed');
      assert.equal((await readAccount(database.db, account))?.passwordHash, 'second, renewed');
      await dropPassword(database.forTenant('acme'), account);
      assert.equal((await readAccount(database.db, account))?.passwordHash, null);
    });

    it('a token is good until its time, once, for its account; a password that is set voids it', async () => {
      const account = await make();
      const token = await createToken(database.db, account, later(1_000));
      assert.deepEqual(await readToken(database.db, token, now), { tenantId: 'acme', id: account.id });
      assert.equal(await useToken(database.db, token, later(1_000)), undefined);
      assert.equal(await useToken(database.db, `${token}x`, now), undefined);
      const uses = await Promise.all(Array.from({ length: 8 }, () => useToken(database.db, token, now)));
      assert.equal(uses.filter((use) => use !== undefined).length, 1);
      const other = await createToken(database.forTenant('acme'), account, later(1_000));
      await setPassword(database.db, account, 'x', true);
      assert.equal(await useToken(database.db, other, now), undefined);
    });

    it('of one step’s code, and of older ones, nothing is taken twice', async () => {
      const account = await make();
      const uses = await Promise.all(Array.from({ length: 8 }, () => useTotpStep(database.db, account, 100)));
      assert.equal(uses.filter(Boolean).length, 1);
      assert.equal(await useTotpStep(database.db, account, 99), false);
      assert.equal(await useTotpStep(database.db, account, 101), true);
    });

    it('a passkey is its person’s until that person removes it', async () => {
      const [account, other] = [await make(), await make()];
      const [acme, passkey] = [database.forTenant('acme'), { id: `key-${account.id}`, name: 'Laptop', publicKey: new Uint8Array([1, 2]), counter: 5, transports: ['internal'] }];
      assert.equal(await addPasskey(acme, account, passkey, now), true);
      assert.equal(await addPasskey(acme, other, passkey, now), false);
      const [kept] = await listPasskeys(database.db, account);
      assert.deepEqual([kept?.name, kept?.counter, [...(kept?.publicKey ?? [])], kept?.transports, kept?.createdAt], ['Laptop', 5, [1, 2], ['internal'], now]);
      assert.equal(await removePasskeys(acme, other, passkey.id), 0);
      assert.equal(await removePasskeys(acme, account, passkey.id), 1);
    });

    it('ASVS 6.7.1: the key that a passkey is verified by is nobody’s to change: what the service may of it is to count its uses', async () => {
      const account = await make();
      await addPasskey(database.forTenant('acme'), account, { id: `key-of-${account.id}`, name: 'Key', publicKey: new Uint8Array(8), counter: 0, transports: [] }, now);
      for (const db of [database.db, database.forTenant('acme')]) {
        for (const change of [{ public_key: Buffer.from('another') }, { account_id: randomUUID() }, { transports: [] }]) await assert.rejects(tablesOf(db).updateTable('account_passkey').set(change).where('account_id', '=', account.id).execute(), { code: '42501' });
      }
      await tablesOf(database.db).updateTable('account_passkey').set({ counter: 1, used_at: now }).where('account_id', '=', account.id).execute();
      assert.deepEqual((await listPasskeys(database.db, account)).map(({ counter, publicKey }) => [counter, publicKey.length]), [[1, 8]]);
    });

    it('the list goes on after its last row, the oldest first', async () => {
      const made = [await make('paged'), await make('paged'), await make('paged')];
      const first = await listAccounts(database.forTenant('paged'), 'paged', { limit: 2 });
      assert.deepEqual([first.rows.map(({ id }) => id), first.more], [made.slice(0, 2).map(({ id }) => id), true]);
      const rest = await listAccounts(database.forTenant('paged'), 'paged', { after: first.rows[1], limit: 2 });
      assert.deepEqual([rest.rows.map(({ id }) => id), rest.more], [[made[2]?.id], false]);
    });

  });
}
