// The development provider's pages: choose a person, sign out, signed out, and what went wrong. They work without JavaScript.
import type { DevelopmentUser } from '#app/identity/development-users.ts';
import { html, toMarkup, type Html } from '#app/lib/html.ts';

export const STYLE_PATH = '/provider.css';

export function renderChoice(uid: string, users: readonly DevelopmentUser[]): string {
  const tenants = Map.groupBy(users, ({ tenantId }) => tenantId);
  return renderDocument('Sign in', html`
    <h1>Who do you want to be?</h1>
    <p>Choose one of the seeded people to sign in to Stockade. Each sees only their own tenant's stock.</p>
    <form method="post" action="/interaction/${uid}">
      <p><label><input type="checkbox" name="factors" value="2"> as if with a second factor</label></p>
      ${[...tenants].map(([tenantId, people]) => renderTenant(tenantId, people))}
    </form>`);
}

function renderTenant(tenantId: string, people: readonly DevelopmentUser[]): Html {
  return html`
    <fieldset>
      <legend>Tenant ${tenantId}</legend>
      <div class="people">${people.map(
        ({ id, name, roles }) => html`
        <button name="user" value="${id}" class="person"><span class="name">${name}</span> <span class="role">${roles.join(', ')}</span></button>`,
      )}
      </div>
    </fieldset>`;
}

/** Both buttons post: "yes" ends the sign-in here too, the other only the application's. */
export function renderSignOut(action: string, xsrf: string, name: string | undefined): string {
  return renderDocument('Sign out', html`
    <h1>Sign out here too?</h1>
    <p>You are signed in at the development provider${name === undefined ? '' : html` as <strong>${name}</strong>`}. Sign out here to choose another person next time.</p>
    <form method="post" action="${action}" class="choices">
      <input type="hidden" name="xsrf" value="${xsrf}">
      <button name="logout" value="yes" class="primary">Yes, sign out</button>
      <button>No, stay signed in here</button>
    </form>`);
}

export function renderSignedOut(): string {
  return renderDocument('Signed out', html`
    <h1>You are signed out</h1>
    <p>You can close this window, or open the application again to sign in.</p>`);
}

export function renderFailure(error: string, description: string | undefined): string {
  return renderDocument('Sign-in failed', html`
    <h1>That did not work</h1>
    <p>${description ?? 'The request could not be answered.'}</p>
    <p>Code: <code>${error}</code></p>
    <p>Go back to the application and start again from there.</p>`);
}

export function renderExpired(): string {
  return renderDocument('Sign-in expired', html`
    <h1>This sign-in has expired</h1>
    <p>It took too long, was already finished, or was begun in another browser or before a restart. Nobody was signed in.</p>
    <p>Go back to the application and sign in again.</p>`);
}

function renderDocument(title: string, body: Html): string {
  return toMarkup(html`<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <title>${title} – Stockade development provider</title>
  <link rel="stylesheet" href="${STYLE_PATH}">
</head>
<body>
  <header><p class="notice"><strong>Development provider.</strong> No passwords, no real people: it runs only on this computer.</p></header>
  <main>${body}
  </main>
</body>
</html>
`);
}

/** CSP names the client's origin because Chromium applies form-action to the redirect that answers a form, too. */
export function pagePolicy(clientOrigin: string): string {
  return [
    "default-src 'none'",
    // The library adds the hash of its own auto-submitting script here, where it sends one.
    "script-src 'none'",
    "style-src 'self'",
    `form-action 'self' ${clientOrigin}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join('; ');
}
