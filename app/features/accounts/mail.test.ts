import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { sql } from 'kysely';
import { Registry } from 'prom-client';
import { createLog } from '#app/telemetry/log.ts';
import { until } from '#app/testing/condition.ts';
import { testDatabases, type TestedDatabase } from '#app/testing/database.ts';
import { createKeyRing } from './keys.ts';
import { createMailer, type Mail } from './mail.ts';
import { testKeys } from './proofs/test-person.ts';

const start = new Date('2026-11-24T10:00:00.000Z');
const mail: Mail = { to: 'a@x.test', subject: 'Canary', text: 'canary of the text' };

for (const engine of testDatabases()) {
  describe(`the queue of mails, on ${engine.name}`, () => {
    let database: TestedDatabase;
    before(async () => (database = await engine.open()));
    after(() => database.close());

    function open(send: (mail: Mail) => Promise<void>, keys = testKeys) {
      const metrics = new Registry();
      const state = { now: start };
      const lines: string[] = [];
      const mailer = createMailer({ database: database.db, keys, send, log: createLog({ level: 'info', destination: { write: (line) => void lines.push(line) } }), metrics, clock: () => state.now });
      const count = async (outcome: string) => (await metrics.getSingleMetric('stockade_accounts_mails_total')?.get())?.values.find(({ labels }) => (labels as { readonly outcome: string }).outcome === outcome)?.value ?? 0;
      const dropped = () => count('dropped');
      const sentCount = () => count('sent');
      return { mailer, state, dropped, sentCount, lines };
    }
    const waiting = async () => (await sql<{ due: Date; attempts: number }>`select due_at as due, attempts from account_mail`.execute(database.owner)).rows;

    it('a mail is sent after the commit, and kept nowhere after that; one that is rolled back never was', async () => {
      const sent: Mail[] = [];
      const { mailer, sentCount } = open((one) => { sent.push(one); return Promise.resolve(); });
      await assert.rejects(database.forTenant('acme').transaction().execute(async (tx) => { await mailer.enqueue(tx, 'acme', { ...mail, subject: 'Never' }, start); throw new Error('no'); }));
      await database.forTenant('acme').transaction().execute((tx) => mailer.enqueue(tx, 'acme', mail, start));
      assert.equal((await waiting()).length, 1);
      const { rows } = await sql<{ sealed: Buffer }>`select sealed from account_mail`.execute(database.owner);
      assert.ok(rows.every(({ sealed }) => !Buffer.from(sealed).toString('latin1').includes('anary')), 'it may hold a token');
      mailer.wake();
      await until('the mail', () => sent.length > 0);
      await mailer.stop();
      assert.deepEqual(sent, [mail]);
      assert.equal(await sentCount(), 1);
      assert.deepEqual(await waiting(), []);
    });

    it('one that no server takes is tried again, each time after twice as long, and given up after eight times', async () => {
      let tries = 0;
      const { mailer, state, dropped, lines } = open(() => { tries += 1; return Promise.reject(new Error('no server')); });
      await mailer.enqueue(database.db, 'acme', mail, start);
      const minutes: number[] = [];
      for (let attempt = 1; attempt <= 8; attempt += 1) {
        mailer.wake();
        await until(`try ${attempt}`, async () => tries === attempt && (await waiting()).every(({ due }) => due.getTime() !== state.now.getTime() + 120_000 || attempt === 2));
        const [row] = await waiting();
        if (row === undefined) break;
        minutes.push((row.due.getTime() - state.now.getTime()) / 60_000);
        state.now = row.due;
      }
      await mailer.stop();
      assert.deepEqual(minutes, [1, 2, 4, 8, 16, 32, 64]);
      assert.deepEqual([tries, await dropped(), (await waiting()).length], [8, 1, 0]);
      const logged = lines.map((line) => JSON.parse(line) as { level: string; msg: string; attempts: number; err: { message: string } });
      assert.deepEqual(logged.map(({ level, msg, attempts, err }) => [level, msg, attempts, err.message]), [
        ...[1, 2, 3, 4, 5, 6, 7].map((attempts) => ['warn', 'a mail could not be sent; it is tried again', attempts, 'no server']),
        ['error', 'a mail could not be sent and was given up', 8, 'no server'],
      ]);
    });

    it('a process that has not the key yet, in a rotation, leaves the mail to one that has', async () => {
      const sent: Mail[] = [];
      const send = (one: Mail) => { sent.push(one); return Promise.resolve(); };
      const other = open(send, createKeyRing([{ id: 'older', secret: Buffer.alloc(32) }]));
      const { mailer, state } = open(send);
      await mailer.enqueue(database.db, 'acme', mail, start);
      other.mailer.wake();
      const [left] = await until('it to be put back', async () => { const rows = await waiting(); return rows[0]?.due.getTime() === start.getTime() + 60_000 && rows; });
      assert.equal(sent.length, 0);
      state.now = left?.due ?? start;
      mailer.wake();
      await until('the mail', () => sent.length === 1);
      await Promise.all([mailer.stop(), other.mailer.stop()]);
    });

    it('a queue that can not be read is told, and read the next time', async () => {
      const sent: Mail[] = [];
      const { mailer, lines } = open((one) => { sent.push(one); return Promise.resolve(); });
      await sql`alter table account_mail rename to account_mail_away`.execute(database.owner);
      mailer.wake();
      await until('the failure to be told', () => lines.some((line) => line.includes('"level":"warn"') && line.includes('account_mail') && line.includes('"msg":"the queue of mails could not be read; it is tried again"')));
      await sql`alter table account_mail_away rename to account_mail`.execute(database.owner);
      await mailer.enqueue(database.db, 'acme', mail, start);
      mailer.wake();
      await until('the mail', () => sent.length === 1);
      await mailer.stop();
    });

    it('one that is stopped finishes what it has begun, and leaves the rest in the queue', async () => {
      let tries = 0;
      const begun = Promise.withResolvers<undefined>();
      const { mailer } = open(async () => { tries += 1; await begun.promise; });
      for (let index = 0; index < 25; index += 1) await mailer.enqueue(database.db, 'acme', mail, start);
      mailer.wake();
      await until('the first ten', () => tries === 10);
      const stopped = mailer.stop();
      begun.resolve(undefined);
      await stopped;
      assert.deepEqual([tries, (await waiting()).length], [10, 15]);
      await sql`delete from account_mail`.execute(database.owner);
    });

    it('two processes send each mail once', async () => {
      const sent: string[] = [];
      const send = (one: Mail) => { sent.push(one.subject); return Promise.resolve(); };
      const mailers = [open(send).mailer, open(send).mailer] as const;
      for (let index = 0; index < 45; index += 1) await mailers[0].enqueue(database.db, 'acme', { ...mail, subject: `mail ${index}` }, start);
      for (const mailer of mailers) mailer.wake();
      await until('all mails', async () => (await waiting()).length === 0);
      for (const mailer of mailers) await mailer.stop();
      assert.equal(sent.length, 45);
      assert.equal(new Set(sent).size, 45);
    });
  });
}
