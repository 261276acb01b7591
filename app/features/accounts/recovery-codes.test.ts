import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { sql } from 'kysely';
import { testDatabases, type TestedDatabase } from '#app/testing/database.ts';
import { countCodes, removeCodes, replaceCodes, useCode } from './recovery-codes.ts';
import { type Account, createAccount } from './store.ts';

const now = new Date('2026-11-24T10:00:00.000Z');

/** As people type. */
const spellings: readonly ((code: string) => string)[] = [
  (code) => code,
  (code) => code.toUpperCase(),
  (code) => code.replaceAll('-', ''),
  (code) => code.replaceAll('-', ' '),
  (code) => ` ${code}\t`,
  (code) => code.replaceAll('-', ' - '),
  (code) => Array.from(code).join(' '),
  (code) => code.replaceAll('0', 'o').replaceAll('1', 'i'),
  (code) => code.toUpperCase().replaceAll('0', 'O').replaceAll('1', 'I'),
  (code) => code.replaceAll('1', 'l'),
];

for (const engine of testDatabases()) {
  describe(`recovery codes, on ${engine.name}`, () => {
    let database: TestedDatabase;
    let count = 0;
    before(async () => (database = await engine.open()));
    after(() => database.close());

    const make = async (tenantId = 'acme'): Promise<Account> => {
      const account = await createAccount(database.forTenant(tenantId), { tenantId, email: `person${(count += 1)}@x.test`, name: 'Person', roles: ['clerk'] }, now);
      assert.ok(account);
      return account;
    };

    test('ASVS 6.5.3, 6.5.4: there are ten, each of 24 characters out of 32, and none like another, whatever a clock and Math.random say', async (t) => {
      t.mock.timers.enable({ apis: ['Date'] });
      t.mock.method(Math, 'random', () => 0.5);
      const account = await make();
      const codes = [...(await replaceCodes(database.forTenant('acme'), account)), ...(await replaceCodes(database.forTenant('acme'), account))];
      assert.equal(new Set(codes).size, 20);
      for (const code of codes) assert.match(code, /^[0-9a-hjkmnp-tv-z]{4}(?:-[0-9a-hjkmnp-tv-z]{4}){5}$/);
      assert.equal(await countCodes(database.forTenant('acme'), account), 10);
    });

    test('ASVS 6.5.2: with 120 bits a plain hash suffices, and nothing else of them is kept', async () => {
      const account = await make();
      const codes = await replaceCodes(database.forTenant('acme'), account);
      const { rows } = await sql<{ code_hash: Buffer; kept: string }>`select code_hash, cast(account_recovery_code as text) as kept from account_recovery_code where account_id = ${account.id}`.execute(database.owner);
      assert.deepEqual(rows.map(({ code_hash: hash }) => Buffer.from(hash).toString('hex')).toSorted(), codes.map((code) => createHash('sha256').update(code.replaceAll('-', '')).digest('hex')).toSorted());
      for (const code of codes) {
        assert.equal(code.replaceAll('-', '').length * 5, 120);
        for (const form of [code, code.replaceAll('-', '')]) assert.ok(rows.every(({ kept }) => !kept.includes(form) && !kept.includes(Buffer.from(form).toString('hex'))));
      }
    });

    test('each is good however it is typed: capitals, blanks, no dashes, letters that look like digits', async () => {
      const account = await make();
      const codes = await replaceCodes(database.forTenant('acme'), account);
      for (const [index, code] of codes.entries()) {
        const typed = spellings[index]?.(code) ?? '';
        assert.equal(await useCode(database.db, account, typed), true, typed);
      }
      assert.equal(await countCodes(database.db, account), 0);
    });

    test('ASVS 6.5.1: one is good once, however it is typed the next time', async () => {
      const account = await make();
      const [code = ''] = await replaceCodes(database.forTenant('acme'), account);
      assert.equal(await useCode(database.db, account, code), true);
      for (const spell of spellings) assert.equal(await useCode(database.db, account, spell(code)), false);
      assert.equal(await countCodes(database.forTenant('acme'), account), 9);
    });

    test('what is no code, or a part of one, is not good and uses none up', async () => {
      const account = await make();
      const [code = ''] = await replaceCodes(database.forTenant('acme'), account);
      for (const typed of ['', ' ', '-', '%', code.slice(1), `${code}0`, code.slice(0, 4), 'not-a-code', '287082']) assert.equal(await useCode(database.db, account, typed), false, typed);
      assert.equal(await countCodes(database.db, account), 10);
    });

    test('one is its account’s alone: not another’s of the tenant, not another tenant’s', async () => {
      const [account, colleague, stranger] = [await make(), await make(), await make('globex')];
      const [code = ''] = await replaceCodes(database.forTenant('acme'), account);
      assert.equal(await useCode(database.db, colleague, code), false);
      assert.equal(await useCode(database.db, stranger, code), false);
      assert.equal(await useCode(database.db, { ...account, tenantId: 'globex' }, code), false);
      assert.equal(await useCode(database.db, account, code), true);
    });

    test('ASVS 8.4.1: in another tenant’s forms none is seen, used, removed or made', async () => {
      const account = await make();
      const [code = ''] = await replaceCodes(database.forTenant('acme'), account);
      const other = database.forTenant('globex');
      assert.equal(await countCodes(other, account), 0);
      assert.equal(await useCode(other, account, code), false);
      await removeCodes(other, account);
      await assert.rejects(replaceCodes(other, account), { code: '42501' });
      assert.equal(await countCodes(database.owner, account), 10);
    });

    test('a sign-in, before it is one, makes none', async () => {
      const account = await make();
      await assert.rejects(replaceCodes(database.db, account), { code: '42501' });
    });

    test('new ones void the old, and removed ones are gone; those of others stay', async () => {
      const [account, colleague] = [await make(), await make()];
      const [acme] = [database.forTenant('acme')];
      const old = await replaceCodes(acme, account);
      await replaceCodes(acme, colleague);
      const [young = ''] = await replaceCodes(acme, account);
      for (const code of old) assert.equal(await useCode(database.db, account, code), false);
      await removeCodes(acme, account);
      assert.equal(await useCode(database.db, account, young), false);
      assert.deepEqual([await countCodes(acme, account), await countCodes(acme, colleague)], [0, 10]);
    });

    test('the table tells none of them', async () => {
      const codes = await replaceCodes(database.forTenant('acme'), await make());
      const { rows } = await sql<{ kept: Uint8Array }>`select code_hash as kept from account_recovery_code`.execute(database.owner);
      assert.ok(rows.length >= 10);
      for (const { kept } of rows) {
        assert.equal(kept.length, 32);
        const text = Buffer.from(kept).toString('latin1');
        assert.ok(codes.every((code) => !text.includes(code) && !text.includes(code.replaceAll('-', ''))));
      }
    });

    if (engine.name === 'PostgreSQL') {
      test('of many who use one at once, one gets in', async () => {
        const account = await make();
        const [code = ''] = await replaceCodes(database.forTenant('acme'), account);
        const uses = await Promise.all(Array.from({ length: 20 }, (_, index) => useCode(database.db, account, spellings[index % spellings.length]?.(code) ?? code)));
        assert.equal(uses.filter(Boolean).length, 1);
        assert.equal(await countCodes(database.db, account), 9);
      });
    }
  });
}
