// The pages of signing in.
// Tested by sign-in.test.ts: over HTTP; accounts.browser.test.ts: in a browser.
import type { PageView } from '#app/feature.ts';
import { html, type Html } from '#app/lib/html.ts';
import { renderDone, renderHidden, renderPasskeyForm, renderProblem } from './views.ts';

const STYLES = ['accounts.css'];

export interface SignInPage {
  readonly status?: number;
  readonly returnTo: string;
  readonly organisation?: string | undefined;
  readonly email?: string | undefined;
  readonly problem?: string | undefined;
  readonly done?: string | undefined;
  readonly twoFactors?: boolean;
  readonly passkeys: boolean;
  /** The development mailbox. */
  readonly mailbox: boolean;
}

export function signInView({ status = 200, returnTo, organisation, email, problem, done, twoFactors = false, passkeys, mailbox }: SignInPage): PageView {
  return {
    status,
    title: 'Sign in',
    styles: STYLES,
    body: html`<div class="narrow"><h1>Sign in</h1>
${renderProblem(problem)}${renderDone(done)}
${twoFactors && html`<p class="notice">What you asked for takes two factors: a passkey, or your password and a code.</p>`}
<form class="stack" method="post" action="/accounts/sign-in">
${renderHidden({ return_to: returnTo })}
<p><label for="organisation">Organisation</label><input id="organisation" name="organisation" required autocomplete="organization" value="${organisation ?? ''}"></p>
<p><label for="email">Email</label><input id="email" name="email" type="email" required autocomplete="username webauthn" value="${email ?? ''}"></p>
<p><label for="password">Password</label><input id="password" name="password" type="password" required autocomplete="current-password"></p>
<p><button class="button" type="submit">Sign in</button></p>
</form>
${
  passkeys &&
  html`<form class="stack" method="post" action="/accounts/sign-in/passkey/begin">${renderHidden({ return_to: returnTo })}
<p><button class="button button-quiet" type="submit">Sign in with a passkey</button></p></form>`
}
<p><a href="/accounts/reset-request">Forgot your password?</a>${mailbox && html` · <a href="/accounts/mailbox">Development mailbox</a>`}</p></div>`,
  };
}

export interface SecondFactorPage {
  readonly status?: number;
  readonly attempt: string;
  readonly returnTo: string;
  readonly problem?: string | undefined;
  readonly authenticator: boolean;
  /** What the browser is asked for, where the account has passkeys. */
  readonly passkey?: object | undefined;
}

export function secondFactorView({ status = 200, attempt, returnTo, problem, authenticator, passkey }: SecondFactorPage): PageView {
  return {
    status,
    title: 'Second step',
    styles: STYLES,
    ...(passkey === undefined ? {} : { scripts: ['passkey.client.ts'] }),
    body: html`<div class="narrow"><h1>One more step</h1>
${renderProblem(problem)}
${passkey !== undefined && renderPasskeyForm({ action: '/accounts/sign-in/passkey', kind: 'get', options: passkey, hidden: { attempt, return_to: returnTo }, button: 'Use a passkey', text: 'Confirm with your passkey.' })}
<form class="stack" method="post" action="/accounts/sign-in/code">
${renderHidden({ attempt, return_to: returnTo })}
<p><label for="code">${authenticator ? 'Code of your authenticator app, or a recovery code' : 'Recovery code'}</label>
<input id="code" name="code" required autocomplete="one-time-code" inputmode="text" maxlength="60"${passkey === undefined && html` autofocus`}></p>
<p><button class="button" type="submit">Continue</button></p>
</form></div>`,
  };
}

export function passkeyView({ attempt, returnTo, options }: { readonly attempt: string; readonly returnTo: string; readonly options: object }): PageView {
  return {
    title: 'Sign in with a passkey',
    styles: STYLES,
    scripts: ['passkey.client.ts'],
    body: html`<div class="narrow"><h1>Sign in with a passkey</h1>
${renderPasskeyForm({ action: '/accounts/sign-in/passkey', kind: 'get', options, hidden: { attempt, return_to: returnTo }, button: 'Continue', text: 'Your browser asks which passkey to use.' })}
<p><a href="/accounts/sign-in?return_to=${encodeURIComponent(returnTo)}">Sign in with a password</a></p></div>`,
  };
}

export function resetRequestView({ sent }: { readonly sent: boolean }): PageView {
  return {
    title: 'New password',
    styles: STYLES,
    body: html`<div class="narrow"><h1>Set a new password</h1>
${renderDone(sent ? 'If there is such an account, a mail with a link is on its way.' : undefined)}
<form class="stack" method="post" action="/accounts/reset-request">
<p><label for="organisation">Organisation</label><input id="organisation" name="organisation" required autocomplete="organization"></p>
<p><label for="email">Email</label><input id="email" name="email" type="email" required autocomplete="username"></p>
<p><button class="button" type="submit">Send me a link</button></p>
</form>
<p><a href="/accounts/sign-in">Back to sign-in</a></p></div>`,
  };
}

export function resetView({ status = 200, token, email, problem, newPassword }: { readonly status?: number; readonly token: string; readonly email: string; readonly problem?: string | undefined; readonly newPassword: Html }): PageView {
  return {
    status,
    title: 'New password',
    styles: STYLES,
    body: html`<div class="narrow"><h1>Set your password</h1>
${renderProblem(problem)}
<form class="stack" method="post" action="/accounts/reset">
${renderHidden({ token })}
<p><label for="email">Email</label><input id="email" type="email" autocomplete="username" readonly value="${email}"></p>
${newPassword}
<p><button class="button" type="submit">Set the password</button></p>
</form></div>`,
  };
}
