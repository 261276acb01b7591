// Signing in with a password, a second factor, or a passkey.
import { z } from 'zod';
import { refuse, type Refusal } from '#app/errors.ts';
import { type BrowserChange, type Database, definePublicForm, definePublicPage, type PageView, type PublicFormContext, type PublicRoute, type Redirect } from '#app/feature.ts';
import { type Attempt, beginAttempt, continueAttempt, endAttempt, takeAttempt } from './attempts.ts';
import { findStep } from './authenticator.ts';
import { readDevice } from './device.ts';
import { signInMail, type SuspiciousSignIn } from './mail-texts.ts';
import { type AccountParts, keepDevice, notify, personOf, recordChange } from './parts.ts';
import { askToSignIn, listPasskeys, verifySignIn } from './passkeys.ts';
import { useCode } from './recovery-codes.ts';
import { SECURITY_PATH } from './security-view.ts';
import { passkeyView, secondFactorView, signInView } from './sign-in-view.ts';
import { type Account, findByEmail, readAccount, replaceHash, toEmailKey, useTotpStep } from './store.ts';
import { type Counted, succeed, takeTurn } from './throttle.ts';

export const SIGN_IN_PATH = '/accounts/sign-in';
export const organisation = z.string().trim().min(1).max(100);
export const email = z.string().trim().min(3).max(254);
/** What was typed; how long a new one may be, the policy says. More than any is no password, and would only cost. */
export const typedPassword = z.string().min(1).max(1_024);
export const attemptId = z.string().regex(/^[A-Za-z0-9_-]{43}$/);
export const passkeyAnswer = z.string().max(16_384).transform((text, context) => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    context.addIssue({ code: 'custom', message: 'This must be what the browser answered, as JSON.' });
    return z.NEVER;
  }
});
const returnTo = z.string().max(2_048).optional();

const DONE = { reset: 'Your password is set. Sign in with it.' } as const;
const WRONG = 'That organisation, email and password do not belong together.';
const WRONG_CODE = 'That code is not good, or was used before.';

type Answer = ((PageView | Redirect) & BrowserChange) | Refusal;
type Asked = Pick<PublicFormContext<unknown, unknown>, 'db' | 'now' | 'log' | 'kept' | 'address' | 'localPath' | 'recordChange'>;

export function createSignIn(parts: AccountParts, { mailbox }: { readonly mailbox: boolean }): readonly PublicRoute[] {
  const common = { passkeys: parts.party !== undefined, mailbox };
  return [
    definePublicPage({
      path: SIGN_IN_PATH,
      query: z.strictObject({ return_to: returnTo, max_age: z.string().max(20).optional(), factors: z.string().max(5).optional(), done: z.enum(['reset']).optional() }),
      handle: ({ query, localPath }) => Promise.resolve(signInView({ ...common, returnTo: localPath(query.return_to), done: query.done && DONE[query.done], twoFactors: query.factors === '2' })),
    }),
    definePublicForm({
      path: SIGN_IN_PATH,
      body: z.strictObject({ organisation, email, password: typedPassword, return_to: returnTo }),
      async handle(context): Promise<Answer> {
        const { body, localPath } = context;
        const outcome = await tryPassword(parts, context, body);
        const again = (status: number, problem: string) => signInView({ ...common, status, problem, returnTo: localPath(body.return_to), organisation: body.organisation, email: body.email });
        if (outcome.kind === 'delayed') return again(429, explainDelay(outcome.waitS));
        if (outcome.kind === 'wrong') return again(422, WRONG);
        return proceed(parts, context, outcome.account, body.return_to);
      },
    }),
    definePublicForm({
      path: `${SIGN_IN_PATH}/code`,
      body: z.strictObject({ attempt: attemptId, code: z.string().trim().min(1).max(60), return_to: returnTo }),
      handle: (context) => tryCode(parts, context, context.body),
    }),
    definePublicForm({
      path: `${SIGN_IN_PATH}/passkey/begin`,
      body: z.strictObject({ return_to: returnTo }),
      async handle({ body, db, now, localPath }): Promise<Answer> {
        if (parts.party === undefined) return refuseAddress();
        const options = await askToSignIn(parts.party);
        const attempt = await beginAttempt(db, { purpose: 'passkey-sign-in', challenge: options.challenge }, now);
        return passkeyView({ attempt, options, returnTo: localPath(body.return_to) });
      },
    }),
    definePublicForm({
      path: `${SIGN_IN_PATH}/passkey`,
      body: z.strictObject({ attempt: attemptId, answer: passkeyAnswer, return_to: returnTo }),
      handle: (context) => tryPasskey(parts, context, context.body),
    }),
  ];
}

