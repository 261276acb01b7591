// The development provider's pages: what every one of them has, and that nothing given becomes markup.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEVELOPMENT_USERS } from '#app/identity/development-users.ts';
import { pagePolicy, renderChoice, renderExpired, renderFailure, renderSignedOut, renderSignOut } from '#app/identity/provider-pages.ts';
import { PROVIDER_STYLE } from '#app/identity/provider-style.ts';

const EVIL = `"><script>alert(1)</script>'&`;

test('every page has its language, title, one main and one heading, and says what it is', () => {
  for (const page of [renderChoice('uid', DEVELOPMENT_USERS), renderSignOut('/x', 'secret', 'Cleo'), renderSignedOut(), renderFailure('e', 'd'), renderExpired()]) {
    assert.match(page, /^<!doctype html>\n<html lang="en">/);
    assert.match(page, /<title>[^<]+ – Stockade development provider<\/title>/);
    assert.equal(page.match(/<main>/g)?.length, 1);
    assert.equal(page.match(/<h1>/g)?.length, 1);
    assert.match(page, /Development provider\./);
    assert.doesNotMatch(page, /<script|style="|\son\w+=/);
  }
});

test('each person is one button of the form, beside their roles, under their tenant', () => {
  const page = renderChoice('uid', DEVELOPMENT_USERS);
  const buttons = [...page.matchAll(/<button name="user" value="([^"]+)"/g)].map(([, id]) => id);
  assert.deepEqual(buttons, DEVELOPMENT_USERS.map(({ id }) => id));
  assert.deepEqual([...page.matchAll(/<legend>Tenant ([^<]+)</g)].map(([, tenant]) => tenant), ['acme', 'globex']);
  assert.match(page, /<form method="post" action="\/interaction\/uid">/);
  assert.match(renderChoice('uid', [{ id: 'both', name: 'Bo Both', tenantId: 'acme', roles: ['clerk', 'auditor'] }]), /<span class="role">clerk, auditor<\/span>/);
});

test('nothing that is given becomes markup', () => {
  const person = { id: EVIL, name: EVIL, tenantId: EVIL, roles: [] };
  for (const page of [renderChoice(EVIL, [person]), renderSignOut(EVIL, EVIL, EVIL), renderFailure(EVIL, EVIL)]) {
    assert.doesNotMatch(page, /<script/);
    assert.match(page, /&quot;&gt;&lt;script&gt;alert\(1\)&lt;\/script&gt;&#39;&amp;/);
  }
});

test('forms may lead to the provider and to the application only', () => {
  assert.match(pagePolicy('http://127.0.0.1:3000'), /; form-action 'self' http:\/\/127\.0\.0\.1:3000;/);
});

function channels(color: string): number[] {
  return [1, 3, 5].map((at) => {
    const value = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
}

function luminance(color: string): number {
  const [red = 0, green = 0, blue = 0] = channels(color);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

test('text stands out 4.5 to 1 and edges 3 to 1, in light and in dark', () => {
  const themes = [...PROVIDER_STYLE.matchAll(/:root \{([^}]+)\}/g)].map(([, body = '']) => new Map([...body.matchAll(/--([\w-]+): (#[0-9a-f]{6})/g)].map(([, name = '', color = '']) => [name, color])));
  assert.equal(themes.length, 2);
  const pairs = [['text', 'card', 4.5], ['text', 'hover', 4.5], ['quiet', 'card', 4.5], ['quiet', 'hover', 4.5], ['on-accent', 'accent', 4.5], ['on-notice', 'notice', 4.5], ['line', 'card', 3], ['accent', 'card', 3]] as const;
  for (const theme of themes) {
    for (const [front, back, least] of pairs) {
      const [low = 0, high = 0] = [theme.get(front) ?? '', theme.get(back) ?? ''].map(luminance).sort((left, right) => left - right);
      const contrast = (high + 0.05) / (low + 0.05);
      assert.ok(contrast >= least, `${front} on ${back}: ${contrast.toFixed(2)}`);
    }
  }
});
