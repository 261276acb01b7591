// Passkeys (WebAuthn): what a browser is asked for, whether its answer is good, and where they are kept.
// Tested by accounts.browser.test.ts too: by Chromium’s virtual authenticator.
import type { AuthenticationResponseJSON, AuthenticatorTransport, PublicKeyCredentialCreationOptionsJSON, PublicKeyCredentialRequestOptionsJSON, RegistrationResponseJSON } from '@simplewebauthn/server';
import { isIP } from 'node:net';
import { sql } from 'kysely';
import type { Logger } from 'pino';
import type { Database } from '#app/feature.ts';
import type { Account, Ref } from './store.ts';
import { type AccountTables, tablesOf } from './tables.ts';

export interface Passkey {
  readonly tenantId: string;
  readonly id: string;
  readonly accountId: string;
  readonly name: string;
  readonly createdAt: Date;
  readonly usedAt: Date | null;
}
interface StoredPasskey extends Passkey {
  readonly publicKey: Uint8Array<ArrayBuffer>;
  readonly counter: number;
  readonly transports: readonly string[];
}

export interface RelyingParty {
  readonly id: string;
  readonly origin: string;
  readonly name: string;
}

export const MOST_PASSKEYS = 20;

/** Loaded by the first who uses a passkey: it takes a tenth of a second, which the start does not. */
const load = () => import('@simplewebauthn/server');

/** Undefined where the origin is an address: passkeys belong to a host name (WebAuthn Level 3, 5.1.2, "effective domain"). */
export function relyingPartyOf(publicUrl: string, name: string): RelyingParty | undefined {
  const { hostname, origin } = new URL(publicUrl);
  return isIP(hostname) !== 0 || hostname.startsWith('[') ? undefined : { id: hostname, origin, name };
}

export async function askToCreate(party: RelyingParty, account: Pick<Account, 'id' | 'email' | 'name'>, present: readonly Passkey[]): Promise<PublicKeyCredentialCreationOptionsJSON> {
  const { generateRegistrationOptions } = await load();
  return generateRegistrationOptions({
    rpName: party.name,
    rpID: party.id,
    userID: new Uint8Array(Buffer.from(account.id)),
    userName: account.email,
    userDisplayName: account.name,
    excludeCredentials: present.map(({ id }) => ({ id })),
    // One that knows whose it is, and that asks its person: it is two factors by itself.
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    attestationType: 'none',
  });
}

export async function askToSignIn(party: RelyingParty, present?: readonly StoredPasskey[]): Promise<PublicKeyCredentialRequestOptionsJSON> {
  const { generateAuthenticationOptions } = await load();
  return generateAuthenticationOptions({
    rpID: party.id,
    userVerification: 'required',
    ...(present === undefined ? {} : { allowCredentials: present.map(({ id, transports }) => ({ id, transports: transports as AuthenticatorTransport[] })) }),
  });
}

/** What to keep, when the answer is good; why not, says the log. */
export async function verifyNew(party: RelyingParty, answer: unknown, challenge: string, log: Logger): Promise<Pick<StoredPasskey, 'id' | 'publicKey' | 'counter' | 'transports'> | undefined> {
  const { verifyRegistrationResponse } = await load();
  try {
    if (await isCertified(answer)) {
      log.info('a new passkey was not accepted: it brought certificates that nobody had asked for');
      return undefined;
    }
    const { verified, registrationInfo } = await verifyRegistrationResponse({ response: answer as RegistrationResponseJSON, expectedChallenge: challenge, expectedOrigin: party.origin, expectedRPID: party.id, requireUserVerification: true });
    if (!verified) return undefined;
    const { id, publicKey, counter, transports } = registrationInfo.credential;
    return { id, publicKey, counter, transports: (transports ?? []).filter((transport) => /^[a-z-]{1,32}$/.test(transport)).slice(0, 10) };
  } catch (error) {
    log.info({ err: error }, 'a new passkey was not accepted');
    return undefined;
  }
}

/**
 * We ask for no attestation, and browsers leave it out (WebAuthn Level 3, 5.1.3). The library would read what comes all the same:
 * certificates of a stranger, and for roots that it brings along the list of revoked ones, from the host that is named there.
 */
