import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import Koa from 'koa';
import { pino } from 'pino';
import type { HttpState } from '#app/http/context.ts';
import { withinDeadline } from '#app/http/deadline.ts';
import { answerProblems } from '#app/http/problem.ts';
import { requestId } from '#app/http/request-id.ts';
import { expectProblem } from '#app/testing/problem.ts';

test('ASVS 15.2.2: a handler that takes too long is a 503 that says what may still happen, and its late answer goes nowhere', { timeout: 10_000 }, async (t) => {
  const slow = Promise.withResolvers<string>();
  const finished = Promise.withResolvers<boolean>();
  const app = new Koa<HttpState>();
  app.use(requestId(pino({ level: 'silent' }))).use(answerProblems(() => '')).use(withinDeadline(50)).use(async (ctx) => {
    ctx.body = ctx.path === '/slow' ? await slow.promise : 'fast';
    if (ctx.path === '/slow') finished.resolve(ctx.headerSent);
  });
  const server = app.listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  assert.equal(await (await fetch(`${origin}/fast`)).text(), 'fast');
  const refused = await fetch(`${origin}/slow`);
  assert.equal(refused.headers.get('retry-after'), '5');
  assert.match((await expectProblem(refused, 503, 'deadline-exceeded')).detail, /same Idempotency-Key/);
  slow.resolve('late');
  assert.equal(await finished.promise, true);
});
