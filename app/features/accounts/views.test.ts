// What the pages say of a password; on the pages themselves, sign-in.test.ts and accounts.browser.test.ts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explainPassword } from './views.ts';

test('each problem of a password has a sentence of its own, with the numbers that hold for its person', () => {
  assert.equal(explainPassword('too-short', false), 'That is too short: take at least 15 characters.');
  assert.equal(explainPassword('too-short', true), 'That is too short: take at least 8 characters.');
  assert.equal(explainPassword('too-long', false), 'That is too long: take at most 128 characters.');
  assert.equal(explainPassword('too-common', false), 'Many people have that password, so it is guessed first. Take another one.');
  assert.equal(explainPassword('breached', false), 'That password was in a breach of some other service, so it is guessed first. Take another one.');
  assert.equal(explainPassword('too-personal', false), 'There is too little in it but your name, your address or ours. Take another one.');
});
