// Finding the browser.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findChromium } from '#app/testing/chromium.ts';

test('CHROMIUM_PATH decides, and a path with nothing there is no browser', () => {
  assert.equal(findChromium({ CHROMIUM_PATH: '/opt/chromium' }, (path) => path === '/opt/chromium'), '/opt/chromium');
  assert.equal(
    findChromium({ CHROMIUM_PATH: '/opt/chromium' }, (path) => path !== '/opt/chromium'),
    undefined,
  );
});

test('without it the first browser in the usual places of the platform is taken, or none', () => {
  const asked: string[] = [];
  const found = findChromium({}, (path) => asked.push(path) === 2);
  assert.equal(found, asked[1]);
  assert.equal(
    findChromium({ CHROMIUM_PATH: '' }, () => false),
    undefined,
  );
});
