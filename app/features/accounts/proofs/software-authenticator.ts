// An authenticator in software: makes passkeys and signs with them as WebAuthn says, and cheats where a test wants it to.
// Tested by ../passkeys.test.ts: the library takes what it makes.
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import type { AuthenticationResponseJSON, PublicKeyCredentialCreationOptionsJSON, PublicKeyCredentialRequestOptionsJSON, RegistrationResponseJSON } from '@simplewebauthn/server';

export interface Ceremony {
  readonly origin: string;
  /** Its own word for the party, where it lies about it. */
  readonly partyId?: string;
  /** Whether it asked its person. */
  readonly userVerified?: boolean;
  readonly transports?: readonly string[];
}

interface MadePasskey {
  readonly id: string;
  readonly key: KeyObject;
  counter: number;
}

// Authenticator data, WebAuthn Level 3, 6.1.
const [USER_PRESENT, USER_VERIFIED, HAS_CREDENTIAL] = [0x01, 0x04, 0x40];

export class SoftwareAuthenticator {
  readonly made: MadePasskey[] = [];

  create(options: Pick<PublicKeyCredentialCreationOptionsJSON, 'challenge' | 'rp'>, ceremony: Ceremony): RegistrationResponseJSON {
    const { publicKey, privateKey: key } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const id = randomBytes(16);
    this.made.push({ id: id.toString('base64url'), key, counter: 0 });
    const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
    // COSE_Key of ES256 on P-256 (RFC 9053, 2.1 and 7.1).
    const cose = cborMap([[1, 2], [3, -7], [-1, 1], [-2, Buffer.from(x, 'base64url')], [-3, Buffer.from(y, 'base64url')]]);
    const data = Buffer.concat([head(ceremony.partyId ?? options.rp.id ?? '', HAS_CREDENTIAL, ceremony, 0), Buffer.alloc(16), uint16(id.length), id, cose]);
    const attestationObject = cborMap([['fmt', 'none'], ['attStmt', {}], ['authData', data]]);
    return {
      id: id.toString('base64url'),
      rawId: id.toString('base64url'),
      type: 'public-key',
      clientExtensionResults: {},
      response: { clientDataJSON: clientData('webauthn.create', options.challenge, ceremony), attestationObject: attestationObject.toString('base64url'), transports: [...(ceremony.transports ?? ['internal'])] as ('internal')[] },
    };
  }

  /** With the passkey that was made last, unless it is told which. */
  get(options: Pick<PublicKeyCredentialRequestOptionsJSON, 'challenge' | 'rpId'>, ceremony: Ceremony, passkey = this.made.at(-1)): AuthenticationResponseJSON {
    if (passkey === undefined) throw new Error('No passkey was made.');
    passkey.counter += 1;
    const data = head(ceremony.partyId ?? options.rpId ?? '', 0, ceremony, passkey.counter);
    const clientDataJSON = clientData('webauthn.get', options.challenge, ceremony);
    const signature = sign('sha256', Buffer.concat([data, sha256(Buffer.from(clientDataJSON, 'base64url'))]), passkey.key);
    return {
      id: passkey.id,
      rawId: passkey.id,
      type: 'public-key',
      clientExtensionResults: {},
      response: { clientDataJSON, authenticatorData: data.toString('base64url'), signature: signature.toString('base64url') },
    };
  }
}

function head(partyId: string, flags: number, { userVerified = true }: Ceremony, counter: number): Buffer {
  const count = Buffer.alloc(4);
  count.writeUInt32BE(counter);
  return Buffer.concat([sha256(Buffer.from(partyId)), Buffer.from([flags | USER_PRESENT | (userVerified ? USER_VERIFIED : 0)]), count]);
}

function clientData(type: string, challenge: string, { origin }: Ceremony): string {
  return Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin: false })).toString('base64url');
}

function sha256(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest();
}

function uint16(value: number): Buffer {
  return Buffer.from([value >> 8, value & 0xff]);
}

type CborValue = number | string | Buffer | Readonly<Record<string, never>>;

/** Of CBOR (RFC 8949), what these two structures need. */
function cborMap(entries: readonly (readonly [CborValue, CborValue])[]): Buffer {
  return Buffer.concat([cborHead(5, entries.length), ...entries.flatMap((pair) => pair.map(cbor))]);
}

function cbor(value: CborValue): Buffer {
  if (typeof value === 'number') return value < 0 ? cborHead(1, -1 - value) : cborHead(0, value);
  if (typeof value === 'string') return Buffer.concat([cborHead(3, Buffer.byteLength(value)), Buffer.from(value)]);
  return Buffer.isBuffer(value) ? Buffer.concat([cborHead(2, value.length), value]) : cborMap([]);
}

function cborHead(major: number, value: number): Buffer {
  if (value < 24) return Buffer.from([(major << 5) | value]);
  return value < 256 ? Buffer.from([(major << 5) | 24, value]) : Buffer.concat([Buffer.from([(major << 5) | 25]), uint16(value)]);
}
