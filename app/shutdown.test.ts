import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { pino } from 'pino';
import { closeServer, shutDown } from '#app/shutdown.ts';

const log = pino({ level: 'silent' });

test('steps run in order, and a failed one does not stop the next', async () => {
  const ran: string[] = [];
  const step = (name: string, fails = false) => ({
    name,
    run: () => {
      ran.push(name);
      return fails ? Promise.reject(new Error(name)) : Promise.resolve();
    },
  });
  const unfinished = await shutDown([step('one'), step('two', true), step('three')], { deadlineMs: 10_000, log });
  assert.deepEqual(ran, ['one', 'two', 'three']);
  assert.deepEqual(unfinished, ['two']);
});

test('a step that hangs ends at the deadline, and what came after it is named as unfinished', async () => {
  const hang = { name: 'hang', run: () => new Promise(() => undefined) };
  let ranLater = false;
  const later = { name: 'later', run: () => Promise.resolve((ranLater = true)) };
  // The deadline's timer doesn't hold a process open, so the test must.
  const hold = setInterval(() => undefined, 1_000);
  assert.deepEqual(await shutDown([hang, later], { deadlineMs: 20, log }), ['hang', 'later']);
  clearInterval(hold);
  assert.equal(ranLater, false);
});

test('a request under way is answered before the server is closed', async () => {
  const arrived = Promise.withResolvers<http.ServerResponse>();
  const server = http.createServer((_request, response) => {
    arrived.resolve(response);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const answer = fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  const response = await arrived.promise;
  const closed = closeServer(server, 10_000);
  response.end('done');
  assert.equal(await (await answer).text(), 'done');
  await closed;
});

test('a request that never ends is cut at the drain time', async () => {
  const server = http.createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const request = http.get({ port: (server.address() as AddressInfo).port, host: '127.0.0.1' });
  const cut = once(request, 'error');
  await once(server, 'request');
  await closeServer(server, 20);
  await cut;
});
