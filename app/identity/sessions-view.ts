// The page of a person's sessions.
// Tested by sessions.test.ts, and sessions.browser.test.ts: in a browser.
import { html, type Html } from '#app/lib/html.ts';
import type { ShownSession } from '#app/identity/sessions.ts';

export interface SessionsPage {
  readonly sessions: readonly ShownSession[];
  readonly done: 'ended' | 'others' | undefined;
  readonly now: Date;
}

const DONE = { ended: 'That session has ended.', others: 'All other sessions have ended.' } as const;

export function renderSessions({ sessions, done, now }: SessionsPage): Html {
  return html`<h1>Where you are signed in</h1>
${done !== undefined && html`<p class="notice notice-success" role="status">${DONE[done]}</p>`}
<p>End what you do not know, and tell your administrator. It is signed out at once.</p>
<ul class="cards">${sessions.map((session) => renderSession(session, now))}</ul>
${sessions.some(({ current }) => !current) && html`<form method="post" action="/account/sessions/end-others"><button class="button button-danger" type="submit" name="all" value="others">End all other sessions</button></form>`}`;
}

function renderSession({ id, browser, createdAt, lastSeenAt, factors, current }: ShownSession, now: Date): Html {
  return html`<li class="card">
<h2>${browser}${current && html` <span class="badge badge-ok">This browser</span>`}</h2>
<p>Signed in ${factors === 2 ? 'with two factors ' : ''}at ${renderTime(createdAt)}, last used ${describeAge(now.getTime() - Date.parse(lastSeenAt))}.</p>
${!current && html`<form method="post" action="/account/sessions/end"><input type="hidden" name="id" value="${id}"><button class="button" type="submit">End this session<span class="visually-hidden">: ${browser}, since ${renderTime(createdAt)}</span></button></form>`}
</li>`;
}

function renderTime(time: string): Html {
  return html`<time datetime="${time}">${time.slice(0, 16).replace('T', ' ')} UTC</time>`;
}

function describeAge(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 2) return 'just now';
  return minutes < 120 ? `${minutes} minutes ago` : `${Math.floor(minutes / 60)} hours ago`;
}
