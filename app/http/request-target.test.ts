import assert from 'node:assert/strict';
import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import net, { type AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { after, before, test } from 'node:test';
import type { Refusal } from '#app/errors.ts';
import { refuseUnclearUpgrade } from '#app/http/request-target.ts';
import { type SampleService, startSampleService } from '#app/testing/sample-service.ts';

let service: SampleService;
before(async () => {
  service = await startSampleService();
});
after(() => service.close());

const BASE = 'Authorization: Bearer clerk\r\nConnection: close\r\n';

const REFUSED: readonly (readonly [what: string, request: string, status: number])[] = [
  ['two Host headers', `GET /docs HTTP/1.1\r\nHost: a\r\nHost: b\r\n${BASE}\r\n`, 400],
  ['no Host header', `GET /docs HTTP/1.1\r\n${BASE}\r\n`, 400],
  ['an empty Host', `GET /docs HTTP/1.1\r\nHost:\r\n${BASE}\r\n`, 400],
  ['a Host with credentials', `GET /docs HTTP/1.1\r\nHost: me@evil.test\r\n${BASE}\r\n`, 400],
  ['a Host with a path', `GET /docs HTTP/1.1\r\nHost: a/b\r\n${BASE}\r\n`, 400],
  ['an absolute form with another host', `GET http://evil.test/docs HTTP/1.1\r\nHost: stockade.test\r\n${BASE}\r\n`, 400],
  ['an absolute form of another scheme', `GET ftp://stockade.test/docs HTTP/1.1\r\nHost: stockade.test\r\n${BASE}\r\n`, 400],
  ['a target that is no path', `GET * HTTP/1.1\r\nHost: a\r\n${BASE}\r\n`, 400],
  ['a path with broken percent-encoding', `GET /api/v1/notes/%zz HTTP/1.1\r\nHost: a\r\n${BASE}\r\n`, 400],
  ['a path that is not UTF-8', `GET /api/v1/notes/%ff HTTP/1.1\r\nHost: a\r\n${BASE}\r\n`, 400],
  ['a NUL in the path', `GET /api/v1/notes/a%00 HTTP/1.1\r\nHost: a\r\n${BASE}\r\n`, 400],
  ['a backslash in the path', `GET /api\\v1 HTTP/1.1\r\nHost: a\r\n${BASE}\r\n`, 400],
  ['TRACE', `TRACE /docs HTTP/1.1\r\nHost: a\r\n${BASE}\r\n`, 405],
  ['TRACE with a body', `TRACE /docs HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n${BASE}\r\n{}`, 405],
  ['CONNECT', `CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n`, 405],
  ['an expectation that nobody knows', `GET /docs HTTP/1.1\r\nHost: a\r\nExpect: magic\r\n${BASE}\r\n`, 417],
  ['two different lengths', `POST /api/v1/notes HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n${BASE}\r\nxx`, 400],
  ['a length beside a chunked coding', `POST /api/v1/notes HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n${BASE}\r\n0\r\n\r\n`, 400],
  ['a chunk size that is none', `POST /api/v1/notes HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n${BASE}\r\nzz\r\n`, 400],
  ['a header name with a space', `GET /docs HTTP/1.1\r\nHost: a\r\nX Y: 1\r\n${BASE}\r\n`, 400],
  ['a folded header', `GET /docs HTTP/1.1\r\nHost: a\r\nX: 1\r\n 2\r\n${BASE}\r\n`, 400],
  ['a bare carriage return', `GET /docs HTTP/1.1\r\nHost: a\r\nX: 1\rY: 2\r\n${BASE}\r\n`, 400],
  ['what is not HTTP', 'HELLO\r\n\r\n', 400],
  ['TLS on the plain port', '\x16\x03\x01\x02\x00\x01', 400],
  ['headers above 16 KiB', `GET /docs HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(17_000)}\r\n${BASE}\r\n`, 431],
  ['a target above 16 KiB', `GET /${'x'.repeat(17_000)} HTTP/1.1\r\nHost: a\r\n${BASE}\r\n`, 431],
];

for (const [what, request, status] of REFUSED) {
  test(`CWE-444: ${what} gets a ${status} problem, once, and the connection ends`, async () => {
    const answer = await service.sendRaw(request);
    assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `), answer);
    assert.match(answer, /^content-type: application\/problem\+json$/im);
    assert.match(answer, /^x-request-id: .+$/im);
    assert.match(answer, /^connection: close$/im);
    assert.equal(answer.split('HTTP/1.1 ').length, 2);
    const problem = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4)) as Record<string, unknown>;
    assert.equal(problem['status'], status);
    assert.equal(service.sample.runs.count, 0);
  });
}

test('an absolute form with the same host is served', async () => {
  assert.match(await service.sendRaw(`GET http://stockade.test/openapi.json HTTP/1.1\r\nHost: stockade.test:80\r\n${BASE}\r\n`), /^HTTP\/1\.1 200 /);
});

test('OPTIONS * and HTTP/1.0 without a Host are served', async () => {
  assert.match(await service.sendRaw(`OPTIONS * HTTP/1.1\r\nHost: a\r\n${BASE}\r\n`), /^HTTP\/1\.1 204 /);
  assert.match(await service.sendRaw('GET /openapi.json HTTP/1.0\r\n\r\n'), /^HTTP\/1\.1 200 /);
});

test('an upgrade to something else than a WebSocket is answered as the request that it also is', async () => {
  const answer = await service.sendRaw('GET /openapi.json HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n');
  assert.match(answer, /^HTTP\/1\.1 200 /);
});

test('a request that stays unfinished is answered when the parser fails in its body', async () => {
  const answer = await service.sendRaw(`POST /api/v1/notes HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n${BASE}\r\n5\r\nabc`.concat('defgh'));
  assert.match(answer, /^HTTP\/1\.1 400 /);
});

test('a HEAD that the parser refuses gets headers alone, and an expectation’s refusal is not cached', async () => {
  const answer = await service.sendRaw('HEAD /\xff HTTP/1.1\r\nHost: a\r\n\r\n');
  assert.match(answer, /^HTTP\/1\.1 400 [^]*\r\n\r\n$/);
  assert.match(await service.sendRaw(`GET /docs HTTP/1.1\r\nHost: a\r\nExpect: magic\r\n${BASE}\r\n`), /^cache-control: no-store$/im);
});

test('a body that fails after its request was answered gets no second answer', async () => {
  const answer = await service.sendRaw('POST /api/v1/notes HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n');
  assert.equal(answer.split('HTTP/1.1 ').length, 2, answer);
});

test('what is no WebSocket’s opening is refused with a problem that names the request', async () => {
  const upgrade = 'Connection: Upgrade\r\nUpgrade: websocket\r\n';
  const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
  assert.equal((await refused('POST', `${upgrade}Sec-WebSocket-Version: 13\r\n${key}`))?.status, 405);
  assert.equal((await refused('GET', `${upgrade}Sec-WebSocket-Version: 8\r\n${key}`))?.status, 426);
  assert.equal((await refused('GET', `${upgrade}Sec-WebSocket-Version: 13\r\n`))?.status, 400);
  assert.equal((await refused('GET', `${upgrade}Sec-WebSocket-Version: 13\r\n${key}Host: b\r\n`))?.status, 400);
  assert.equal(await refused('GET', `${upgrade}Sec-WebSocket-Version: 13\r\n${key}`), undefined);
});

/** What the parser makes of these bytes, judged. */
async function refused(method: string, fields: string): Promise<Refusal | undefined> {
  const server = http.createServer().listen(0, '127.0.0.1');
  try {
    const upgraded = once(server, 'upgrade') as Promise<[IncomingMessage, Duplex]>;
    await once(server, 'listening');
    const client = net.connect((server.address() as AddressInfo).port, '127.0.0.1');
    client.write(`${method} /api/v1/socket HTTP/1.1\r\nHost: a\r\n${fields}\r\n`);
    const [request, stream] = await upgraded;
    client.destroy();
    stream.destroy();
    return refuseUnclearUpgrade(request);
  } finally {
    server.close();
  }
}

test('ASVS 4.2.1: where two servers could see two ends of a body, no handler sees either', async () => {
  const body = '{"id":"smuggled","text":"x"}';
  const head = 'POST /api/v1/notes HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer clerk\r\nContent-Type: application/json\r\n';
  const chunked = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
  const before = service.sample.runs.count;
  for (const request of [
    `${head}Content-Length: ${body.length}\r\nTransfer-Encoding: chunked\r\n\r\n${chunked}`,
    `${head}Content-Length: ${body.length}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    `${head}Content-Length: ${body.length}\r\nContent_Length: 3\r\n\r\n${body}`,
    `${head.replace('HTTP/1.1', 'HTTP/1.0')}Transfer-Encoding: chunked\r\n\r\n${chunked}`,
    `${head}Transfer-Encoding: gzip, chunked\r\n\r\n${chunked}`,
  ]) {
    const answer = await service.sendRaw(request);
    assert.match(answer, /^HTTP\/1\.1 400 /, request);
    assert.match(answer, /^connection: close$/im);
    assert.equal(answer.split('HTTP/1.1 ').length, 2, 'nothing after it was run');
  }
  assert.equal(service.sample.runs.count, before);
});
