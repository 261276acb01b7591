import assert from 'node:assert/strict';
import { test } from 'node:test';
import { linksOf, onePerShape } from './site-map.ts';

test('links of this origin are followed, but not into or out of a session, and none of a template', () => {
  const page = '<a class="x" href="/a?b=1&amp;c=2#d">a</a> <a href="//evil.test/">b</a> <a href="https://evil.test/">c</a> <a href="/auth/sign-in">d</a> <a href="#e">e</a> <link href="/style.css"> <template>\n<a href="/f/">f</a></template>';
  assert.deepEqual(linksOf(page), ['/a?b=1&c=2']);
});

test('of pages with one shape one is enough, whatever thing they show and whatever is asked of them', () => {
  const pages = ['/', '/?find=x', '/things/new', '/things/AB-1', '/things/AB-2', '/things/AB-1/log'].map((path) => ({ path, status: 200 }));
  assert.deepEqual(onePerShape(pages).map(({ path }) => path), ['/', '/things/new', '/things/AB-1', '/things/AB-1/log']);
});