async function isCertified(answer: unknown): Promise<boolean> {
  const { decodeAttestationObject, isoBase64URL } = await import('@simplewebauthn/server/helpers');
  const attestation = decodeAttestationObject(isoBase64URL.toBuffer((answer as RegistrationResponseJSON).response.attestationObject));
  return attestation.get('fmt') !== 'none' && !(attestation.get('fmt') === 'packed' && attestation.get('attStmt').get('x5c') === undefined);
}

/** Whose it is, when the answer is good; its counter is kept. */
export async function verifySignIn(db: Database, party: RelyingParty, answer: unknown, challenge: string, { now, log }: { readonly now: Date; readonly log: Logger }): Promise<Passkey | undefined> {
  const id = readId(answer);
  const stored = id === undefined ? undefined : await findPasskey(db, id);
  if (stored === undefined) return undefined;
  const { verifyAuthenticationResponse } = await load();
  try {
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response: answer as AuthenticationResponseJSON,
      expectedChallenge: challenge,
      expectedOrigin: party.origin,
      expectedRPID: party.id,
      credential: { id: stored.id, publicKey: stored.publicKey, counter: stored.counter },
      requireUserVerification: true,
    });
    // A counter that has gone on in the meantime: of two answers at once, one may be a copy's (WebAuthn Level 3, 6.1.1).
    return verified && (await storeUse(db, stored, authenticationInfo.newCounter, now)) ? stored : undefined;
  } catch (error) {
    log.info({ err: error }, 'a passkey was not accepted');
    return undefined;
  }
}

export async function listPasskeys(db: Database, { tenantId, id }: Ref): Promise<readonly StoredPasskey[]> {
  const rows = await tablesOf(db).selectFrom('account_passkey').selectAll().where('tenant_id', '=', tenantId).where('account_id', '=', id).orderBy('created_at').orderBy('id').execute();
  return rows.map(toPasskey);
}

/** False where somebody has it already. */
export async function addPasskey(db: Database, { tenantId, id: accountId }: Ref, passkey: Pick<StoredPasskey, 'id' | 'publicKey' | 'counter' | 'transports' | 'name'>, now: Date): Promise<boolean> {
  const result = await tablesOf(db)
    .insertInto('account_passkey')
    .values({ tenant_id: tenantId, id: passkey.id, account_id: accountId, name: passkey.name, public_key: Buffer.from(passkey.publicKey), counter: passkey.counter, transports: [...passkey.transports], created_at: now, used_at: null })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return result.numInsertedOrUpdatedRows === 1n;
}

/** Of this id, or all. Returns how many. */
export async function removePasskeys(db: Database, { tenantId, id: accountId }: Ref, only?: string): Promise<number> {
  let removal = tablesOf(db).deleteFrom('account_passkey').where('tenant_id', '=', tenantId).where('account_id', '=', accountId);
  if (only !== undefined) removal = removal.where('id', '=', only);
  return Number((await removal.executeTakeFirst()).numDeletedRows);
}

async function findPasskey(db: Database, id: string): Promise<StoredPasskey | undefined> {
  // Two tenants may hold one id only if an authenticator made it twice: then it tells nobody apart.
  const rows = await tablesOf(db).selectFrom('account_passkey').selectAll().where('id', '=', id).limit(2).execute();
  return rows[0] === undefined || rows.length > 1 ? undefined : toPasskey(rows[0]);
}

async function storeUse(db: Database, { tenantId, id, counter }: StoredPasskey, newCounter: number, now: Date): Promise<boolean> {
  const result = await sql`update account_passkey set counter = ${newCounter}, used_at = ${now} where tenant_id = ${tenantId} and id = ${id} and counter = ${counter}`.execute(db);
  return result.numAffectedRows === 1n;
}

function readId(answer: unknown): string | undefined {
  return typeof answer === 'object' && answer !== null && 'id' in answer && typeof answer.id === 'string' && /^[A-Za-z0-9_-]{1,1400}$/.test(answer.id) ? answer.id : undefined;
}

function toPasskey(row: AccountTables['account_passkey']): StoredPasskey {
  return { tenantId: row.tenant_id, id: row.id, accountId: row.account_id, name: row.name, createdAt: row.created_at, usedAt: row.used_at, publicKey: new Uint8Array(row.public_key), counter: Number(row.counter), transports: row.transports };
}
