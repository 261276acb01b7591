// `npm run token -- --user clerk`: prints an access token of a seeded person as its last line on standard output.
import { parseArgs } from 'node:util';
import { AppError } from '#app/errors.ts';
import { DEVELOPMENT_USERS } from '#app/identity/development-users.ts';
import { obtainToken, type TokenRequest } from '#app/identity/token.ts';

const USAGE = 'npm run token -- --user clerk [--issuer http://127.0.0.1:3001]';

class UsageError extends Error {}

function readRequest(parameters: readonly string[], env: NodeJS.ProcessEnv): TokenRequest {
  const { user, issuer } = readOptions(parameters);
  const names = DEVELOPMENT_USERS.map(({ id }) => id);
  if (user === undefined) throw new UsageError(`--user is missing: give one of ${names.join(', ')}`);
  if (!names.includes(user)) throw new AppError(`--user ${JSON.stringify(user)} is unknown: give one of ${names.join(', ')}`);
  const port = readPort(env, 'PORT') ?? 3000;
  const publicUrl = (readText(env, 'PUBLIC_URL') ?? `http://127.0.0.1:${port}`).replace(/\/$/, '');
  return {
    user,
    issuer: issuer ?? `http://127.0.0.1:${readPort(env, 'PROVIDER_PORT') ?? port + 1}`,
    audience: readText(env, 'OIDC_AUDIENCE') ?? `${publicUrl}/api`,
  };
}

function readOptions(parameters: readonly string[]): { user?: string; issuer?: string } {
  try {
    const { values } = parseArgs({ args: [...parameters], options: { user: { type: 'string' }, issuer: { type: 'string' } } });
    const { user, issuer } = values;
    return { ...(user === undefined ? {} : { user }), ...(issuer === undefined ? {} : { issuer: readOrigin(issuer) }) };
  } catch (error) {
    throw error instanceof TypeError ? new UsageError(error.message) : error;
  }
}

function readOrigin(text: string): string {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) throw new UsageError(`--issuer ${JSON.stringify(text)} is not an address such as http://127.0.0.1:3001`);
  return url.origin;
}

/** Empty is as good as absent: `.env` files keep names without values. */
function readText(env: NodeJS.ProcessEnv, name: string): string | undefined {
  return env[name] === '' ? undefined : env[name];
}

function readPort(env: NodeJS.ProcessEnv, name: string): number | undefined {
  const text = readText(env, name);
  if (text === undefined) return undefined;
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) throw new AppError(`${name}=${text} is not a port: set it to a number up to 65535`);
  return Number(text);
}

function loadSettings(): void {
  try {
    process.loadEnvFile();
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
}

try {
  loadSettings();
  const request = readRequest(process.argv.slice(2), process.env);
  const token = await obtainToken(request);
  console.error(`Access token of ${request.user} for ${request.audience}, good for an hour:`);
  console.log(token);
} catch (error) {
  const isUsage = error instanceof UsageError;
  const message = error instanceof Error ? error.message.replaceAll(/\s*\n\s*/g, ' ') : String(error);
  console.error(isUsage ? `token: ${message} (usage: ${USAGE})` : `token: ${message}`);
  process.exitCode = isUsage ? 2 : 1;
}
