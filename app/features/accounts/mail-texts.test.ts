import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CredentialChange, invitationMail, noticeMail, resetMail, signInMail } from './mail-texts.ts';

const person = { email: 'cleo@acme.test', name: 'Cleo' };
const LINK = 'https://stockade.test/accounts/reset?token=t';

const SAID: Readonly<Record<CredentialChange, string>> = {
  password: 'Your password was changed. All other sessions were ended.',
  'passkey-added': 'A passkey was added to your account.',
  'passkey-removed': 'A passkey was removed from your account.',
  'authenticator-added': 'An authenticator app was added to your account.',
  'authenticator-removed': 'The authenticator app was removed from your account.',
  'recovery-codes': 'New recovery codes were made for your account. The old ones are void.',
  'recovery-code-used': 'A recovery code was used to sign in to your account. It is void now.',
  'factors-reset': 'An administrator removed the second factors of your account: authenticator app, passkeys and recovery codes.',
};

test('a notice says what has changed and what to do, and has no link to follow', () => {
  for (const [change, said] of Object.entries(SAID)) {
    const { to, subject, text } = noticeMail(person, change as CredentialChange);
    assert.deepEqual([to, subject], ['cleo@acme.test', 'The security of your account has changed']);
    assert.equal(text, `Hello Cleo,\n\n${said}\n\nIf it was not you, tell your administrator at once.\n`);
    assert.doesNotMatch(text, /https?:/);
  }
});

test('a sign-in that may be somebody else’s is told, with what to do, and no link to follow', () => {
  for (const [what, said] of [['new-browser', 'signed in to your account in a browser that it had not been used in before.'], ['second-factor-failed', 'gave your password and then a wrong code, in a browser that your account had not been used in before.']] as const) {
    const { to, subject, text } = signInMail(person, what);
    assert.deepEqual([to, subject], ['cleo@acme.test', 'A sign-in to your account']);
    assert.ok(text.startsWith(`Hello Cleo,\n\nSomebody, you we hope, ${said}\n\nIf it was not you, change your`), text);
    assert.doesNotMatch(text, /https?:/);
  }
});

test('a link to set a password with comes with how long it is good for, and what to do by whom did not ask', () => {
  const reset = resetMail(person, LINK, 10);
  assert.deepEqual([reset.to, reset.subject], ['cleo@acme.test', 'Set a new password']);
  assert.match(reset.text, /^Hello Cleo,\n.*within 10 minutes; the link works once:\n\nhttps:\/\/stockade\.test\/accounts\/reset\?token=t\n\nIf it was not you, do nothing/s);
  const invitation = invitationMail(person, LINK, 24);
  assert.deepEqual([invitation.to, invitation.subject], ['cleo@acme.test', 'Your account']);
  assert.match(invitation.text, /^Hello Cleo,\n.*within 24 hours; the link works once:\n\nhttps:\/\/stockade\.test\/accounts\/reset\?token=t\n$/s);
});
