// The jar against a real server: what it keeps, what it sends where, and how it walks.
import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { CookieJar } from '#app/lib/cookie-jar.ts';

async function serve(t: TestContext, answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(answer);
  const { promise, resolve } = Promise.withResolvers<undefined>();
  server.listen(0, '127.0.0.1', () => {
    resolve(undefined);
  });
  await promise;
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function jarWith(t: TestContext, ...cookies: readonly string[]): Promise<{ jar: CookieJar; origin: string }> {
  const lines = [...cookies];
  const origin = await serve(t, (_request, response) => response.setHeader('set-cookie', lines.splice(0, 1)).end());
  const jar = new CookieJar();
  while (lines.length > 0) await jar.fetch(`${origin}/a/b`);
  return { jar, origin };
}

test('a cookie goes back to where it came from, and to no other port', async (t) => {
  const { jar, origin } = await jarWith(t, 'one=1; Path=/; HttpOnly');
  assert.equal(jar.read(`${origin}/x`), 'one=1');
  assert.equal(jar.read('http://127.0.0.1:9/x'), '');
});

test('a path covers itself and what is below, and the longest is sent first', async (t) => {
  const { jar, origin } = await jarWith(t, 'all=1; path=/', 'some=2; path=/a');
  assert.equal(jar.read(`${origin}/a/b`), 'some=2; all=1');
  assert.equal(jar.read(`${origin}/a`), 'some=2; all=1');
  assert.equal(jar.read(`${origin}/ab`), 'all=1');
});

test('without a path, the folder of the request is meant', async (t) => {
  const { jar, origin } = await jarWith(t, 'one=1');
  assert.equal(jar.read(`${origin}/a/c`), 'one=1');
  assert.equal(jar.read(`${origin}/b`), '');
});

test('Max-Age=0 and a past date delete, and Max-Age wins', async (t) => {
  const past = 'Expires=Thu, 01 Jan 1970 00:00:00 GMT';
  for (const ending of ['Max-Age=0', past]) {
    const { jar, origin } = await jarWith(t, 'one=1; Path=/', `one=; Path=/; ${ending}`);
    assert.equal(jar.read(origin), '');
  }
  const { jar, origin } = await jarWith(t, `one=1; Path=/; ${past}; Max-Age=60`);
  assert.equal(jar.read(origin), 'one=1');
});

test('a newer cookie of the same name and path replaces the older; a line without a name is nothing', async (t) => {
  const { jar, origin } = await jarWith(t, 'one=1; Path=/', 'one=a=b; Path=/', '=x', 'y');
  assert.equal(jar.read(origin), 'one=a=b');
});

test('fetch hands a redirect back; follow walks it as GET with the cookies set on the way', async (t) => {
  const seen: string[] = [];
  const origin = await serve(t, (request, response) => {
    seen.push(`${request.method ?? ''} ${request.url ?? ''} ${request.headers.cookie ?? '-'} ${request.headers['content-type'] ?? '-'}`);
    if (request.url === '/start') response.writeHead(303, { location: '/end?x=1', 'set-cookie': 'one=1; Path=/' });
    response.end('done');
  });
  assert.equal((await new CookieJar().fetch(`${origin}/start`)).status, 303);
  const { response, url } = await new CookieJar().follow(`${origin}/start`, { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } });
  assert.equal(await response.text(), 'done');
  assert.equal(url.href, `${origin}/end?x=1`);
  assert.deepEqual(seen, ['GET /start - -', 'POST /start - application/json', 'GET /end?x=1 one=1 -']);
});

test('follow stops before an address that is held back', async (t) => {
  let requests = 0;
  const origin = await serve(t, (_request, response) => {
    requests += 1;
    response.writeHead(302, { location: 'http://127.0.0.1:9/callback?code=x' }).end();
  });
  const { url, response } = await new CookieJar().follow(origin, {}, ({ pathname }) => pathname === '/callback');
  assert.equal(url.href, 'http://127.0.0.1:9/callback?code=x');
  assert.equal(response.status, 302);
  assert.equal(requests, 1);
});

test('a circle of redirects ends with an error', async (t) => {
  const origin = await serve(t, (_request, response) => response.writeHead(302, { location: '/' }).end());
  await assert.rejects(new CookieJar().follow(origin), /more than 20 redirects/);
});
