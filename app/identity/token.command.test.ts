// The token command as a person runs it: what is printed where, and how it ends.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { decodeJwt } from 'jose';
import { pino } from 'pino';
import { startDevelopmentProvider } from '#app/identity/development-provider.ts';

const COMMAND = path.join(import.meta.dirname, 'token.command.ts');
const AUDIENCE = 'http://127.0.0.1:3000/api';

interface Outcome {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function startProvider(t: TestContext): Promise<string> {
  const client = { id: 'stockade', redirectUri: 'http://127.0.0.1:3000/auth/callback', postLogoutRedirectUri: 'http://127.0.0.1:3000/' };
  const provider = await startDevelopmentProvider({ host: '127.0.0.1', port: 0, directory: undefined, client, audience: AUDIENCE, log: pino({ enabled: false }) });
  t.after(() => provider.close());
  return provider.issuer;
}

/** In an empty folder, so that a checkout's own .env has no say. */
async function run(t: TestContext, parameters: readonly string[], settings: { env?: Readonly<Record<string, string>>; file?: string; isEnvFolder?: true } = {}): Promise<Outcome> {
  const directory = await mkdtemp(path.join(tmpdir(), 'stockade-token-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  if (settings.isEnvFolder) await mkdir(path.join(directory, '.env'));
  if (settings.file !== undefined) await writeFile(path.join(directory, '.env'), settings.file);
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  const child = execFile(process.execPath, ['--disable-warning=ExperimentalWarning', COMMAND, ...parameters], { cwd: directory, env: settings.env ?? {}, timeout: 30_000 }, (_error, stdout, stderr) => {
    resolve({ exitCode: child.exitCode, stdout, stderr });
  });
  return promise;
}

function assertOneLine({ stdout, stderr }: Outcome, expected: RegExp): void {
  assert.equal(stdout, '');
  assert.match(stderr, /^token: [^\n]+\n$/);
  assert.match(stderr, expected);
}

test('it prints the token alone on standard output and the words on standard error', async (t) => {
  const issuer = await startProvider(t);
  const { exitCode, stdout, stderr } = await run(t, ['--user', 'clerk', '--issuer', issuer]);
  assert.equal(exitCode, 0, stderr);
  assert.match(stdout, /^[\w-]+\.[\w-]+\.[\w-]+\n$/);
  assert.match(stderr, /^Access token of clerk for http:\/\/127\.0\.0\.1:3000\/api[^\n]*\n$/);
  const { iss, aud, sub } = decodeJwt(stdout.trim());
  assert.deepEqual({ iss, aud, sub }, { iss: issuer, aud: AUDIENCE, sub: 'clerk' });
});

test('it finds the provider by PROVIDER_PORT, of the environment or of .env', async (t) => {
  const { port } = new URL(await startProvider(t));
  const fromEnvironment = await run(t, ['--user', 'globex-manager'], { env: { PROVIDER_PORT: port } });
  assert.equal(decodeJwt(fromEnvironment.stdout.trim())['tenant'], 'globex');
  const fromFile = await run(t, ['--user', 'viewer'], { file: `PROVIDER_PORT=${port}\nOIDC_AUDIENCE=\n` });
  assert.equal(fromFile.exitCode, 0, fromFile.stderr);
  assert.match(fromFile.stderr, /^Access token of viewer for http:\/\/127\.0\.0\.1:3000\/api,/, 'what is empty is as good as absent');
});

test('it takes PORT + 1 for the provider when nothing else is said', async (t) => {
  const { port } = new URL(await startProvider(t));
  const outcome = await run(t, ['--user', 'viewer'], { env: { PORT: String(Number(port) - 1), PUBLIC_URL: 'http://127.0.0.1:3000/' } });
  assert.equal(outcome.exitCode, 0, outcome.stderr);
});

test('an audience that the provider does not know is named in one line', async (t) => {
  const issuer = await startProvider(t);
  const outcome = await run(t, ['--user', 'clerk', '--issuer', issuer], { env: { OIDC_AUDIENCE: 'https://elsewhere.example/api' } });
  assert.equal(outcome.exitCode, 1);
  assertOneLine(outcome, /https:\/\/elsewhere\.example\/api: invalid_target.*OIDC_AUDIENCE/);
});

test('an unknown person is one line with those that exist', async (t) => {
  const outcome = await run(t, ['--user', 'nobody']);
  assert.equal(outcome.exitCode, 1);
  assertOneLine(outcome, /"nobody" is unknown: give one of viewer, clerk, manager, auditor, globex-viewer/);
});

test('a provider that does not run is one line that says how to start it', async (t) => {
  const outcome = await run(t, ['--user', 'clerk', '--issuer', 'http://127.0.0.1:1']);
  assert.equal(outcome.exitCode, 1);
  assertOneLine(outcome, /No provider answers at http:\/\/127\.0\.0\.1:1: start it with `npm start`/);
});

test('wrong usage ends with 2 and the usage', async (t) => {
  for (const parameters of [[], ['--user'], ['--user', '-x'], ['--bogus'], ['clerk'], ['--user', 'clerk', '--issuer', 'x'], ['--user', 'clerk', '--issuer', 'ftp://127.0.0.1/']]) {
    const outcome = await run(t, parameters);
    assert.equal(outcome.exitCode, 2, parameters.join(' '));
    assertOneLine(outcome, /\(usage: npm run token -- --user clerk/);
    if (parameters.length === 0) assert.match(outcome.stderr, /--user is missing: give one of viewer, clerk, manager, auditor, globex-viewer/);
    if (parameters.includes('-x')) assert.match(outcome.stderr, /ambiguous\. Did you forget/, 'of several lines, one');
    if (parameters.includes('--issuer')) assert.match(outcome.stderr, /--issuer ".+" is not an address such as http:/);
  }
});

test('a port that is none is named', async (t) => {
  const outcome = await run(t, ['--user', 'clerk'], { env: { PROVIDER_PORT: '99999' } });
  assert.equal(outcome.exitCode, 1);
  assertOneLine(outcome, /PROVIDER_PORT=99999 is not a port/);
  assertOneLine(await run(t, ['--user', 'clerk'], { env: { PROVIDER_PORT: '3001/x' } }), /PROVIDER_PORT=3001\/x is not a port: set it to a number up to 65535\n$/);
});

test('a .env that can’t be read is told, and not passed over', async (t) => {
  const outcome = await run(t, ['--user', 'clerk'], { isEnvFolder: true });
  assert.equal(outcome.exitCode, 1);
  assertOneLine(outcome, /\.env/);
});
