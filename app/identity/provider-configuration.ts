// What the development provider knows and allows: two first-party clients, one API, the seeded people, PKCE always.
// Tested by development-provider.test.ts: with the provider itself.
// `import type` as a whole: an inline one would still load the library, and its word on runtimes with it.
import type { Account, ClientMetadata, Configuration, Grant, KoaContextWithOIDC } from 'oidc-provider';
import { DEVELOPMENT_USERS, type DevelopmentUser } from '#app/identity/development-users.ts';
import { errors, interactionPolicy } from '#app/identity/provider-library.ts';
import type { ProviderKeys } from '#app/identity/provider-keys.ts';
import { renderFailure, renderSignedOut, renderSignOut } from '#app/identity/provider-pages.ts';
import { createProviderStore } from '#app/identity/provider-store.ts';

export interface ProviderClient {
  readonly id: string;
  readonly redirectUri: string;
  readonly postLogoutRedirectUri: string;
  /** Without it nobody is told of sign-outs. */
  readonly backChannelLogoutUri?: string;
}

export interface ProviderFacts {
  readonly client: ProviderClient;
  readonly audience: string;
  readonly keys: ProviderKeys;
}

export const API_SCOPE = 'api';
/** A sign-in with two factors, as `acr`. */
export const MULTI_FACTOR_ACR = 'aal2';
export const COMMAND_CLIENT_ID = 'stockade-cli';
const COMMAND_REDIRECT_URI = 'http://127.0.0.1/callback';

const MINUTE_S = 60;
const HOUR_S = 60 * MINUTE_S;
const TTL_S = { AccessToken: HOUR_S, RefreshToken: 12 * HOUR_S, AuthorizationCode: MINUTE_S, IdToken: HOUR_S, Interaction: HOUR_S, Session: 12 * HOUR_S, Grant: 12 * HOUR_S };

export function configureProvider({ client, audience, keys }: ProviderFacts): Configuration {
  const policy = interactionPolicy.base();
  // Both clients are ours, so there is nobody to consent to.
  policy.remove('consent');
  return {
    adapter: createProviderStore(),
    jwks: { keys: [keys.signing] },
    clients: describeClients(client),
    pkce: { required: () => true },
    responseTypes: ['code'],
    scopes: ['openid'],
    acrValues: [MULTI_FACTOR_ACR],
    claims: { openid: ['sub', 'name', 'tenant', 'roles', 'acr', 'amr'], profile: ['name'] },
    conformIdTokenClaims: false,
    clientBasedCORS: () => false,
    // Cookies ignore ports: the service next door must not meet these names.
    cookies: {
      keys: keys.cookies,
      names: { session: 'provider_session', interaction: 'provider_interaction', resume: 'provider_resume' },
      long: { httpOnly: true, sameSite: 'lax', signed: true },
      short: { httpOnly: true, sameSite: 'lax', signed: true },
    },
    ttl: TTL_S,
    findAccount: (_ctx, id) => findAccount(id),
    // For a browser's session, as long as the provider's own lasts; no consent to being away is needed for that.
    issueRefreshToken: (_ctx, { clientId }) => clientId === client.id,
    // To the client's own address alone, which is on loopback; the library refuses such.
    fetch: (url, options) => globalThis.fetch(url, Object.assign({}, options, { dispatcher: undefined })),
    // When the person signed in (RFC 9068, 2.2.1), for actions that ask for a fresh sign-in.
    extraTokenClaims: (ctx, token) => ('accountId' in token ? { ...claimsOf(token.accountId), auth_time: ctx.oidc.entities.AuthorizationCode?.authTime } : undefined),
    loadExistingGrant: (ctx) => grantAll(ctx, audience),
    interactions: { policy, url: (_ctx, { uid }) => `/interaction/${uid}` },
    features: {
      devInteractions: { enabled: false },
      userinfo: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      backchannelLogout: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => audience,
        useGrantedResource: () => true,
        getResourceServerInfo: (_ctx, resource) => {
          if (resource !== audience) throw new errors.InvalidTarget();
          return { scope: API_SCOPE, audience, accessTokenTTL: TTL_S.AccessToken, accessTokenFormat: 'jwt', jwt: { sign: { alg: 'RS256' } } };
        },
      },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: askToSignOut,
        postLogoutSuccessSource: (ctx) => {
          sendPage(ctx, renderSignedOut());
        },
      },
    },
    renderError: (ctx, { error, error_description: description }) => {
      sendPage(ctx, renderFailure(error, description));
    },
  };
}

function describeClients({ id, redirectUri, postLogoutRedirectUri, backChannelLogoutUri }: ProviderClient): ClientMetadata[] {
  const shared = { response_types: ['code' as const], token_endpoint_auth_method: 'none' as const };
  return [
    {
      ...shared,
      client_id: id,
      client_name: 'Stockade',
      application_type: 'web',
      grant_types: ['authorization_code', 'refresh_token'],
      redirect_uris: [redirectUri],
      post_logout_redirect_uris: [postLogoutRedirectUri],
      ...(backChannelLogoutUri === undefined ? {} : { backchannel_logout_uri: backChannelLogoutUri, backchannel_logout_session_required: true }),
    },
    // RFC 8252, 7.3: the port of a native client's loopback address is free.
    { ...shared, grant_types: ['authorization_code'], client_id: COMMAND_CLIENT_ID, client_name: 'Stockade token command', application_type: 'native', redirect_uris: [COMMAND_REDIRECT_URI] },
  ];
}

function findUser(id: string | undefined): DevelopmentUser | undefined {
  return DEVELOPMENT_USERS.find((user) => user.id === id);
}

function claimsOf(id: string | undefined): { name: string; tenant: string; roles: string[] } | undefined {
  const user = findUser(id);
  return user && { name: user.name, tenant: user.tenantId, roles: [...user.roles] };
}

function findAccount(id: string): Account | undefined {
  const claims = claimsOf(id);
  return claims && { accountId: id, claims: () => ({ sub: id, ...claims }) };
}

async function grantAll(ctx: KoaContextWithOIDC, audience: string): Promise<Grant | undefined> {
  const { client, session, provider } = ctx.oidc;
  if (client === undefined || session?.accountId === undefined) return undefined;
  const kept = session.grantIdFor(client.clientId);
  const existing = kept === undefined ? undefined : await provider.Grant.find(kept);
  if (existing !== undefined && existing.accountId === session.accountId) return existing;
  const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
  grant.addOIDCScope('openid profile');
  grant.addResourceScope(audience, API_SCOPE);
  await grant.save();
  return grant;
}

function askToSignOut(ctx: KoaContextWithOIDC): void {
  const { session } = ctx.oidc;
  const xsrf: unknown = session?.state?.['secret'];
  sendPage(ctx, renderSignOut(ctx.oidc.urlFor('end_session_confirm'), typeof xsrf === 'string' ? xsrf : '', findUser(session?.accountId)?.name));
}

function sendPage(ctx: KoaContextWithOIDC, page: string): void {
  ctx.type = 'html';
  ctx.body = page;
}
