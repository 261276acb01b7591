import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { isoBase64URL, isoCBOR } from '@simplewebauthn/server/helpers';
import { pino } from 'pino';
import { createLog } from '#app/telemetry/log.ts';
import { testDatabases, type TestedDatabase } from '#app/testing/database.ts';
import { addPasskey, askToCreate, askToSignIn, listPasskeys, relyingPartyOf, removePasskeys, verifyNew, verifySignIn } from './passkeys.ts';
import { type Ceremony, SoftwareAuthenticator } from './proofs/software-authenticator.ts';
import { type Account, createAccount } from './store.ts';

const party = { id: 'stockade.test', origin: 'https://stockade.test:8443', name: 'Stockade' };
const own: Ceremony = { origin: party.origin };
const now = new Date('2026-11-24T10:00:00.000Z');
const later = (ms: number) => new Date(now.getTime() + ms);

function openLog() {
  const lines: { readonly level: string; readonly msg: string; readonly err?: { readonly message: string } }[] = [];
  return { lines, log: createLog({ level: 'info', destination: { write: (line) => void lines.push(JSON.parse(line) as (typeof lines)[number]) } }) };
}

test('passkeys belong to the host name of the service, and an address has none', () => {
  assert.deepEqual(relyingPartyOf('https://stockade.test:8443/', 'Stockade'), party);
  for (const url of ['http://127.0.0.1:3000', 'http://[::1]:3000']) assert.equal(relyingPartyOf(url, 'Stockade'), undefined, url);
});

test('a new passkey is asked for that knows whose it is, verifies its person, and is none that they have', async () => {
  const account = { id: '0b6f7f9e-0000-4000-8000-000000000001', email: 'cleo@acme.test', name: 'Cleo' };
  const options = await askToCreate(party, account, [{ tenantId: 'acme', id: 'AAAA', accountId: account.id, name: 'Key', createdAt: now, usedAt: null }]);
  assert.deepEqual(options.rp, { id: 'stockade.test', name: 'Stockade' });
  assert.deepEqual(options.user, { id: Buffer.from(account.id).toString('base64url'), name: 'cleo@acme.test', displayName: 'Cleo' });
  assert.deepEqual(options.excludeCredentials?.map(({ id }) => id), ['AAAA']);
  assert.equal(options.authenticatorSelection?.residentKey, 'required');
  assert.equal(options.authenticatorSelection.userVerification, 'required');
  assert.equal(options.attestation, 'none');
  assert.notEqual(options.challenge, (await askToCreate(party, account, [])).challenge);
});

test('a sign-in asks for any passkey of the service, a second factor for one of the person’s', async () => {
  const any = await askToSignIn(party);
  assert.deepEqual([any.rpId, any.userVerification, any.allowCredentials], ['stockade.test', 'required', undefined]);
  const present = { tenantId: 'acme', id: 'AAAA', accountId: 'x', name: 'Key', createdAt: now, usedAt: null, publicKey: new Uint8Array(1), counter: 0, transports: ['usb'] };
  const { allowCredentials } = await askToSignIn(party, [present]);
  assert.deepEqual(allowCredentials, [{ id: 'AAAA', type: 'public-key', transports: ['usb'] }]);
});

test('what a browser made is kept, with those of its transports that look like some', async () => {
  const { log } = openLog();
  const authenticator = new SoftwareAuthenticator();
  const options = await askToCreate(party, { id: 'x', email: 'cleo@acme.test', name: 'Cleo' }, []);
  const strange = ['internal', 'hybrid', 'UPPER', 'a b', '', 'x'.repeat(33), 'x'.repeat(32)];
  const made = await verifyNew(party, authenticator.create(options, { ...own, transports: strange }), options.challenge, log);
  assert.equal(made?.id, authenticator.made[0]?.id);
  assert.equal(made?.counter, 0);
  assert.ok(made.publicKey.length > 64);
  assert.deepEqual(made.transports, ['internal', 'hybrid', 'x'.repeat(32)]);
  const many = await verifyNew(party, authenticator.create(options, { ...own, transports: Array.from({ length: 30 }, () => 'usb') }), options.challenge, log);
  assert.equal(many?.transports.length, 10);
});

