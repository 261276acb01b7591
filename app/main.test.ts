import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { freePorts } from '#app/testing/ports.ts';
import { startFlags, startMain, startProgram, type StartedProcess } from '#app/testing/process.ts';

const READY = /Stop with Ctrl\+C/;
const MAIN = path.join(import.meta.dirname, 'main.ts');

/** Settings for a start of its own: own ports, own data folder. */
async function settingsFor(t: TestContext): Promise<Readonly<Record<string, string>>> {
  const directory = await mkdtemp(path.join(tmpdir(), 'stockade-main-'));
  t.after(() => rm(directory, { recursive: true, force: true, maxRetries: 5 }));
  const [port, providerPort, adminPort] = await freePorts(3);
  return { PORT: String(port), PROVIDER_PORT: String(providerPort), ADMIN_PORT: String(adminPort), DATA_DIRECTORY: directory };
}

function start(t: TestContext, environment: Readonly<Record<string, string>>): StartedProcess {
  const started = startMain(environment);
  t.after(() => started.child.kill('SIGKILL'));
  return started;
}

test('it starts with nothing but a port, says what runs where, keeps its data, and ends on SIGTERM', async (t) => {
  const settings = await settingsFor(t);
  const first = start(t, settings);
  await first.sees(READY);
  const text = first.stdout();
  assert.match(text, /part +real or embedded +address +ready after/);
  assert.match(text, /PostgreSQL +embedded +\S+.* +\d+ ms/);
  assert.match(text, new RegExp(`OpenID provider +embedded +http://127\\.0\\.0\\.1:${settings['PROVIDER_PORT'] ?? ''} +\\d+ ms`));
  assert.match(text, /Sign in as \(acme\): viewer, clerk, manager, auditor/);
  assert.equal((await fetch(`http://127.0.0.1:${settings['ADMIN_PORT'] ?? ''}/readyz`)).status, 200);
  assert.equal((await fetch(`http://127.0.0.1:${settings['PORT'] ?? ''}/openapi.json`)).status, 200);

  const second = start(t, { ...settings, PORT: '1', PROVIDER_PORT: '2', ADMIN_PORT: '3' });
  assert.equal(await second.ended(), 1);
  assert.match(second.stderr(), new RegExp(`\\b${first.child.pid ?? 0}\\b`), 'the second start names the owner of the folder');
  assert.equal(second.stderr().trim().split('\n').length, 1);

  first.child.kill('SIGTERM');
  assert.equal(await first.ended(), 0);
  const third = start(t, settings);
  await third.sees(READY);
  third.child.kill('SIGINT');
  assert.equal(await third.ended(), 0);
});

test('in production it refuses to start on defaults, with every problem on its own line and no value', async (t) => {
  const started = start(t, { NODE_ENV: 'production', PORT: 'canary-port', OIDC_ISSUER: 'http://canary-issuer' });
  assert.equal(await started.ended(), 78);
  for (const name of ['DATABASE_URL', 'OIDC_ISSUER', 'OIDC_CLIENT_ID', 'OIDC_CLIENT_SECRET', 'OIDC_AUDIENCE', 'PUBLIC_URL', 'PRIVACY_KEYS', 'PORT']) {
    assert.match(started.stderr(), new RegExp(`^  - ${name} `, 'm'));
  }
  assert.ok(!(started.stderr() + started.stdout()).includes('canary'));
});

test('a taken port is one line that says what to set', async (t) => {
  const settings = await settingsFor(t);
  const squatter = net.createServer();
  t.after(() => squatter.close());
  await once(squatter.listen(Number(settings['PORT']), '127.0.0.1'), 'listening');
  const started = start(t, settings);
  assert.equal(await started.ended(), 1);
  assert.match(started.stderr(), /^Port \d+ on 127\.0\.0\.1 is taken: .* set PORT to another port\.\n$/);
});

test('an unreachable PostgreSQL is one line without the password', async (t) => {
  const settings = await settingsFor(t);
  const started = start(t, { ...settings, DATABASE_URL: 'postgres://app:canary-password@127.0.0.1:1/stockade' });
  assert.equal(await started.ended(), 1);
  assert.match(started.stderr(), /^[^\n]*127\.0\.0\.1:1[^\n]*\n$/);
  assert.ok(!(started.stderr() + started.stdout()).includes('canary'));
});

test('a data folder that the process was not allowed to write is one line that says how to mend it', async (t) => {
  const settings = await settingsFor(t);
  const started = startProgram(MAIN, [], { ...settings, DATA_DIRECTORY: path.join(settings['DATA_DIRECTORY'] ?? '', 'elsewhere') }, startFlags());
  t.after(() => started.child.kill('SIGKILL'));
  assert.equal(await started.ended(), 1);
  assert.match(started.stderr(), /^This process may not use \S+: keep DATA_DIRECTORY at \.data, .*--allow-fs-write[^\n]*\n$/);
});

for (const [what, code] of [
  ['reads a file outside of the repository', "fs.readFileSync('/etc/passwd')"],
  ['writes to the repository outside of its data folder', "fs.writeFileSync('outside.tmp', '')"],
  ['starts a program', "child_process.execSync('true')"],
  ['starts a worker', "new worker_threads.Worker('1', { eval: true })"],
] as const) {
  test(`ASVS 13.2.5, 15.2.5: a process with the permissions of npm start that ${what} is refused (CWE-250)`, () => {
    const { status, stderr } = spawnSync(process.execPath, [...startFlags(), '--eval', code], { encoding: 'utf8' });
    assert.notEqual(status, 0);
    assert.match(stderr, /ERR_ACCESS_DENIED/);
  });
}

test('ASVS 13.4.2: a process with the permissions of npm start takes no debugger', () => {
  const { status, stderr } = spawnSync(process.execPath, [...startFlags(), '--eval', "require('node:inspector').open(0, '127.0.0.1')"], { encoding: 'utf8' });
  assert.notEqual(status, 0);
  assert.match(stderr, /ERR_ACCESS_DENIED/);
});

test('ASVS 16.5.4: what nobody caught is logged in full, and ends the process, so that a supervisor starts a whole one', async (t) => {
  const settings = await settingsFor(t);
  const throwLater = `data:text/javascript,${encodeURIComponent("process.on('SIGUSR2', () => { throw new Error('nobody caught this'); }); process.on('SIGURG', () => { Promise.reject(new Error('nobody awaited this')); });")}`;
  for (const [signal, words] of [['SIGUSR2', 'nobody caught this'], ['SIGURG', 'nobody awaited this']] as const) {
    const started = startProgram(MAIN, [], settings, [...startFlags(), ...['read', 'write'].map((right) => `--allow-fs-${right}=${settings['DATA_DIRECTORY'] ?? ''}`), '--import', throwLater]);
    t.after(() => started.child.kill('SIGKILL'));
    await started.sees(READY);
    started.child.kill(signal);
    assert.equal(await started.ended(), 1);
    const line = started.stdout().split('\n').find((one) => one.includes(words)) ?? '';
    const { level, msg, err } = JSON.parse(line) as { readonly level: string; readonly msg: string; readonly err: { readonly stack: string } };
    assert.deepEqual([level, msg], ['fatal', 'uncaught exception']);
    assert.match(err.stack, new RegExp(words));
  }
});
