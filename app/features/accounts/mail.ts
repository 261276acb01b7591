// Mail that is sent once its change is committed: kept encrypted until a server has taken it, tried again when none does.
import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import type { Logger } from 'pino';
import { Counter, type Registry } from 'prom-client';
import type { Database } from '#app/feature.ts';
import type { KeyRing } from './keys.ts';
import { tablesOf } from './tables.ts';

export interface Mail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}
/** Resolves once somebody else is answerable for it. */
export type SendMail = (mail: Mail) => Promise<void>;

export interface Mailer {
  /** Written with the change that it tells of; `wake` after the commit. */
  enqueue(db: Database, tenantId: string, mail: Mail, now: Date): Promise<void>;
  readonly wake: () => void;
  stop(): Promise<void>;
}

export interface MailerParts {
  readonly database: Database;
  readonly keys: KeyRing;
  readonly send: SendMail;
  readonly log: Logger;
  readonly metrics: Registry;
  readonly clock: () => Date;
}

/** What another process has left behind is found by then. */
const POLL_MS = 15_000;
const AT_ONCE = 10;
/** Longer than a server takes to answer; a process that dies meanwhile leaves it to another. */
const LEASE_MS = 120_000;
/** Doubled each time: about four hours in all. */
const FIRST_RETRY_MS = 60_000;
const MOST_ATTEMPTS = 8;

export function createMailer({ database, keys, send, log, metrics, clock }: MailerParts): Mailer {
  const outcomes = new Counter({ name: 'stockade_accounts_mails_total', help: 'Attempts to send a mail: a server took it, it is tried again, or it was given up.', labelNames: ['outcome'], registers: [metrics] });
  for (const outcome of ['sent', 'retried', 'dropped']) outcomes.inc({ outcome }, 0);
  let running = Promise.resolve();
  let queued = false;
  let stopping = false;
  const run = async (): Promise<void> => {
    queued = false;
    try {
      while (!stopping && (await deliver())) ;
    } catch (error) {
      log.warn({ err: error }, 'the queue of mails could not be read; it is tried again');
    }
  };
  const wake = (): void => {
    if (queued) return;
    queued = true;
    running = running.then(run);
  };

  /** True where there may be more. */
  async function deliver(): Promise<boolean> {
    const mails = await claim(database, clock());
    await Promise.all(mails.map(async ({ tenantId, id, sealed, attempts }) => {
      const text = keys.open(sealed, `mail ${id}`);
      const mail = text === undefined ? undefined : (JSON.parse(text) as Mail);
      try {
        if (mail === undefined) throw new Error('The mail was encrypted with a key that this process has not.');
        await send(mail);
        outcomes.inc({ outcome: 'sent' });
      } catch (error) {
        if (attempts < MOST_ATTEMPTS) {
          outcomes.inc({ outcome: 'retried' });
          log.warn({ err: error, attempts }, 'a mail could not be sent; it is tried again');
          await retryAt(database, tenantId, id, new Date(clock().getTime() + FIRST_RETRY_MS * 2 ** (attempts - 1)));
          return;
        }
        outcomes.inc({ outcome: 'dropped' });
        log.error({ err: error, attempts }, 'a mail could not be sent and was given up');
      }
      await tablesOf(database).deleteFrom('account_mail').where('tenant_id', '=', tenantId).where('id', '=', id).execute();
    }));
    return mails.length === AT_ONCE;
  }

  const timer = setInterval(wake, POLL_MS);
  timer.unref();
  return {
    async enqueue(db, tenantId, mail, now) {
      const id = randomUUID();
      await tablesOf(db).insertInto('account_mail').values({ tenant_id: tenantId, id, sealed: keys.seal(JSON.stringify(mail), `mail ${id}`), attempts: 0, due_at: now }).execute();
    },
    wake,
    async stop() {
      stopping = true;
      clearInterval(timer);
      await running;
    },
  };
}

interface Claimed {
  readonly tenantId: string;
  readonly id: string;
  readonly sealed: Uint8Array;
  readonly attempts: number;
}

/** Each is some process's alone, for the length of the lease. */
async function claim(db: Database, now: Date): Promise<readonly Claimed[]> {
  const { rows } = await sql<Claimed>`
    with due as (select tenant_id, id from account_mail where due_at <= ${now} order by due_at limit ${AT_ONCE} for update skip locked)
    update account_mail as mail set attempts = attempts + 1, due_at = ${new Date(now.getTime() + LEASE_MS)}
    from due where mail.tenant_id = due.tenant_id and mail.id = due.id
    returning mail.tenant_id as "tenantId", mail.id, mail.sealed, mail.attempts`.execute(db);
  return rows;
}

async function retryAt(db: Database, tenantId: string, id: string, dueAt: Date): Promise<void> {
  await tablesOf(db).updateTable('account_mail').set({ due_at: dueAt }).where('tenant_id', '=', tenantId).where('id', '=', id).execute();
}
