// The document around every page: header, navigation, who is signed in, footer. No inline script or style (CSP).
import type { Subject } from '#app/feature.ts';
import { html, type Html, toMarkup } from '#app/lib/html.ts';

export interface Link {
  readonly href: string;
  readonly text: string;
  readonly current: boolean;
}

export interface Layout {
  readonly title: string;
  readonly body: Html;
  /** URLs of modules. */
  readonly scripts: readonly string[];
  /** URLs, the site's own first. */
  readonly styles: readonly string[];
  readonly subject: Subject | undefined;
  readonly navigation: readonly Link[];
  /** About the person, beside their name. */
  readonly personal: readonly Link[];
  readonly signInPath: string;
}

export function renderDocument({ title, body, scripts, styles, subject, navigation, personal, signInPath }: Layout): string {
  return toMarkup(html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · Stockade</title>
<link rel="icon" href="/favicon.svg" type="image/svg+xml">
${styles.map((href) => html`<link rel="stylesheet" href="${href}">`)}
${scripts.map((src) => html`<script type="module" src="${src}"></script>`)}
</head>
<body>
<a class="skip-link" href="#main">Skip to the content</a>
<header class="site-header">
<a class="brand" href="/"><svg class="brand-mark" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true"><path d="M4 21V7l2.5-4L9 7v14zM9.5 21V7L12 3l2.5 4v14zM15 21V7l2.5-4L20 7v14z"/></svg>Stockade</a>
<nav aria-label="Main">${navigation.map((link) => html`<a href="${link.href}"${link.current && html` aria-current="page"`}>${link.text}</a>`)}</nav>
${subject === undefined ? html`<a class="button button-quiet" href="${signInPath}">Sign in</a>` : renderSubject(subject, personal)}
</header>
<main id="main" tabindex="-1">
${body}
</main>
<footer class="site-footer"><a href="/docs">API</a> <a href="/openapi.json">OpenAPI document</a></footer>
</body>
</html>
`);
}

function renderSubject({ name, tenantId, roles }: Subject, personal: readonly Link[]): Html {
  return html`<div class="account">
<p class="account-name"><a href="/account/sessions">${name}<span class="visually-hidden">: where you are signed in</span></a> <span class="account-role">${roles.join(', ')} at ${tenantId}</span></p>
${personal.map((link) => html`<a href="${link.href}"${link.current && html` aria-current="page"`}>${link.text}</a>`)}
<form method="post" action="/auth/sign-out"><button class="button button-quiet" type="submit">Sign out</button></form>
</div>`;
}
