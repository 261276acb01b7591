// An answer that tells whether somebody has an account (CWE-204).
import type { WeaknessRule } from './weakness.ts';
import { either, restrict, where } from './patterns.ts';

/** What is told to a client: the text of an error that is thrown is not (app/http/problem.ts), and what does tell it is found by error-told. */
const TELLS = '(?i)[\'"`](?:(?:unknown|no-?such|no|wrong|invalid|incorrect|bad|missing)[- _](?:user|account|e-?mail|person|password|username)|(?:user|account|e-?mail|username)[- _](?:unknown|not[- _]found|does[- _]not[- _]exist|missing|exists|taken|already[- _]exists|already[- _]registered|in[- _]use)|(?!.* and .* tenant).*(?:is not registered|no (?:user|account) has|already registered).*|(?:there is )?no (?:such )?(?:user|account)(?: .*)?|wrong password.*|(?:the )?password is (?:wrong|incorrect).*|(?:user|account|e-?mail) (?:not found|does not exist|unknown|already exists|is already (?:registered|taken|in use)).*)[.!]?[\'"`]';
/** Who is not there is answered at once, who is there after a hash. */
const ABSENT = ['$ACCOUNT === undefined', '!$ACCOUNT', '$ACCOUNT === null', '$ACCOUNT == null', '$ACCOUNT == undefined'];
const VERIFIED = ['if (<... await $V(..., $ACCOUNT.$H, ...) ...>) $THEN', 'const $OK = await $V(..., $ACCOUNT.$H, ...);', 'return await $V(..., $ACCOUNT.$H, ...);', 'return $V(..., $ACCOUNT.$H, ...);', 'return <... await $V(..., $ACCOUNT.$H, ...) ...>;'];

export const rule: WeaknessRule = {
  cwe: 204,
  message: 'The answer, or the time it takes, tells whether there is such an account: the first half of an attack on it.',
  fix: 'Give one answer for an unknown name and for a wrong password, and verify against a decoy hash where there is no account, so that both take as long.',
  // Who keeps the accounts of a tenant may know which there are.
  except: /\/operations\.ts$|^\.github\//,
  match: either([
    { patterns: [either(['$ACCOUNT !== undefined && (await $V(..., $ACCOUNT.$H, ...))', '$ACCOUNT !== undefined && (await $V($ACCOUNT.$H, ...))', '$ACCOUNT && (await $V(..., $ACCOUNT.$H, ...))', '$ACCOUNT != null && (await $V(..., $ACCOUNT.$H, ...))']), ...restrict({ H: '(?i)password\\w*|hash|passwordHash|secret', V: '(?i)(?:\\w+\\.)*(?:verify\\w*|compare\\w*|check\\w*|match\\w*)' })] },
    ...['refuse($S, $CODE, ...)', 'refuse($S, $X, $CODE, ...)', 'new AppError($CODE, ...)', 'ctx.throw($S, $CODE, ...)', '$C.body = {..., $K: $CODE, ...}', '$C.body = $CODE', 'return {..., $K: $CODE, ...};'].map((told) => where(told, { CODE: TELLS })),
    {
      patterns: [
        either(ABSENT.flatMap((absent) => ['return $A;', '{...}'].flatMap((leave) => VERIFIED.map((verified) => `if (${absent}) ${leave}\n...\n${verified}`)))),
        ...restrict({ H: '(?i)\\w*(?:password\\w*|hash|secret)', V: '(?i)(?:\\w+\\.)*(?:verify\\w*|compare\\w*|check\\w*|match\\w*)' }),
      ],
    },
  ]),
  refuses: [
    'export const f = () => refuse(404, "user-not-found", "Sign in again.");',
    'export const f = () => refuse(401, "sign-in-failed", "There is no such account.");',
    'export async function f(store, email, password) { const account = await store.find(email); if (account === undefined) return refuse(401, "a", "b"); if (!(await verify(account.password_hash, password))) return refuse(401, "a", "b"); return account; }',
    'export async function f(store, email, password) { const user = await store.find(email); if (!user) return undefined; const ok = await argon2.verify(user.hash, password); return ok ? user : undefined; }',
    'export const f = (ctx) => { ctx.body = { error: "Wrong password" }; };',
  ],
  allows: [
    'export const f = () => refuse(401, "sign-in-failed", "The name or the password is not right.");',
    'export async function f(store, email, password) { const account = await store.find(email); const ok = await verify(account?.password_hash ?? DECOY, password); return ok ? account : undefined; }',
    'export const f = () => refuse(404, "item-not-found", "There is no such item.");',
    'export const f = (row) => { if (row === undefined) throw new Error("user not found"); return row; };',
  ],
};