test('a new passkey for another challenge, page or party, of nobody verified, or that is none, is not kept, and the log says why', async () => {
  const { log, lines } = openLog();
  const authenticator = new SoftwareAuthenticator();
  const options = await askToCreate(party, { id: 'x', email: 'cleo@acme.test', name: 'Cleo' }, []);
  const answers: readonly (readonly [answer: unknown, why: RegExp])[] = [
    [authenticator.create({ ...options, challenge: 'AAAA' }, own), /challenge/],
    [authenticator.create(options, { origin: 'https://evil.example' }), /origin/],
    [authenticator.create(options, { ...own, partyId: 'evil.example' }), /RP ID/],
    [authenticator.create(options, { ...own, userVerified: false }), /User verification/],
    [undefined, /./],
    ['text', /./],
    [{}, /./],
  ];
  for (const [index, [answer, why]] of answers.entries()) {
    assert.equal(await verifyNew(party, answer, options.challenge, log), undefined, why.source);
    assert.equal(lines.length, index + 1);
    assert.deepEqual([lines[index]?.level, lines[index]?.msg], ['info', 'a new passkey was not accepted']);
    assert.match(lines[index]?.err?.message ?? '', why);
  }
});

const bytes = new Uint8Array(37);
const certificate = ['x5c', [new Uint8Array([48, 0])]] as const;

/** What the log says of an answer with this attestation; none of them is good. */
async function reasonOf(format: string, ...statement: readonly (readonly [string, unknown])[]): Promise<string> {
  const lines: string[] = [];
  const attestation = isoCBOR.encode(new Map<string, unknown>([['fmt', format], ['attStmt', new Map(statement)], ['authData', bytes]]) as Parameters<typeof isoCBOR.encode>[0]);
  const answer = { id: 'AAAA', rawId: 'AAAA', type: 'public-key', response: { clientDataJSON: 'AAAA', attestationObject: isoBase64URL.fromBuffer(attestation) } };
  assert.equal(await verifyNew(party, answer, 'challenge', pino({ level: 'info' }, { write: (line: string) => void lines.push(line) })), undefined);
  return lines.join('');
}

test('an attestation that nobody asked for is refused before its certificates are read', async () => {
  for (const format of ['apple', 'android-key', 'android-safetynet', 'fido-u2f', 'tpm', 'unknown']) assert.match(await reasonOf(format, ['sig', bytes], certificate), /nobody had asked for/, format);
  assert.match(await reasonOf('packed', ['alg', -7], ['sig', bytes], certificate), /nobody had asked for/);
});

test('without attestation, or with one that the passkey gave itself, it is looked at further', async () => {
  assert.doesNotMatch(await reasonOf('none'), /nobody had asked for/);
  assert.doesNotMatch(await reasonOf('packed', ['alg', -7], ['sig', bytes]), /nobody had asked for/);
});

test('what is no attestation is refused', async () => {
  const lines: string[] = [];
  for (const answer of [undefined, {}, { response: { attestationObject: 'AAAA' } }]) assert.equal(await verifyNew(party, answer, 'challenge', pino({ level: 'info' }, { write: (line: string) => void lines.push(line) })), undefined);
  assert.equal(lines.length, 3);
});

