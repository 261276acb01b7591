import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Subject } from '#app/feature.ts';
import { type Layout, renderDocument } from '#app/http/page.ts';
import { escapeHtml, html } from '#app/lib/html.ts';

const clerk: Subject = { tenantId: 'acme', id: 'clerk', name: 'Cleo Clerk', roles: ['clerk'], credential: { kind: 'bearer', expiresAt: new Date('2030-01-01T00:00:00Z') } };

function renderWith(parts: Partial<Layout> = {}): string {
  return renderDocument({ title: 'Board', body: html`<h1>Board</h1>`, scripts: ['/assets/h/board.ts'], styles: ['/assets/h/site.css', '/assets/h/board.css'], subject: clerk, navigation: [], personal: [], signInPath: '/auth/sign-in', ...parts });
}

test('a document has its language, its title, its landmarks and a way past the header', () => {
  const text = renderWith();
  assert.match(text, /^<!doctype html>\n<html lang="en">/);
  assert.match(text, /<title>Board · Stockade<\/title>/);
  for (const landmark of ['header', 'nav', 'main', 'footer']) assert.equal(text.match(new RegExp(`<${landmark}[ >]`, 'g'))?.length, 1, landmark);
  const target = /<a class="skip-link" href="#([\w-]+)">/.exec(text)?.[1];
  assert.ok(target !== undefined && text.includes(`<main id="${target}"`));
  assert.ok(text.indexOf('class="skip-link"') < text.indexOf('<header'), 'the skip link is the first stop');
});

test('styles come in the order given, and scripts are modules', () => {
  const text = renderWith();
  assert.deepEqual([...text.matchAll(/rel="stylesheet" href="([^"]+)"/g)].map(([, href]) => href), ['/assets/h/site.css', '/assets/h/board.css']);
  assert.match(text, /<script type="module" src="\/assets\/h\/board\.ts"><\/script>/);
});

test('nothing is inline that the policy would block', () => {
  for (const subject of [clerk, undefined]) {
    const text = renderWith({ subject, navigation: [{ href: '/', text: 'Board', current: true }] });
    assert.doesNotMatch(text, /<style|\sstyle=|\son\w+=|javascript:/i);
    for (const [, attributes, content] of text.matchAll(/<script([^>]*)>([^]*?)<\/script>/g)) {
      assert.match(attributes ?? '', / src="/);
      assert.equal(content, '');
    }
  }
});

test('ASVS 7.4.4: who is signed in sees name, role and tenant, and signs out by a form', () => {
  const text = renderWith({ subject: { ...clerk, roles: ['clerk', 'auditor'] } });
  assert.match(text, /Cleo Clerk/);
  assert.match(text, /clerk, auditor at acme/);
  assert.match(text, /<form method="post" action="\/auth\/sign-out">/);
  assert.doesNotMatch(text, /\/auth\/sign-in/);
});

test('who is not signed in gets a way in and no way out', () => {
  const text = renderWith({ subject: undefined });
  assert.match(text, /<a [^>]*href="\/auth\/sign-in"/);
  assert.doesNotMatch(text, /sign-out|<form/);
});

test('what is about the person stands beside their name, and nowhere for nobody', () => {
  const personal = [{ href: '/me', text: 'Security', current: true }];
  assert.match(renderWith({ personal }), /<div class="account">[^]*<a href="\/me" aria-current="page">Security<\/a>[^]*sign-out/);
  assert.doesNotMatch(renderWith({ personal, subject: undefined }), /Security/);
});

test('only the current page is marked in the navigation', () => {
  const text = renderWith({
    navigation: [
      { href: '/', text: 'Board', current: true },
      { href: '/docs', text: 'API', current: false },
    ],
  });
  assert.match(text, /<a href="\/" aria-current="page">Board<\/a><a href="\/docs">API<\/a>/);
});

test('ASVS 1.2.1: hostile text stays text, wherever a document shows it', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), (noise) => {
      const hostile = `"'></title><script>${noise}</script>`;
      const text = renderWith({ title: hostile, styles: [hostile], scripts: [hostile], subject: { ...clerk, name: hostile, tenantId: hostile }, navigation: [{ href: hostile, text: hostile, current: false }], personal: [{ href: hostile, text: hostile, current: false }] });
      assert.ok(!text.includes(hostile));
      assert.equal(text.split(escapeHtml(hostile)).length - 1, 9);
    }),
  );
});
