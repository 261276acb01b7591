import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { createListener, type ListenerIdentity, makeIdentity } from '#app/http/listener.ts';
import { freePorts } from '#app/testing/ports.ts';
import { startProgram } from '#app/testing/process.ts';

async function check(port: number, host = '0.0.0.0', listenTls = 'off'): Promise<readonly [ended: number | string, said: string]> {
  const program = startProgram('app/healthcheck.command.ts', [], { ADMIN_HOST: host, ADMIN_PORT: String(port), LISTEN_TLS: listenTls }, ['--disable-warning=ExperimentalWarning', '--permission', '--allow-net', '--allow-fs-read=.']);
  return [await program.ended(), program.stderr()];
}

async function listen(answer: RequestListener, identity?: ListenerIdentity): Promise<{ readonly port: number; readonly close: () => void }> {
  const server = createListener({}, identity, answer);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

test('a process that says that it is alive is healthy', async (t) => {
  const asked: (string | undefined)[] = [];
  const { port, close } = await listen(({ url }, response) => {
    asked.push(url);
    response.end();
  });
  t.after(close);
  assert.deepEqual([await check(port), await check(port, '127.0.0.1'), asked], [[0, ''], [0, ''], ['/livez', '/livez']]);
});

test('one that answers anything else, nothing, or is not there, is not, and the line says which', async (t) => {
  const failing = await listen((_request, response) => response.writeHead(503).end());
  const silent = await listen(() => undefined);
  t.after(failing.close);
  t.after(silent.close);
  const [nobody = 0] = await freePorts(1);
  for (const [port, words] of [[failing.port, /answers 503/], [silent.port, /does not answer/], [nobody, /does not answer: connect ECONNREFUSED/]] as const) {
    const [code, said] = await check(port);
    assert.equal(code, 1);
    assert.match(said, words);
  }
});

test('over TLS the same is asked, and plain HTTP is no answer there', async (t) => {
  const identity = await makeIdentity(new Date());
  const encrypted = await listen((_request, response) => response.end(), identity);
  const failing = await listen((_request, response) => response.writeHead(503).end(), identity);
  const plain = await listen((_request, response) => response.end());
  for (const { close } of [encrypted, failing, plain]) t.after(close);
  assert.deepEqual(await check(encrypted.port, '0.0.0.0', 'self-signed'), [0, '']);
  for (const [port, listenTls, words] of [[failing.port, 'self-signed', /answers 503/], [plain.port, 'self-signed', /does not answer/], [encrypted.port, 'off', /does not answer/]] as const) {
    const [code, said] = await check(port, '127.0.0.1', listenTls);
    assert.equal(code, 1);
    assert.match(said, words);
  }
});
