// The page on which people look after what they sign in with.
// Tested by security.test.ts: over HTTP; accounts.browser.test.ts: in a browser.
import type { PageView } from '#app/feature.ts';
import { html, type Html } from '#app/lib/html.ts';
import { renderQrCode } from './authenticator.ts';
import { ISSUER } from './parts.ts';
import type { Passkey } from './passkeys.ts';
import type { Account } from './store.ts';
import { renderDone, renderHidden, renderNewPassword, renderPasskeyForm, renderProblem } from './views.ts';

export const SECURITY_PATH = '/account/security';
const STYLES = ['accounts.css'];

export const DONE = {
  password: 'Your password is changed. All other sessions were ended.',
  'passkey-added': 'The passkey is added.',
  'passkey-removed': 'The passkey is removed.',
  'authenticator-removed': 'The authenticator app is removed.',
} as const;
export const PROBLEMS = {
  'wrong-password': 'That is not your current password.',
  delayed: 'Too many attempts: wait a quarter of an hour, or set a new password by mail.',
  'password-too-short': 'Your password is too short to stand alone: take a longer one first.',
  'passkey-refused': 'The passkey could not be added. Try again.',
  'passkey-limit': 'You have as many passkeys as can be kept: remove one first.',
  expired: 'That took too long. Begin again.',
  'second-factor-missing': 'Two factors are asked for here: add a passkey or an authenticator app, then sign in again.',
} as const;
export type Done = keyof typeof DONE;
export type Problem = keyof typeof PROBLEMS;

export interface SecurityPage {
  readonly account: Account;
  readonly passkeys: readonly Passkey[];
  readonly codes: number;
  /** Whether they can be made here. */
  readonly passkeysServed: boolean;
  readonly done?: Done | undefined;
  readonly problem?: string | undefined;
  readonly status?: number;
}

export function securityView({ account, passkeys, codes, passkeysServed, done, problem, status = 200 }: SecurityPage): PageView {
  const secondFactor = account.totpSecret !== null || passkeys.length > 0;
  return {
    status,
    title: 'Sign-in security',
    styles: STYLES,
    body: html`<h1>Sign-in security</h1>
${renderProblem(problem)}${renderDone(done && DONE[done])}
<p>You sign in as ${account.email} of ${account.tenantId}. <a href="/account/sessions">Where you are signed in</a></p>
<section class="card"><h2>Passkeys</h2>
${passkeys.length === 0 ? html`<p>None yet. A passkey signs you in without a password, and can't be phished.</p>` : html`<ul>${passkeys.map(renderPasskey)}</ul>`}
${
  passkeysServed
    ? html`<form class="stack" method="post" action="${SECURITY_PATH}/passkeys/begin"><p><label for="passkey-name">Name of the new one</label>
<input id="passkey-name" name="name" required maxlength="60" placeholder="Laptop" autocomplete="off"></p><p><button class="button" type="submit">Add a passkey</button></p></form>`
    : html`<p class="notice">Passkeys need a host name. In development open http://localhost with its port, and set PUBLIC_URL to it.</p>`
}</section>
<section class="card"><h2>Authenticator app</h2>
${
  account.totpSecret === null
    ? html`<p>A code of an app, asked for besides your password.</p>${renderConfirm('authenticator/begin', 'Add an authenticator app', 'button')}`
    : html`<p>It is asked for besides your password.</p>${renderConfirm('authenticator/removal', 'Remove the authenticator app', 'button button-danger')}`
}</section>
<section class="card"><h2>Recovery codes</h2>
<p>${codes === 0 ? 'You have none' : `You have ${codes} left`}. Each signs you in once in place of the second factor.</p>
${secondFactor && renderConfirm('recovery-codes', codes === 0 ? 'Make recovery codes' : 'Make new recovery codes', 'button button-quiet')}</section>
<section class="card"><h2>Password</h2>
<form class="stack" method="post" action="${SECURITY_PATH}/password">
<p><label for="current">Current password</label><input id="current" name="current" type="password" required autocomplete="current-password"></p>
${renderNewPassword({ secondFactor, invalid: false })}
<p><button class="button" type="submit">Change the password</button></p></form></section>`,
  };
}

/** For somebody who signed in at the identity provider. */
export function elsewhereView(): PageView {
  return { title: 'Sign-in security', styles: STYLES, body: html`<h1>Sign-in security</h1><p>You signed in with your identity provider: your password and your passkeys are kept there.</p><p><a href="/account/sessions">Where you are signed in</a></p>` };
}

export function authenticatorView({ attempt, secret, email, problem, status = 200 }: { readonly attempt: string; readonly secret: string; readonly email: string; readonly problem?: string | undefined; readonly status?: number }): PageView {
  return {
    status,
    title: 'Authenticator app',
    styles: STYLES,
    body: html`<div class="narrow"><h1>Add an authenticator app</h1>
${renderProblem(problem)}
<p>Scan this with the app, or type the key into it.</p>
<p>${renderQrCode(secret, { email, issuer: ISSUER })}</p>
<p>Key: <code>${secret.replaceAll(/.{4}(?=.)/g, '$& ')}</code></p>
<form class="stack" method="post" action="${SECURITY_PATH}/authenticator">${renderHidden({ attempt })}
<p><label for="code">The code that it shows now</label><input id="code" name="code" required autocomplete="one-time-code" inputmode="numeric" maxlength="6"></p>
<p><button class="button" type="submit">Add it</button></p></form>
<p><a href="${SECURITY_PATH}">Leave it</a></p></div>`,
  };
}

export function codesView(codes: readonly string[]): PageView {
  return {
    title: 'Recovery codes',
    styles: STYLES,
    body: html`<div class="narrow"><h1>Your recovery codes</h1>
<p class="notice">They are shown this once. Print them, or keep them where your passwords are. Each signs you in once.</p>
<ul class="codes">${codes.map((code) => html`<li><code>${code}</code></li>`)}</ul>
<p><a class="button" href="${SECURITY_PATH}">I have kept them</a></p></div>`,
  };
}

export function newPasskeyView({ attempt, name, options }: { readonly attempt: string; readonly name: string; readonly options: object }): PageView {
  return {
    title: 'Add a passkey',
    styles: STYLES,
    scripts: ['passkey.client.ts'],
    body: html`<div class="narrow"><h1>Add a passkey</h1>
${renderPasskeyForm({ action: `${SECURITY_PATH}/passkeys`, kind: 'create', options, hidden: { attempt, name }, button: 'Continue', text: `Your browser makes the passkey “${name}”, and asks you to confirm it.` })}
<p><a href="${SECURITY_PATH}">Leave it</a></p></div>`,
  };
}

function renderPasskey({ id, name, createdAt, usedAt }: Passkey): Html {
  return html`<li><strong>${name}</strong>, added ${dayOf(createdAt)}, ${usedAt === null ? 'not used yet' : `last used ${dayOf(usedAt)}`}
<form method="post" action="${SECURITY_PATH}/passkeys/removal">${renderHidden({ id })}<button class="button button-danger" type="submit">Remove<span class="visually-hidden"> the passkey ${name}</span></button></form></li>`;
}

function renderConfirm(step: string, text: string, style: string): Html {
  return html`<form method="post" action="${SECURITY_PATH}/${step}"><button class="${style}" type="submit" name="confirm" value="yes">${text}</button></form>`;
}

function dayOf(date: Date): string {
  return date.toISOString().slice(0, 10);
}
