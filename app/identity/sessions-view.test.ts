import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toMarkup } from '#app/lib/html.ts';
import type { ShownSession } from '#app/identity/sessions.ts';
import { renderSessions } from '#app/identity/sessions-view.ts';

const now = new Date('2026-03-01T12:00:00.000Z');
const minutesAgo = (minutes: number) => new Date(now.getTime() - minutes * 60_000).toISOString();
const own: ShownSession = { id: '0b6f7f9e-0000-4000-8000-000000000001', browser: 'Firefox on Linux', createdAt: '2026-03-01T08:30:59.000Z', lastSeenAt: minutesAgo(0), expiresAt: minutesAgo(-60), factors: 1, current: true };
const other: ShownSession = { ...own, id: '0b6f7f9e-0000-4000-8000-000000000002', browser: 'Safari <on> iPhone', factors: 2, current: false };
const render = (sessions: readonly ShownSession[], done?: 'ended' | 'others') => toMarkup(renderSessions({ sessions, done, now }));

test('one’s own session is marked, and has no button: one signs out of it', () => {
  const page = render([own]);
  assert.match(page, /<h2>Firefox on Linux <span class="badge badge-ok">This browser<\/span><\/h2>/);
  assert.match(page, /Signed in at <time datetime="2026-03-01T08:30:59\.000Z">2026-03-01 08:30 UTC<\/time>, last used just now\./);
  assert.doesNotMatch(page, /<form|role="status"/);
});

test('any other can be ended by itself, or all of them together', () => {
  const page = render([own, other]);
  assert.match(page, /<h2>Safari &lt;on&gt; iPhone<\/h2>\n<p>Signed in with two factors at /);
  assert.equal(page.split('action="/account/sessions/end"').length, 2);
  assert.ok(page.includes(`<input type="hidden" name="id" value="${other.id}"><button class="button" type="submit">End this session<span class="visually-hidden">: Safari &lt;on&gt; iPhone, since <time`));
  assert.match(page, /<form method="post" action="\/account\/sessions\/end-others"><button [^>]*name="all" value="others">End all other sessions</);
});

test('what was done is said', () => {
  assert.match(render([own], 'ended'), /role="status">That session has ended\.</);
  assert.match(render([own], 'others'), /role="status">All other sessions have ended\.</);
});

test('how long ago a session was used is said in minutes, from two hours on in hours', () => {
  const ageOf = (minutes: number) => /last used ([^.]*)\./.exec(render([{ ...own, lastSeenAt: minutesAgo(minutes) }]))?.[1];
  assert.deepEqual([0, 1.99, 2, 2.99, 119.99, 120, 179.99, 180, 600].map(ageOf), ['just now', 'just now', '2 minutes ago', '2 minutes ago', '119 minutes ago', '2 hours ago', '2 hours ago', '3 hours ago', '10 hours ago']);
});
