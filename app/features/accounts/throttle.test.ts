import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { testDatabases, type TestedDatabase } from '#app/testing/database.ts';
import { type Counted, forgetOld, succeed, takeTurn } from './throttle.ts';

const start = new Date('2026-11-24T10:00:00.000Z');
const at = (seconds: number) => new Date(start.getTime() + seconds * 1_000);

for (const engine of testDatabases()) {
  describe(`slowing down guesses, on ${engine.name}`, () => {
    let database: TestedDatabase;
    let count = 0;
    before(async () => (database = await engine.open()));
    after(() => database.close());

    const someone = (): Counted => ({ kind: 'account', tenantId: 'acme', name: `somebody-${(count += 1)}` });
    const somewhere = (): Counted => ({ kind: 'address', address: `192.0.2.${(count += 1)}` });
    const fail = async (counted: readonly Counted[], times: number, when = start) => {
      for (let time = 0; time < times; time += 1) await takeTurn(database.db, counted, when);
    };

    it('the delay doubles with every failure, up to a quarter of an hour; what is refused does not count', async () => {
      const who = [someone()];
      await fail(who, 4);
      let [seconds, delays] = [0, [] as number[]];
      for (let failure = 0; failure < 13; failure += 1) {
        assert.equal(await takeTurn(database.db, who, at(seconds)), undefined);
        const waitS = await takeTurn(database.db, who, at(seconds));
        assert.ok(waitS !== undefined);
        assert.equal(await takeTurn(database.db, who, at(seconds + waitS - 0.5)), 1);
        delays = [...delays, waitS];
        seconds += waitS;
      }
      assert.deepEqual(delays, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]);
    });

    it('ASVS 6.3.1: of a flood at once only the free turns and one more are taken, whichever process counts', async () => {
      const who = [someone()];
      const turns = await Promise.all(Array.from({ length: 40 }, (_, index) => takeTurn(index % 2 === 0 ? database.db : database.forTenant('acme'), who, start)));
      assert.equal(turns.filter((turn) => turn === undefined).length, 5);
    });

    it('a good sign-in forgets the account’s failures, and of the address’s its own alone', async () => {
      const [who, where] = [someone(), somewhere()];
      await fail([where], 19);
      await fail([who], 3);
      assert.equal(await takeTurn(database.db, [who, where], start), undefined);
      await succeed(database.db, [who, where]);
      for (let time = 0; time < 5; time += 1) assert.equal(await takeTurn(database.db, [who], start), undefined);
      assert.equal(await takeTurn(database.db, [where], start), undefined);
      assert.equal(await takeTurn(database.db, [where], start), undefined);
      assert.equal(await takeTurn(database.db, [where], start), 1);
    });

    it('a try that the address refuses is not counted against the account', async () => {
      const [who, where] = [someone(), somewhere()];
      await fail([where], 21);
      for (let time = 0; time < 9; time += 1) assert.equal(await takeTurn(database.db, [who, where], start), 1);
      for (let time = 0; time < 5; time += 1) assert.equal(await takeTurn(database.db, [who], start), undefined);
    });

    it('each account, tenant, device, factor and address is counted by itself', async () => {
      const name = `name-${(count += 1)}`;
      await fail([{ kind: 'account', tenantId: 'acme', name }], 5);
      assert.equal(await takeTurn(database.db, [{ kind: 'account', tenantId: 'acme', name }], start), 1);
      for (const other of [{ kind: 'account', tenantId: 'globex', name }, { kind: 'device', tenantId: 'acme', name }, { kind: 'second-factor', tenantId: 'acme', name }, { kind: 'address', address: name }] as const) {
        assert.equal(await takeTurn(database.db, [other], start), undefined, other.kind);
      }
    });

    it('after a day without a failure it is all forgotten', async () => {
      const [who, other] = [[someone()], [someone()]];
      await fail(who, 5);
      await fail(other, 5);
      for (let time = 0; time < 5; time += 1) assert.equal(await takeTurn(database.db, who, at(86_401)), undefined);
      assert.ok((await forgetOld(database.db, at(86_401))) >= 1);
      assert.equal(await takeTurn(database.db, who, at(86_401)), 1);
    });
  });
}
