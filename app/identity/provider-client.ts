// The OpenID provider as this service knows it: discovered when first needed, tried again until it answers.
// Tested by provider-client.test.ts, and by bearer.test.ts: with a provider that is there, and one that is not.
import * as client from 'openid-client';
import type { Logger } from 'pino';
import { AppError } from '#app/errors.ts';
import { createOutboundFetch, type OutboundFetch } from '#app/identity/outbound.ts';
import { explain, isTaken, type Signatures } from '#app/identity/signatures.ts';

export interface ProviderClientOptions {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string | undefined;
  /** Where its token endpoint and its keys may be, beside the issuer's own origin. */
  readonly origins?: readonly string[];
  readonly signatures: Signatures;
  /** Where the secret comes from a file: as it is there now. */
  readonly currentClientSecret?: (onProblem: (problem: string) => void) => string;
  readonly log?: Pick<Logger, 'warn'>;
}

export interface ProviderClient {
  readonly fetch: OutboundFetch;
  readonly signatures: Signatures;
  /** @throws AppError 503 while the provider can't be reached. */
  configuration(): Promise<client.Configuration>;
  /** Rejects when the provider's metadata doesn't come in time. */
  check(timeoutMs: number): Promise<void>;
}

const TIMEOUT_SECONDS = 5;
/** Keys of discovery (OpenID Connect Discovery 1.0, section 4). */
const METADATA_PATH = '/.well-known/openid-configuration';

export function createProviderClient({ issuer, clientId, origins = [], signatures, ...options }: ProviderClientOptions): ProviderClient {
  const url = new URL(issuer);
  const outbound = createOutboundFetch([url.origin, ...origins]);
  const authentication = authenticationOf(options);
  let discovered: Promise<client.Configuration> | undefined;

  const discover = async () => {
    try {
      const found = await client.discovery(url, clientId, undefined, authentication, {
        timeout: TIMEOUT_SECONDS,
        [client.customFetch]: outbound as client.CustomFetch,
        // eslint-disable-next-line @typescript-eslint/no-deprecated -- marked so to stand out; loopback only, and production demands https
        execute: isLoopbackHttp(url) ? [client.allowInsecureRequests] : [],
      });
      // Without the helpers that the library adds.
      const server = JSON.parse(JSON.stringify(found.serverMetadata())) as client.ServerMetadata;
      // The library compares them as URLs, for which a slash at the end is no difference (OpenID Connect Discovery 1.0, 4.3: "exactly match").
      if (server.issuer !== issuer) throw new Error(`the provider calls itself ${server.issuer}: set OIDC_ISSUER to that`);
      if (url.protocol === 'https:') requireEncryptedEndpoints(server);
      const named = server.id_token_signing_alg_values_supported ?? ['RS256'];
      const taken = named.filter((algorithm) => isTaken(algorithm, signatures));
      if (taken.length === 0) throw new Error(explain(named.join(', ')));
      const configuration = new client.Configuration({ ...server, id_token_signing_alg_values_supported: taken }, clientId, undefined, authentication);
      configuration.timeout = TIMEOUT_SECONDS;
      configuration[client.customFetch] = outbound as client.CustomFetch;
      // Signatures of ID tokens too: the library leaves them out where the token came over TLS (OpenID Connect Core 1.0, 3.1.3.7).
      client.enableNonRepudiationChecks(configuration);
      // eslint-disable-next-line @typescript-eslint/no-deprecated -- the same, since it is another configuration
      if (isLoopbackHttp(url)) client.allowInsecureRequests(configuration);
      return configuration;
    } catch (cause) {
      discovered = undefined;
      throw providerUnavailable(cause);
    }
  };
  return {
    fetch: outbound,
    signatures,
    configuration: () => (discovered ??= discover()),
    async check(timeoutMs) {
      const response = await outbound(new URL(url.pathname.replace(/\/$/, '') + METADATA_PATH, url), { signal: AbortSignal.timeout(timeoutMs) });
      await response.body?.cancel();
      if (!response.ok) throw new Error(`the provider answered ${response.status}`);
    },
  };
}

/** Those too that only a browser is sent to: people prove there who they are (CWE-319). @throws Error */
function requireEncryptedEndpoints({ mtls_endpoint_aliases: aliases = {}, ...server }: client.ServerMetadata): void {
  const plain = [...Object.entries(server), ...Object.entries(aliases)].find(([name, address]) => /_endpoint$|^jwks_uri$/.test(name) && address !== null && !(typeof address === 'string' && URL.parse(address)?.protocol === 'https:'));
  if (plain !== undefined) throw new Error(`the provider names an address without TLS as its ${plain[0]}, and its issuer has https`);
}

/** Asked at each request, so that a secret is rotated while the provider takes the old one and the new one. */
function authenticationOf({ clientSecret, currentClientSecret, log }: Pick<ProviderClientOptions, 'clientSecret' | 'currentClientSecret' | 'log'>): client.ClientAuth {
  if (clientSecret === undefined) return client.None();
  if (currentClientSecret === undefined) return client.ClientSecretBasic(clientSecret);
  return (...request) => {
    const secret = currentClientSecret((problem) => { log?.warn({ problem }, 'the file of a secret is of no use: its last good value stays in force'); });
    client.ClientSecretBasic(secret)(...request);
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
