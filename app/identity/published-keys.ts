// The provider's published keys: fetched when first needed, kept for a while, and asked for again at a bounded rate.
// Tested by bearer.test.ts: keys that change, many first tokens at once, a provider that is away.
import { createRemoteJWKSet, customFetch, errors, type JWTVerifyGetKey } from 'jose';
import { type ProviderClient, providerUnavailable } from '#app/identity/provider-client.ts';
import { explain, isTaken, type Signatures, weaknessOf } from '#app/identity/signatures.ts';

/** Asymmetric only: with a shared-secret algorithm, the public key would be the secret (RFC 8725, 3.1 and 3.2). */
export const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'];
/** The same 5 s for all: clocks of two well-kept machines differ by less. */
export const CLOCK_TOLERANCE_S = 5;
/** A key id that is not known is asked for once in half a minute, so that made-up ones make no flood (CWE-400). */
const JWKS = { timeoutDuration: 3_000, cooldownDuration: 30_000, cacheMaxAge: 600_000 };

export type PublishedKeys = () => Promise<JWTVerifyGetKey>;

/** Rejects with AppError 503 while the provider can't be asked where its keys are; fetching them rejects in jose's way. */
export function createPublishedKeys(provider: ProviderClient): PublishedKeys {
  let keys: Promise<JWTVerifyGetKey> | undefined;
  const find = async (): Promise<JWTVerifyGetKey> => {
    try {
      const { jwks_uri: location } = (await provider.configuration()).serverMetadata();
      if (location === undefined) throw providerUnavailable(new Error('the provider publishes no keys'));
      return holdTo(provider.signatures, createRemoteJWKSet(new URL(location), { ...JWKS, [customFetch]: provider.fetch }));
    } catch (error) {
      keys = undefined;
      throw error;
    }
  };
  // The promise, not its value: many first tokens at once share one set, and so one fetch.
  return () => (keys ??= find());
}

/** Whichever token it is for: the key is looked up for each. */
function holdTo(signatures: Signatures, find: JWTVerifyGetKey): JWTVerifyGetKey {
  return async (header, token) => {
    if (!isTaken(header.alg, signatures)) throw new errors.JOSEAlgNotAllowed(explain(header.alg));
    const key = await find(header, token);
    const weakness = weaknessOf(key, signatures);
    if (weakness !== undefined) throw new errors.JOSEAlgNotAllowed(explain(weakness));
    return key;
  };
}
