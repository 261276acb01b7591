// The OpenID provider as this service knows it: discovered when first needed, tried again until it answers.
import * as client from 'openid-client';
import { AppError } from '#app/errors.ts';

export interface ProviderClientOptions {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string | undefined;
}

export interface ProviderClient {
  /** @throws AppError 503 while the provider can't be reached. */
  configuration(): Promise<client.Configuration>;
  /** Rejects when the provider's metadata doesn't come in time. */
  check(timeoutMs: number): Promise<void>;
}

const TIMEOUT_SECONDS = 5;
/** Keys of discovery (OpenID Connect Discovery 1.0, section 4). */
const METADATA_PATH = '/.well-known/openid-configuration';

export function createProviderClient({ issuer, clientId, clientSecret }: ProviderClientOptions): ProviderClient {
  const url = new URL(issuer);
  const authentication = clientSecret === undefined ? client.None() : client.ClientSecretBasic(clientSecret);
  let discovered: Promise<client.Configuration> | undefined;

  const discover = async () => {
    try {
      return await client.discovery(url, clientId, undefined, authentication, {
        timeout: TIMEOUT_SECONDS,
        // An ID token that came over TLS need not be verified (OpenID Connect Core 1.0, 3.1.3.7), and the library doesn't by itself: what
        // stands between, or answers in place of the token endpoint, would say who somebody is (CWE-347).
        // eslint-disable-next-line @typescript-eslint/no-deprecated -- marked so to stand out; loopback only, and production demands https
        execute: [client.enableNonRepudiationChecks, ...(isLoopbackHttp(url) ? [client.allowInsecureRequests] : [])],
      });
    } catch (cause) {
      discovered = undefined;
      throw providerUnavailable(cause);
    }
  };
  return {
    configuration: () => (discovered ??= discover()),
    async check(timeoutMs) {
      const response = await fetch(new URL(url.pathname.replace(/\/$/, '') + METADATA_PATH, url), { signal: AbortSignal.timeout(timeoutMs), redirect: 'error' });
      await response.body?.cancel();
      if (!response.ok) throw new Error(`the provider answered ${response.status}`);
    },
  };
}

export function providerUnavailable(cause: unknown): AppError {
  return new AppError('The identity provider does not answer: try again in a moment.', {
    status: 503,
    code: 'identity-provider-unavailable',
    expose: true,
    headers: { 'retry-after': '5' },
    cause,
  });
}

function isLoopbackHttp({ protocol, hostname }: URL): boolean {
  return protocol === 'http:' && ['127.0.0.1', '[::1]', 'localhost'].includes(hostname);
}
