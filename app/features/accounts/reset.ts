// A new password by mail: for who has forgotten theirs, and for who was invited.
import { z } from 'zod';
import { refuse, type Refusal } from '#app/errors.ts';
import { type Database, definePublicForm, definePublicPage, type PublicRoute } from '#app/feature.ts';
import { invitationMail, resetMail } from './mail-texts.ts';
import { type AccountParts, keepDevice, knownOf, notify, recordChange } from './parts.ts';
import { listPasskeys } from './passkeys.ts';
import { countCodePoints, findPasswordProblem, SHORTEST_ALONE } from './password-policy.ts';
import { resetRequestView, resetView } from './sign-in-view.ts';
import { email, explainDelay, organisation, SIGN_IN_PATH, typedPassword } from './sign-in.ts';
import { type Account, createToken, findByEmail, readAccount, readToken, setPassword, subjectIdOf, useToken } from './store.ts';
import { takeTurn } from './throttle.ts';
import { explainPassword, renderNewPassword } from './views.ts';

const RESET_PATH = '/accounts/reset';
/** ASVS 6.5.5. */
const RESET_MINUTES = 10;
const INVITATION_HOURS = 24;
const token = z.string().regex(/^[A-Za-z0-9_-]{43}$/);

export function createReset(parts: AccountParts): readonly PublicRoute[] {
  return [
    definePublicPage({ path: '/accounts/reset-request', query: z.strictObject({}), handle: () => Promise.resolve(resetRequestView({ sent: false })) }),
    definePublicForm({
      path: '/accounts/reset-request',
      body: z.strictObject({ organisation, email }),
      async handle({ body, db, now, address, log }) {
        const waitS = await takeTurn(db, [{ kind: 'address', address: `reset ${address}` }], now);
        if (waitS !== undefined) return refuse(429, 'too-many-requests', explainDelay(waitS));
        // The answer is the same, and as fast, for an account that isn't there (ASVS 6.3.8).
        parts.background(() => sendReset(parts, db, body, now), log);
        return resetRequestView({ sent: true });
      },
    }),
    definePublicPage({
      path: RESET_PATH,
      query: z.strictObject({ token }),
      async handle({ query, db, now }) {
        const account = await accountOf(db, query.token, now);
        if (account === undefined) return refuseToken();
        return resetView({ token: query.token, email: account.email, newPassword: renderNewPassword({ secondFactor: await hasSecondFactor(db, account), invalid: false }) });
      },
    }),
    definePublicForm({
      path: RESET_PATH,
      body: z.strictObject({ token, password: typedPassword }),
      async handle({ body, db, now, endSessions, recordChange: record }) {
        const account = await accountOf(db, body.token, now);
        if (account === undefined) return refuseToken();
        const secondFactor = await hasSecondFactor(db, account);
        const problem = await findPasswordProblem(body.password, { secondFactor, known: knownOf(account), isBreached: parts.isBreached });
        if (problem !== undefined) {
          return resetView({ status: 422, token: body.token, email: account.email, problem: explainPassword(problem, secondFactor), newPassword: renderNewPassword({ secondFactor, invalid: true }) });
        }
        const digest = await parts.passwords.hash(body.password);
        const done = await db.transaction().execute(async (tx) => {
          if ((await useToken(tx, body.token, now)) === undefined) return false;
          await setPassword(tx, account, digest, countCodePoints(body.password) >= SHORTEST_ALONE);
          await endSessions(tx, { tenantId: account.tenantId, id: subjectIdOf(account) });
          await recordChange(record, tx, account, 'password', 'mailed-link');
          await notify(parts, tx, account, 'password', now);
          return true;
        });
        if (!done) return refuseToken();
        parts.mailer.wake();
        // Not signed in by it: a second factor, if there is one, is asked for as ever.
        return { redirect: `${SIGN_IN_PATH}?done=reset`, keep: keepDevice(parts, account) };
      },
    }),
  ];
}

/** For an account that was made, or that lost its password; in the transaction of the change. */
export async function invite({ mailer, publicUrl }: AccountParts, db: Database, account: Account, now: Date): Promise<void> {
  const made = await createToken(db, account, new Date(now.getTime() + INVITATION_HOURS * 3_600_000));
  await mailer.enqueue(db, account.tenantId, invitationMail(account, linkTo(publicUrl, made), INVITATION_HOURS), now);
}

export async function hasSecondFactor(db: Database, account: Account): Promise<boolean> {
  return account.totpSecret !== null || (await listPasskeys(db, account)).length > 0;
}

async function sendReset({ mailer, publicUrl }: AccountParts, db: Database, asked: { readonly organisation: string; readonly email: string }, now: Date): Promise<void> {
  const account = await findByEmail(db, asked.organisation, asked.email);
  if (account === undefined || account.disabled) return;
  // Nobody's mailbox is filled; whoever asked, the link reaches the person.
  if ((await takeTurn(db, [{ kind: 'account', tenantId: account.tenantId, name: `reset ${account.id}` }], now)) !== undefined) return;
  await db.transaction().execute(async (tx) => {
    const made = await createToken(tx, account, new Date(now.getTime() + RESET_MINUTES * 60_000));
    await mailer.enqueue(tx, account.tenantId, resetMail(account, linkTo(publicUrl, made), RESET_MINUTES), now);
  });
  mailer.wake();
}

function linkTo(publicUrl: string, made: string): string {
  return `${publicUrl}${RESET_PATH}?token=${made}`;
}

async function accountOf(db: Database, text: string, now: Date): Promise<Account | undefined> {
  const ref = await readToken(db, text, now);
  const account = ref && (await readAccount(db, ref));
  return account?.disabled === true ? undefined : account;
}

function refuseToken(): Refusal {
  return refuse(410, 'link-expired', 'This link has expired or was used before. Ask for a new one.');
}