export function refuseAddress(): Refusal {
  return refuse(409, 'passkeys-need-a-name', 'Passkeys need a host name: open the service by one (PUBLIC_URL), not by its address.');
}

export function explainDelay(waitS: number): string {
  return `Too many attempts: try again in ${waitS < 120 ? `${waitS} seconds` : `${Math.ceil(waitS / 60)} minutes`}.`;
}

type PasswordOutcome = { readonly kind: 'delayed'; readonly waitS: number } | { readonly kind: 'wrong' } | { readonly kind: 'good'; readonly account: Account };

/** The same look-ups and the same hashing whether there is such an account or not (ASVS 6.3.8). */
async function tryPassword({ keys, passwords, outcomes }: AccountParts, { db, now, kept, address, log }: Asked, tried: { readonly organisation: string; readonly email: string; readonly password: string }): Promise<PasswordOutcome> {
  // Who is turned away has tried nothing, and costs next to nothing.
  passwords.requireRoom();
  const account = await findByEmail(db, tried.organisation, tried.email);
  const device = readDevice(keys, kept, { tenantId: tried.organisation, accountId: account?.id });
  const counted: readonly Counted[] =
    device === undefined
      ? [{ kind: 'account', tenantId: tried.organisation, name: toEmailKey(tried.email) }, { kind: 'address', address }]
      : [{ kind: 'device', tenantId: tried.organisation, name: device }];
  const waitS = await takeTurn(db, counted, now);
  if (waitS !== undefined) {
    outcomes.password('delayed');
    log.warn({ signIn: { method: 'password', outcome: 'delayed', ...whose(account) } }, 'a sign-in was delayed');
    return { kind: 'delayed', waitS };
  }
  const { good, stale } = await passwords.verify(account?.passwordHash, tried.password);
  if (!good || account === undefined || account.disabled) {
    outcomes.password('failed');
    log.info({ signIn: { method: 'password', outcome: 'failed', ...whose(account) } }, 'a sign-in failed');
    return { kind: 'wrong' };
  }
  await succeed(db, counted);
  // With today's parameters and pepper; where too many wait, at the next sign-in.
  if (stale) await passwords.hash(tried.password).then((renewed) => replaceHash(db, account, renewed), () => undefined);
  outcomes.password('passed');
  return { kind: 'good', account };
}

async function proceed(parts: AccountParts, context: Asked, account: Account, target: string | undefined): Promise<Answer> {
  const { db, now, localPath } = context;
  const passkeys = await listPasskeys(db, account);
  if (account.totpSecret === null && passkeys.length === 0) return enter(parts, context, account, 1, target);
  const options = parts.party === undefined || passkeys.length === 0 ? undefined : await askToSignIn(parts.party, passkeys);
  const attempt = await beginAttempt(db, { purpose: 'second-factor', account, challenge: options?.challenge }, now);
  return secondFactorView({ attempt, returnTo: localPath(target), authenticator: account.totpSecret !== null, passkey: options });
}

async function tryCode(parts: AccountParts, context: Asked, tried: { readonly attempt: string; readonly code: string; readonly return_to?: string | undefined }): Promise<Answer> {
  const [{ keys, outcomes }, { db, now, kept, address, log, localPath }] = [parts, context];
  const attempt = await continueAttempt(db, tried.attempt, 'second-factor', now);
  const account = await accountOf(db, attempt);
  if (account === undefined) return refuseExpired();
  const device = readDevice(keys, kept, { tenantId: account.tenantId, accountId: account.id });
  const counted: readonly Counted[] =
    device === undefined ? [{ kind: 'second-factor', tenantId: account.tenantId, name: account.id }, { kind: 'address', address }] : [{ kind: 'device', tenantId: account.tenantId, name: `${device} code` }];
  const again = (status: number, problem: string) => secondFactorView({ status, problem, attempt: tried.attempt, returnTo: localPath(tried.return_to), authenticator: account.totpSecret !== null });
  const waitS = await takeTurn(db, counted, now);
  if (waitS !== undefined) {
    outcomes.code('delayed');
    log.warn({ signIn: { method: 'code', outcome: 'delayed', ...whose(account) } }, 'a second factor was delayed');
    return again(429, explainDelay(waitS));
  }
  const method = await findMethod(parts, context, account, tried.code);
  if (method === undefined || !(await endAttempt(db, tried.attempt))) {
    outcomes.code('failed');
    if (device === undefined) parts.background(() => warn(parts, db, account, 'second-factor-failed', now), log);
    log.info({ signIn: { method: 'code', outcome: 'failed', ...whose(account) } }, 'a second factor failed');
    return again(422, WRONG_CODE);
  }
  await succeed(db, counted);
  outcomes[method]('passed');
  return enter(parts, context, account, 2, tried.return_to);
}

