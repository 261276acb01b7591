// Local accounts: people who sign in here, with passkeys or passwords. Deleting this folder removes them.
import { type Database, type Feature, type FeatureModule, type FeatureParts, ROLES } from '#app/feature.ts';
import { createBreachCheck } from './breached.ts';
import { createKeyRing } from './keys.ts';
import { createMailer } from './mail.ts';
import { createMailbox } from './mailbox.ts';
import { ADMINISTER, createOperations } from './operations.ts';
import { type AccountParts, CHANGE, ISSUER } from './parts.ts';
import { relyingPartyOf } from './passkeys.ts';
import { createPasswords } from './passwords.ts';
import { personalData } from './personal-data.ts';
import { createReset } from './reset.ts';
import { createSecurity, READ } from './security.ts';
import { seed } from './seed.ts';
import { type AccountSettings, parseAccountSettings } from './settings.ts';
import { createSignIn, SIGN_IN_PATH } from './sign-in.ts';
import { createSmtpSender } from './smtp.ts';
import { tablesOf } from './tables.ts';
import { forgetOld } from './throttle.ts';

/** As long as a sign-in that somebody has just made, and the time to look for a device. */
const FRESH_S = 900;
const HOUSEKEEPING_MS = 60_000;

export const feature: FeatureModule = {
  title: 'Accounts',
  grants: { 'accounts:read': ['manager', 'auditor'], [ADMINISTER]: ['manager'], [READ]: ROLES, [CHANGE]: ROLES },
  rules: { stepUp: { [CHANGE]: { maxAgeS: FRESH_S, factors: 1 } }, enrolment: [READ, CHANGE] },
  events: {},
  personalData,
  seed,
  create(parts) {
    const settings = parseAccountSettings(parts.settings, parts.production);
    if (settings === undefined) {
      parts.log.info('local accounts are off: no setting begins with ACCOUNTS_');
      return { operations: [], pages: [] };
    }
    return createAccounts(parts, settings);
  },
};

function createAccounts({ database, production, signInFactors, publicUrl, log, metrics, countSignIns, clock }: FeatureParts, settings: AccountSettings): Feature {
  const keys = createKeyRing(settings.keys);
  const { smtpUrl, mailFrom } = settings;
  const mailbox = smtpUrl === undefined ? createMailbox() : undefined;
  const send = mailbox?.send ?? createSmtpSender({ url: smtpUrl ?? '', from: mailFrom, requireTls: production });
  const mailer = createMailer({ database, keys, send, log, metrics, clock });
  const under = new Set<Promise<void>>();
  const accounts: AccountParts = {
    keys,
    passwords: createPasswords({ ...settings, keys }),
    mailer,
    isBreached: createBreachCheck({ url: settings.breachedPasswordsUrl, log, metrics }),
    publicUrl,
    signInFactors,
    party: relyingPartyOf(publicUrl, ISSUER),
    outcomes: { password: countSignIns('password'), passkey: countSignIns('passkey'), code: countSignIns('code'), authenticator: countSignIns('authenticator'), 'recovery-code': countSignIns('recovery-code') },
    background(work, ownLog) {
      const running = work()
        .catch((error: unknown) => {
          ownLog.error({ err: error }, 'what was to follow an answer failed');
        })
        .finally(() => under.delete(running));
      under.add(running);
    },
  };
  const timer = setInterval(() => {
    accounts.background(() => purge(database, clock()), log);
  }, HOUSEKEEPING_MS);
  timer.unref();
  return {
    operations: createOperations(accounts),
    pages: createSecurity(accounts),
    publicPages: [...createSignIn(accounts, { mailbox: mailbox !== undefined }), ...createReset(accounts), ...(mailbox === undefined ? [] : [mailbox.page])],
    waysIn: [{ text: 'Passkey or password', path: SIGN_IN_PATH }],
    async stop() {
      clearInterval(timer);
      await Promise.all(under);
      await mailer.stop();
    },
  };
}

async function purge(database: Database, now: Date): Promise<void> {
  for (const table of ['account_attempt', 'account_token'] as const) await tablesOf(database).deleteFrom(table).where('expires_at', '<', now).execute();
  await forgetOld(database, now);
}
