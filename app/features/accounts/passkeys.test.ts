import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isoBase64URL, isoCBOR } from '@simplewebauthn/server/helpers';
import { pino } from 'pino';
import { type RelyingParty, verifyNew } from './passkeys.ts';

const party: RelyingParty = { id: 'localhost', origin: 'http://localhost:3000', name: 'Test' };
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