async function findMethod(parts: AccountParts, { db, now, recordChange: record }: Asked, account: Account, code: string): Promise<'authenticator' | 'recovery-code' | undefined> {
  const secret = account.totpSecret === null ? undefined : parts.keys.open(account.totpSecret, `authenticator ${account.id}`);
  const step = secret === undefined ? undefined : findStep(secret, code, now);
  if (step !== undefined) return (await useTotpStep(db, account, step)) ? 'authenticator' : undefined;
  const used = await db.transaction().execute(async (tx) => {
    const good = await useCode(tx, account, code);
    if (!good) return false;
    await recordChange(record, tx, account, 'recovery-code-used', 'recovery-code');
    await notify(parts, tx, account, 'recovery-code-used', now);
    return true;
  });
  if (used) parts.mailer.wake();
  return used ? 'recovery-code' : undefined;
}

async function tryPasskey(parts: AccountParts, context: Asked, tried: { readonly attempt: string; readonly answer: unknown; readonly return_to?: string | undefined }): Promise<Answer> {
  if (parts.party === undefined) return refuseAddress();
  const { db, now, log } = context;
  const attempt = (await takeAttempt(db, tried.attempt, 'passkey-sign-in', now)) ?? (await takeAttempt(db, tried.attempt, 'second-factor', now));
  if (attempt?.challenge === undefined) return refuseExpired();
  const passkey = await verifySignIn(db, parts.party, tried.answer, attempt.challenge, { now, log });
  const account = passkey === undefined ? undefined : await readAccount(db, { tenantId: passkey.tenantId, id: passkey.accountId });
  // As a second factor it must be of the person whose password was given.
  const isOther = attempt.account !== undefined && (attempt.account.id !== account?.id || attempt.account.tenantId !== account.tenantId);
  if (account === undefined || account.disabled || isOther) {
    parts.outcomes.passkey('failed');
    log.info({ signIn: { method: 'passkey', outcome: 'failed', ...whose(account) } }, 'a sign-in failed');
    return refuse(403, 'passkey-refused', 'This passkey is not known here, or its answer could not be accepted. Sign in again.');
  }
  parts.outcomes.passkey('passed');
  // It asked its person: something they have, and something they know or are.
  return enter(parts, context, account, 2, tried.return_to);
}

function enter(parts: AccountParts, { db, now, kept, log, localPath }: Asked, account: Account, factors: 1 | 2, target: string | undefined): Redirect & BrowserChange {
  if (readDevice(parts.keys, kept, { tenantId: account.tenantId, accountId: account.id }) === undefined) parts.background(() => warn(parts, db, account, 'new-browser', now), log);
  const next = factors < parts.signInFactors ? `${SECURITY_PATH}?problem=second-factor-missing` : localPath(target);
  return { redirect: next, signIn: { person: personOf(account), factors }, keep: keepDevice(parts, account) };
}

/** The person is told of what may be somebody else (ASVS 6.3.5), and not so often that their mailbox fills. */
async function warn({ mailer }: AccountParts, db: Database, account: Account, what: SuspiciousSignIn, now: Date): Promise<void> {
  if ((await takeTurn(db, [{ kind: 'account', tenantId: account.tenantId, name: `told ${account.id} of ${what}` }], now)) !== undefined) return;
  await mailer.enqueue(db, account.tenantId, signInMail(account, what), now);
  mailer.wake();
}

async function accountOf(db: Database, attempt: Attempt | undefined): Promise<Account | undefined> {
  const account = attempt?.account && (await readAccount(db, attempt.account));
  return account?.disabled === true ? undefined : account;
}

/** For the log, by identifiers alone: what was typed may be anything, a password in the wrong field among it. */
function whose(account: Account | undefined): { readonly tenant?: string; readonly account?: string } {
  return account === undefined ? {} : { tenant: account.tenantId, account: account.id };
}

function refuseExpired(): Refusal {
  return refuse(410, 'sign-in-expired', 'This sign-in has expired, or was tried too often. Begin again.');
}
