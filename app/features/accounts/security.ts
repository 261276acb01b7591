// What people sign in with, looked after by themselves. Every change takes a fresh sign-in, is told by mail, and ends their other sessions.
import { z } from 'zod';
import { isRefusal, refuse, type Refusal } from '#app/errors.ts';
import { type BrowserChange, type Database, defineForm, definePage, type PageRoute, type PageView, type Redirect, type Subject, type WriteContext } from '#app/feature.ts';
import { beginAttempt, continueAttempt, endAttempt, takeAttempt } from './attempts.ts';
import { createSecret, findStep } from './authenticator.ts';
import type { CredentialChange } from './mail-texts.ts';
import { type AccountParts, CHANGE, keepDevice, knownOf, notify, personOf } from './parts.ts';
import { addPasskey, askToCreate, listPasskeys, MOST_PASSKEYS, removePasskeys, verifyNew } from './passkeys.ts';
import { countCodePoints, findPasswordProblem, SHORTEST_ALONE } from './password-policy.ts';
import { countCodes, removeCodes, replaceCodes } from './recovery-codes.ts';
import { hasSecondFactor } from './reset.ts';
import { authenticatorView, codesView, DONE, type Done, elsewhereView, newPasskeyView, type Problem, PROBLEMS, SECURITY_PATH, securityView } from './security-view.ts';
import { attemptId, passkeyAnswer, refuseAddress, typedPassword } from './sign-in.ts';
import { type Account, accountIdOf, readAccount, setPassword, setTotpSecret, useTotpStep } from './store.ts';
import { type Counted, succeed, takeTurn } from './throttle.ts';
import { explainPassword } from './views.ts';

export const READ = 'credentials:read';

type Change<B> = WriteContext<unknown, B>;
type Answer = ((PageView | Redirect) & BrowserChange) | Refusal;

const confirmed = z.strictObject({ confirm: z.literal('yes') });
const passkeyName = z.string().trim().min(1).max(60);

export function createSecurity(parts: AccountParts): readonly PageRoute[] {
  const form = <B extends z.ZodType>(step: string, body: B, handle: (context: Change<z.output<B>>, account: Account) => Promise<Answer>): PageRoute =>
    defineForm({
      path: `${SECURITY_PATH}/${step}`,
      action: CHANGE,
      body,
      async handle(context) {
        const account = await ownAccount(context.db, context.subject);
        return isRefusal(account) ? account : handle(context, account);
      },
    });
  return [
    definePage({
      path: SECURITY_PATH,
      action: READ,
      personal: 'Security',
      query: z.strictObject({ done: z.enum(keysOf(DONE)).optional(), problem: z.enum(keysOf(PROBLEMS)).optional() }),
      async handle({ db, subject, query }) {
        if (accountIdOf(subject.id) === undefined) return elsewhereView();
        const account = await ownAccount(db, subject);
        return isRefusal(account) ? account : show(parts, db, account, { done: query.done, problem: query.problem && PROBLEMS[query.problem] });
      },
    }),
    form('password', z.strictObject({ current: typedPassword, password: typedPassword }), (context, account) => changePassword(parts, context, account)),
    form('authenticator/begin', confirmed, async ({ db, now }, account) => {
      const secret = createSecret();
      const attempt = await beginAttempt(db, { purpose: 'authenticator', account, secret: parts.keys.seal(secret, `authenticator ${account.id}`) }, now);
      return authenticatorView({ attempt, secret, email: account.email });
    }),
    form('authenticator', z.strictObject({ attempt: attemptId, code: z.string().trim().min(1).max(20) }), (context, account) => addAuthenticator(parts, context, account)),
    form('authenticator/removal', confirmed, (context, account) => removeAuthenticator(parts, context, account)),
    form('recovery-codes', confirmed, async (context, account) => {
      const codes = await replaceCodes(context.db, account);
      await follow(parts, context, account, 'recovery-codes');
      return codesView(codes);
    }),
    form('passkeys/begin', z.strictObject({ name: passkeyName }), async ({ db, body, now }, account) => {
      if (parts.party === undefined) return refuseAddress();
      const present = await listPasskeys(db, account);
      if (present.length >= MOST_PASSKEYS) return back({ problem: 'passkey-limit' });
      const options = await askToCreate(parts.party, account, present);
      return newPasskeyView({ attempt: await beginAttempt(db, { purpose: 'passkey-registration', account, challenge: options.challenge }, now), name: body.name, options });
    }),
    form('passkeys', z.strictObject({ attempt: attemptId, name: passkeyName, answer: passkeyAnswer }), (context, account) => keepPasskey(parts, context, account)),
    form('passkeys/removal', z.strictObject({ id: z.string().regex(/^[A-Za-z0-9_-]{1,1400}$/) }), (context, account) => removePasskey(parts, context, account)),
  ];
}

async function show({ party }: AccountParts, db: Database, account: Account, told: { readonly done?: Done | undefined; readonly problem?: string | undefined; readonly status?: number }): Promise<PageView> {
  const [passkeys, codes] = [await listPasskeys(db, account), await countCodes(db, account)];
  return securityView({ account, passkeys, codes, passkeysServed: party !== undefined, ...told });
}

