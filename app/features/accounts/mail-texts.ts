// What the mails say. None has a link but those that were asked for, so that people learn to follow no other.
// Tested by sign-in.test.ts and security.test.ts: at the mailbox.
import type { Mail } from './mail.ts';
import type { Account } from './store.ts';

type Recipient = Pick<Account, 'email' | 'name'>;

export type CredentialChange = 'password' | 'passkey-added' | 'passkey-removed' | 'authenticator-added' | 'authenticator-removed' | 'recovery-codes' | 'recovery-code-used' | 'factors-reset';
export type SuspiciousSignIn = 'new-browser' | 'second-factor-failed';

const CHANGES: Readonly<Record<CredentialChange, string>> = {
  password: 'Your password was changed. All other sessions were ended.',
  'passkey-added': 'A passkey was added to your account.',
  'passkey-removed': 'A passkey was removed from your account.',
  'authenticator-added': 'An authenticator app was added to your account.',
  'authenticator-removed': 'The authenticator app was removed from your account.',
  'recovery-codes': 'New recovery codes were made for your account. The old ones are void.',
  'recovery-code-used': 'A recovery code was used to sign in to your account. It is void now.',
  'factors-reset': 'An administrator removed the second factors of your account: authenticator app, passkeys and recovery codes.',
};

const SIGN_INS: Readonly<Record<SuspiciousSignIn, string>> = {
  'new-browser': 'Somebody, you we hope, signed in to your account in a browser that it had not been used in before.',
  'second-factor-failed': 'Somebody, you we hope, gave your password and then a wrong code, in a browser that your account had not been used in before.',
};

export function signInMail({ email, name }: Recipient, what: SuspiciousSignIn): Mail {
  return { to: email, subject: 'A sign-in to your account', text: `Hello ${name},\n\n${SIGN_INS[what]}\n\nIf it was not you, change your password, end the sessions that you do not know, and tell your administrator.\n` };
}

export function noticeMail({ email, name }: Recipient, change: CredentialChange): Mail {
  return { to: email, subject: 'The security of your account has changed', text: `Hello ${name},\n\n${CHANGES[change]}\n\nIf it was not you, tell your administrator at once.\n` };
}

export function resetMail({ email, name }: Recipient, link: string, minutes: number): Mail {
  return { to: email, subject: 'Set a new password', text: `Hello ${name},\n\nsomebody, you we hope, asked for a new password. Set it here within ${minutes} minutes; the link works once:\n\n${link}\n\nIf it was not you, do nothing: your password stays as it is.\n` };
}

export function invitationMail({ email, name }: Recipient, link: string, hours: number): Mail {
  return { to: email, subject: 'Your account', text: `Hello ${name},\n\nan account was made for you. Set its password here within ${hours} hours; the link works once:\n\n${link}\n` };
}
