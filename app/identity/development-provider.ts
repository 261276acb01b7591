// An OpenID provider for development, inside the process: real protocol, seeded people, no passwords, loopback only.
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type Koa from 'koa';
import type { Logger } from 'pino';
import { AppError } from '#app/errors.ts';
import { DEVELOPMENT_USERS } from '#app/identity/development-users.ts';
import { configureProvider, MULTI_FACTOR_ACR, type ProviderClient } from '#app/identity/provider-configuration.ts';
import { loadProviderKeys } from '#app/identity/provider-keys.ts';
import { errors, Provider } from '#app/identity/provider-library.ts';
import { pagePolicy, renderChoice, renderExpired, STYLE_PATH } from '#app/identity/provider-pages.ts';
import { PROVIDER_STYLE } from '#app/identity/provider-style.ts';

export interface DevelopmentProvider {
  readonly issuer: string;
  close(): Promise<void>;
}

export interface DevelopmentProviderOptions {
  readonly host: string;
  /** 0 = any that is free. */
  readonly port: number;
  /** Where the keys are kept; undefined = in memory. */
  readonly directory: string | undefined;
  readonly client: ProviderClient;
  /** Resource indicator of the API. */
  readonly audience: string;
  readonly log: Logger;
}

type ProviderInstance = InstanceType<typeof Provider>;

const LOOPBACK = new Set(['127.0.0.1', 'localhost']);
const ADDRESS = '127.0.0.1';
const LONGEST_FORM_BYTES = 4096;

export async function startDevelopmentProvider({ host, port, directory, client, audience, log }: DevelopmentProviderOptions): Promise<DevelopmentProvider> {
  if (!LOOPBACK.has(host)) throw new AppError(`The development provider knows no passwords and listens on 127.0.0.1 only, not on ${host}: set OIDC_ISSUER to a real provider`);
  // RFC 8707, 2: found out at the start, not by the first person who signs in.
  if (URL.parse(audience) === null || audience.includes('#')) throw new AppError(`The development provider takes an absolute address without a fragment as the API's name, not ${JSON.stringify(audience)}: mend OIDC_AUDIENCE`);
  const clientOrigin = new URL(client.redirectUri).origin;
  const keys = await loadProviderKeys(directory);
  const server = createServer();
  const issuer = `http://${ADDRESS}:${await listen(server, port)}`;
  const provider = await createProvider(issuer, server, { client, audience, keys });
  provider.use(guard(new URL(issuer).host, clientOrigin));
  provider.use(serveStyle);
  provider.use(serveInteraction(provider));
  const report = (error: Error): void => {
    log.error({ err: error }, 'The development provider failed');
  };
  provider.on('server_error', (_ctx, error) => {
    report(error);
  });
  provider.onerror = report;
  const answer = provider.callback();
  server.on('request', (request, response) => void answer(request, response));
  return { issuer, close: () => close(server) };
}

/** The listener goes again with a configuration that the library refuses. */
async function createProvider(issuer: string, server: Server, options: Parameters<typeof configureProvider>[0]): Promise<ProviderInstance> {
  try {
    return new Provider(issuer, configureProvider(options));
  } catch (error) {
    await close(server);
    throw error;
  }
}

async function listen(server: Server, port: number): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  server.once('error', reject);
  server.listen(port, ADDRESS, () => {
    resolve(undefined);
  });
  try {
    await promise;
  } catch (error) {
    const inUse = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
    const reason = inUse ? 'is in use' : `cannot be opened (${String(error)})`;
    throw new AppError(`Port ${port} of the development provider ${reason}: set PROVIDER_PORT to a free one`, { cause: error });
  }
  return (server.address() as AddressInfo).port;
}

async function close(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  server.close(() => {
    resolve(undefined);
  });
  server.closeAllConnections();
  await promise;
}

/** CWE-350: a name that was rebound to 127.0.0.1 is not ours. The headers hold for every page, the library's own included. */
function guard(ownHost: string, clientOrigin: string): Koa.Middleware {
  const policy = pagePolicy(clientOrigin);
  return async (ctx, next) => {
    ctx.set({ 'Content-Security-Policy': policy, 'X-Content-Type-Options': 'nosniff', 'Referrer-Policy': 'no-referrer', 'X-Frame-Options': 'DENY' });
    if (ctx.host !== ownHost) {
      ctx.status = 421;
      ctx.body = `This is the development provider at ${ownHost}.\n`;
      return;
    }
    await next();
    const sent = ctx.response.get('Content-Security-Policy');
    // Where the library allowed its own script, 'none' says nothing any more, and browsers complain of it.
    if (sent !== '') ctx.set('Content-Security-Policy', sent.replace(/script-src 'none' (?='sha256-)/, 'script-src '));
  };
}

const serveStyle: Koa.Middleware = async (ctx, next) => {
  if (ctx.path !== STYLE_PATH) {
    await next();
    return;
  }
  ctx.type = 'text/css';
  ctx.set('Cache-Control', 'no-cache');
  ctx.body = PROVIDER_STYLE;
};

function serveInteraction(provider: ProviderInstance): Koa.Middleware {
  return async (ctx, next) => {
    const uid = /^\/interaction\/([\w-]+)$/.exec(ctx.path)?.[1];
    if (uid === undefined || (ctx.method !== 'GET' && ctx.method !== 'POST')) {
      await next();
      return;
    }
    ctx.set('Cache-Control', 'no-store');
    ctx.type = 'html';
    try {
      const interaction = await provider.interactionDetails(ctx.req, ctx.res);
      if (interaction.uid !== uid) throw new errors.SessionNotFound('another interaction');
      const form = ctx.method === 'POST' ? await readForm(ctx.req) : undefined;
      const user = DEVELOPMENT_USERS.find(({ id }) => id === form?.get('user'));
      if (user === undefined) {
        ctx.status = ctx.method === 'GET' ? 200 : 400;
        ctx.body = renderChoice(uid, DEVELOPMENT_USERS);
        return;
      }
      await leaveOther(provider, interaction, user.id);
      ctx.redirect(await provider.interactionResult(ctx.req, ctx.res, { login: { accountId: user.id, ...(form?.get('factors') === '2' ? { acr: MULTI_FACTOR_ACR, amr: ['mfa'] } : {}) } }));
      ctx.status = 303;
    } catch (error) {
      if (!(error instanceof errors.SessionNotFound)) throw error;
      ctx.status = 400;
      ctx.body = renderExpired();
    }
  };
}

/** Ends another person's sign-in in this browser; the library would do it with a page that needs JavaScript to go on by itself. */
async function leaveOther(provider: ProviderInstance, interaction: Awaited<ReturnType<ProviderInstance['interactionDetails']>>, id: string): Promise<void> {
  const { session } = interaction;
  if (session?.accountId === undefined || session.accountId === id) return;
  await (await provider.Session.findByUid(session.uid))?.destroy();
  delete interaction.session;
  await interaction.save(interaction.exp - Math.floor(Date.now() / 1000));
}

/** CWE-770: what is longer than a choice can be is not read on. */
async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > LONGEST_FORM_BYTES) return new URLSearchParams();
    chunks.push(chunk);
  }
  return new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
}