/** ASVS 6.2.3: the current one is asked for, and guessing it is slowed down as at sign-in. */
async function changePassword(parts: AccountParts, { db, body, now, record, endSessions, afterCommit, subject }: Change<{ readonly current: string; readonly password: string }>, account: Account): Promise<Answer> {
  const counted: readonly Counted[] = [{ kind: 'device', tenantId: account.tenantId, name: `password of ${account.id}` }];
  const waitS = await takeTurn(db, counted, now);
  if (waitS !== undefined) return back({ problem: 'delayed' });
  // By a redirect, since an answer of 422 would take the count back.
  if (!(await parts.passwords.verify(account.passwordHash, body.current)).good) return back({ problem: 'wrong-password' });
  await succeed(db, counted);
  const secondFactor = await hasSecondFactor(db, account);
  const problem = await findPasswordProblem(body.password, { secondFactor, known: knownOf(account), isBreached: parts.isBreached });
  if (problem !== undefined) return show(parts, db, account, { status: 422, problem: explainPassword(problem, secondFactor) });
  await setPassword(db, account, await parts.passwords.hash(body.password), countCodePoints(body.password) >= SHORTEST_ALONE);
  await endSessions({ tenantId: subject.tenantId, id: subject.id });
  record({ details: { change: 'password' satisfies CredentialChange } });
  await notify(parts, db, account, 'password', now);
  afterCommit(parts.mailer.wake);
  // A new session, since the person has just proved who they are (ASVS 7.2.4).
  return { ...back({ done: 'password' }), signIn: { person: personOf(account), factors: subject.assurance?.factors ?? 1 }, keep: keepDevice(parts, account) };
}

async function addAuthenticator(parts: AccountParts, context: Change<{ readonly attempt: string; readonly code: string }>, account: Account): Promise<Answer> {
  const { db, body, now } = context;
  const attempt = await continueAttempt(db, body.attempt, 'authenticator', now);
  if (attempt?.secret === undefined || attempt.account?.id !== account.id) return back({ problem: 'expired' });
  const seed = parts.keys.open(attempt.secret, `authenticator ${account.id}`);
  if (seed === undefined) return back({ problem: 'expired' });
  const step = findStep(seed, body.code, now);
  if (step === undefined) return authenticatorView({ status: 422, attempt: body.attempt, secret: seed, email: account.email, problem: 'That is not its code. Look at the clock of the device.' });
  await endAttempt(db, body.attempt);
  await setTotpSecret(db, account, attempt.secret);
  await useTotpStep(db, account, step);
  const codes = await replaceCodes(db, account);
  await follow(parts, context, account, 'authenticator-added');
  return codesView(codes);
}

async function removeAuthenticator(parts: AccountParts, context: Change<unknown>, account: Account): Promise<Answer> {
  const { db } = context;
  const isLast = (await listPasskeys(db, account)).length === 0;
  if (isLast && !account.passwordStandsAlone) return back({ problem: 'password-too-short' });
  await setTotpSecret(db, account, null);
  if (isLast) await removeCodes(db, account);
  await follow(parts, context, account, 'authenticator-removed');
  return back({ done: 'authenticator-removed' });
}

async function keepPasskey(parts: AccountParts, context: Change<{ readonly attempt: string; readonly name: string; readonly answer: unknown }>, account: Account): Promise<Answer> {
  const { db, body, now, log } = context;
  if (parts.party === undefined) return refuseAddress();
  const attempt = await takeAttempt(db, body.attempt, 'passkey-registration', now);
  if (attempt?.challenge === undefined || attempt.account?.id !== account.id) return back({ problem: 'expired' });
  const made = await verifyNew(parts.party, body.answer, attempt.challenge, log);
  if (made === undefined || !(await addPasskey(db, account, { ...made, name: body.name }, now))) return back({ problem: 'passkey-refused' });
  await follow(parts, context, account, 'passkey-added');
  return back({ done: 'passkey-added' });
}

async function removePasskey(parts: AccountParts, context: Change<{ readonly id: string }>, account: Account): Promise<Answer> {
  const { db, body } = context;
  const passkeys = await listPasskeys(db, account);
  const isLast = account.totpSecret === null && passkeys.length === 1;
  if (isLast && !account.passwordStandsAlone) return back({ problem: 'password-too-short' });
  // One that is gone already is as good.
  if ((await removePasskeys(db, account, body.id)) === 0) return back({ done: 'passkey-removed' });
  if (isLast) await removeCodes(db, account);
  await follow(parts, context, account, 'passkey-removed');
  return back({ done: 'passkey-removed' });
}

/** What every change of a credential brings with it (ASVS 6.3.7, 7.4.3). The trail has attempts too: only this makes one a change. */
async function follow(parts: AccountParts, { db, now, record, endSessions, afterCommit, subject }: Change<unknown>, account: Account, change: CredentialChange): Promise<void> {
  record({ details: { change } });
  await endSessions({ tenantId: subject.tenantId, id: subject.id }, { exceptOwn: true });
  await notify(parts, db, account, change, now);
  afterCommit(parts.mailer.wake);
}

async function ownAccount(db: Database, subject: Subject): Promise<Account | Refusal> {
  const id = accountIdOf(subject.id);
  const account = id === undefined ? undefined : await readAccount(db, { tenantId: subject.tenantId, id });
  return account ?? refuse(403, 'no-local-account', 'You signed in with your identity provider: your password and your passkeys are kept there.');
}

function back({ done, problem }: { readonly done?: Done; readonly problem?: Problem }): Redirect {
  return { redirect: `${SECURITY_PATH}?${done === undefined ? `problem=${problem ?? 'expired'}` : `done=${done}`}` };
}

function keysOf<K extends string>(texts: Readonly<Record<K, string>>): [K, ...K[]] {
  return Object.keys(texts) as [K, ...K[]];
}
