import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { test } from 'node:test';
import { createCanaries } from '#app/testing/secret-canaries.ts';

test('a marked secret is found in every form in which it may be written down, and nothing else is', () => {
  const canaries = createCanaries();
  const [password, key] = [canaries.text('password'), canaries.key('key')];
  const bytes = Buffer.from(key, 'base64url');
  for (const text of [password, `postgres://a:${encodeURIComponent(password)}@db`, JSON.stringify({ password }), password.slice(0, -4), ...['', 'i', 'id', 'idd'].map((id) => `Basic ${Buffer.from(`${id}:${password}`).toString('base64')}`), inspect(Buffer.from(password).toString('hex'))]) {
    assert.deepEqual(canaries.findIn(text), ['password'], text);
  }
  for (const text of [key, `a:${key}`, bytes.toString('base64'), bytes.toString('hex'), inspect(bytes), inspect({ key: { secret: bytes } }), JSON.stringify(bytes)]) {
    assert.deepEqual(canaries.findIn(text), ['key'], text);
  }
  assert.deepEqual(canaries.findIn(createCanaries().text('password') + createCanaries().key('key')), []);
});