for (const engine of testDatabases()) {
  describe(`passkeys in the database, on ${engine.name}`, () => {
    let database: TestedDatabase;
    let count = 0;
    before(async () => (database = await engine.open()));
    after(() => database.close());

    const make = async (tenantId = 'acme'): Promise<Account> => {
      count += 1;
      const account = await createAccount(database.owner, { tenantId, email: `keyed-${count}@x.test`, name: 'Person', roles: ['clerk'] }, now);
      assert.ok(account);
      return account;
    };
    /** An account with a passkey of its own. */
    const enrol = async (authenticator = new SoftwareAuthenticator()) => {
      const account = await make();
      const options = await askToCreate(party, account, []);
      const made = await verifyNew(party, authenticator.create(options, own), options.challenge, openLog().log);
      assert.ok(made);
      assert.equal(await addPasskey(database.owner, account, { ...made, name: 'Key' }, now), true);
      return { account, authenticator, made };
    };
    const verify = (answer: unknown, challenge: string, log = openLog().log) => verifySignIn(database.db, party, answer, challenge, { now: later(60_000), log });

    test('a good answer tells whose it is, and its use and counter are kept', async () => {
      const { account, authenticator, made } = await enrol();
      const { challenge } = await askToSignIn(party);
      const passkey = await verify(authenticator.get({ challenge, rpId: party.id }, own), challenge);
      assert.deepEqual([passkey?.tenantId, passkey?.accountId, passkey?.id, passkey?.name], ['acme', account.id, made.id, 'Key']);
      const [kept] = await listPasskeys(database.owner, account);
      assert.deepEqual(kept, { tenantId: 'acme', id: made.id, accountId: account.id, name: 'Key', createdAt: now, usedAt: later(60_000), publicKey: made.publicKey, counter: 1, transports: ['internal'] });
    });

    test('an answer for another challenge, page or party, of nobody verified, by another key or with an old counter is nobody’s', async () => {
      const { account, authenticator, made } = await enrol();
      const [{ authenticator: other }, { challenge }] = [await enrol(), await askToSignIn(party)];
      const options = { challenge, rpId: party.id };
      const forged = { id: made.id, key: other.made[0]?.key ?? assert.fail(), counter: 5 };
      const { log, lines } = openLog();
      assert.ok(await verify(authenticator.get(options, own), challenge));
      const stale = { ...(authenticator.made[0] ?? assert.fail()), counter: 0 };
      for (const answer of [
        authenticator.get({ ...options, challenge: 'AAAA' }, own),
        authenticator.get(options, { origin: 'https://evil.example' }),
        authenticator.get(options, { ...own, partyId: 'evil.example' }),
        authenticator.get(options, { ...own, userVerified: false }),
        authenticator.get(options, own, stale),
      ]) {
        assert.equal(await verify(answer, challenge, log), undefined);
      }
      assert.equal(lines.length, 5);
      assert.ok(lines.every(({ level, msg, err }) => level === 'info' && msg === 'a passkey was not accepted' && err !== undefined));
      assert.equal(await verify(other.get(options, own, forged), challenge, log), undefined);
      assert.equal((await listPasskeys(database.owner, account))[0]?.counter, 1, 'what was refused leaves nothing');
    });

    test('an answer of a passkey that is not known, or that is none, is nobody’s', async () => {
      const { challenge } = await askToSignIn(party);
      const authenticator = new SoftwareAuthenticator();
      authenticator.create({ challenge, rp: { name: 'x', id: party.id } }, own);
      const { log, lines } = openLog();
      for (const answer of [authenticator.get({ challenge, rpId: party.id }, own), undefined, null, 'text', 7, [], {}, { id: 7 }, { id: '' }, { id: "' or true --" }, { id: 'A'.repeat(1_401) }]) {
        assert.equal(await verify(answer, challenge, log), undefined);
      }
      assert.deepEqual(lines, [], 'they are not even looked at');
    });

    test('an answer is good once, also where two come at the same time', async () => {
      const { authenticator } = await enrol();
      const { challenge } = await askToSignIn(party);
      const answers = [authenticator.get({ challenge, rpId: party.id }, own), authenticator.get({ challenge, rpId: party.id }, own)];
      const good = await Promise.all(answers.map((answer) => verify(answer, challenge)));
      assert.ok(good.filter((passkey) => passkey !== undefined).length >= 1);
      const [again] = await Promise.all([verify(answers[0], challenge), verify(answers[1], challenge)]);
      assert.equal(again, undefined, 'neither is good again');
    });

    test('an id that two tenants have tells nobody apart', async () => {
      const { authenticator, made } = await enrol();
      const other = await make('globex');
      assert.equal(await addPasskey(database.owner, other, { ...made, name: 'Copy' }, now), true);
      const { challenge } = await askToSignIn(party);
      assert.equal(await verify(authenticator.get({ challenge, rpId: party.id }, own), challenge), undefined);
    });

    test('a person’s passkeys are listed in the order of their making; one that somebody of the tenant has is not added again', async () => {
      const [account, other] = [await make(), await make()];
      const key = (id: string) => ({ id, name: `Key ${id}`, publicKey: new Uint8Array([1, 2]), counter: 3, transports: ['usb', 'nfc'] });
      assert.equal(await addPasskey(database.owner, account, key(`z-${account.id}`), now), true);
      assert.equal(await addPasskey(database.owner, account, key(`c-${account.id}`), later(1_000)), true);
      assert.equal(await addPasskey(database.owner, account, key(`b-${account.id}`), later(1_000)), true);
      assert.equal(await addPasskey(database.owner, other, key(`z-${account.id}`), now), false);
      assert.deepEqual((await listPasskeys(database.owner, account)).map(({ id }) => id[0]), ['z', 'b', 'c']);
      assert.deepEqual(await listPasskeys(database.owner, other), []);
      assert.deepEqual(await listPasskeys(database.owner, { tenantId: 'globex', id: account.id }), []);
    });

    test('one passkey is removed, or all of a person, and nobody else’s', async () => {
      const [{ account, made }, { account: other, made: kept }] = [await enrol(), await enrol()];
      assert.equal(await removePasskeys(database.owner, other, made.id), 0);
      assert.equal(await removePasskeys(database.owner, { tenantId: 'globex', id: account.id }), 0);
      await addPasskey(database.owner, account, { ...made, id: `second-${account.id}`, name: 'Second' }, now);
      assert.equal(await removePasskeys(database.owner, account, made.id), 1);
      assert.deepEqual((await listPasskeys(database.owner, account)).map(({ name }) => name), ['Second']);
      await addPasskey(database.owner, account, { ...made, name: 'Back' }, now);
      assert.equal(await removePasskeys(database.owner, account), 2);
      assert.deepEqual((await listPasskeys(database.owner, other)).map(({ id }) => id), [kept.id]);
    });
  });
}
