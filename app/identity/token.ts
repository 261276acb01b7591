// An access token for the API, got as a person would get it: the code flow with PKCE at the development provider.
// Tested by token.command.test.ts: with the provider itself.
import { createHash, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { AppError } from '#app/errors.ts';
import { CookieJar } from '#app/lib/cookie-jar.ts';

export interface TokenRequest {
  /** Origin of the development provider. */
  readonly issuer: string;
  /** Id of a seeded person. */
  readonly user: string;
  /** Resource indicator of the API. */
  readonly audience: string;
}

const CLIENT_ID = 'stockade-cli';
/** Nobody listens there: the redirect is read, not followed. Any port is allowed (RFC 8252, 7.3). */
const REDIRECT_URI = 'http://127.0.0.1:49152/callback';

const metadataSchema = z.object({ issuer: z.string(), authorization_endpoint: z.url(), token_endpoint: z.url() });
const tokenSchema = z.object({ access_token: z.string().min(1) });
const failureSchema = z.object({ error: z.string(), error_description: z.string().optional() });

type Metadata = z.infer<typeof metadataSchema>;

export async function obtainToken({ issuer, user, audience }: TokenRequest): Promise<string> {
  const metadata = await discover(issuer);
  const verifier = randomSecret();
  const code = await authorize(metadata, { user, audience, verifier });
  const response = await fetch(metadata.token_endpoint, {
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'authorization_code', client_id: CLIENT_ID, code, code_verifier: verifier, redirect_uri: REDIRECT_URI, resource: audience }),
  });
  const answer: unknown = await response.json();
  const token = tokenSchema.safeParse(answer);
  if (!response.ok || !token.success) throw new AppError(`${issuer} refused the token: ${describeFailure(answer)}`);
  return token.data.access_token;
}

async function discover(issuer: string): Promise<Metadata> {
  let response: Response;
  try {
    response = await fetch(new URL('/.well-known/openid-configuration', issuer));
  } catch (error) {
    throw new AppError(`No provider answers at ${issuer}: start it with \`npm start\`, or name another with --issuer`, { cause: error });
  }
  const metadata = metadataSchema.safeParse(await response.json().catch(() => undefined));
  // OpenID Connect Discovery 4.3: metadata that names another issuer is not this provider's.
  if (!metadata.success || metadata.data.issuer !== issuer) throw new AppError(`${issuer} is not an OpenID provider: name the provider's origin with --issuer`);
  return metadata.data;
}

interface Walk {
  readonly user: string;
  readonly audience: string;
  readonly verifier: string;
}

/** Signs the person in on the provider's own page, and gives the code back. */
async function authorize(metadata: Metadata, { user, audience, verifier }: Walk): Promise<string> {
  const state = randomSecret();
  const jar = new CookieJar();
  const address = new URL(metadata.authorization_endpoint);
  address.search = new URLSearchParams({
    client_id: CLIENT_ID,
    response_type: 'code',
    redirect_uri: REDIRECT_URI,
    scope: 'openid api',
    resource: audience,
    state,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  }).toString();
  const headers = { accept: 'text/html' };
  const page = await jar.follow(address, { headers }, isCallback);
  if (isCallback(page.url)) return readCode(page.url, { state, issuer: metadata.issuer, audience });
  if (!page.response.ok) throw new AppError(`${metadata.issuer} refused to sign in (status ${page.response.status}): is it Stockade's development provider?`);
  const end = await jar.follow(page.url, { method: 'POST', headers, body: new URLSearchParams({ user }) }, isCallback);
  if (!isCallback(end.url)) throw new AppError(`${metadata.issuer} did not sign in "${user}": --user takes one of its seeded people`);
  return readCode(end.url, { state, issuer: metadata.issuer, audience });
}

function isCallback({ origin, pathname }: URL): boolean {
  return origin + pathname === REDIRECT_URI;
}

/** CWE-352 by state; mix-up of providers by iss (RFC 9207). */
function readCode({ searchParams }: URL, { state, issuer, audience }: { state: string; issuer: string; audience: string }): string {
  const answer = Object.fromEntries(searchParams);
  if (answer['state'] !== state || answer['iss'] !== issuer) throw new AppError(`The answer is not ${issuer}'s to this request (state or iss differ): try again`);
  const code = answer['code'];
  if (code === undefined) throw new AppError(`${issuer} refused to sign in for ${audience}: ${describeFailure(answer)} (is OIDC_AUDIENCE or PUBLIC_URL the service's own?)`);
  return code;
}

function describeFailure(answer: unknown): string {
  const failure = failureSchema.safeParse(answer);
  return failure.success ? [failure.data.error, failure.data.error_description].filter((part) => part !== undefined).join(', ') : 'it gave no reason';
}

function randomSecret(): string {
  return randomBytes(32).toString('base64url');
}
