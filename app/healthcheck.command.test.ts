import assert from 'node:assert/strict';
import { once } from 'node:events';
import http, { type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { freePorts } from '#app/testing/ports.ts';
import { startProgram } from '#app/testing/process.ts';

async function check(port: number, host = '0.0.0.0'): Promise<readonly [ended: number | string, said: string]> {
  const program = startProgram('app/healthcheck.command.ts', [], { ADMIN_HOST: host, ADMIN_PORT: String(port) }, ['--disable-warning=ExperimentalWarning', '--permission', '--allow-net', '--allow-fs-read=.']);
  return [await program.ended(), program.stderr()];
}

async function listen(answer: RequestListener): Promise<{ readonly port: number; readonly close: () => void }> {
  const server = http.createServer(answer);
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
