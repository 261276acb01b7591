import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { after, before, test } from 'node:test';
import { BODY_LIMIT_BYTES } from '#app/http/body.ts';
import { expectProblem } from '#app/testing/problem.ts';
import { type SampleService, startSampleService } from '#app/testing/sample-service.ts';

let service: SampleService;
before(async () => {
  service = await startSampleService();
});
after(() => service.close());

function post(body: string | Uint8Array<ArrayBuffer> | undefined, headers: Readonly<Record<string, string>> = { 'content-type': 'application/json' }): Promise<Response> {
  return service.send('/api/v1/notes', { method: 'POST', as: 'clerk', headers, ...(body === undefined ? {} : { body }) });
}

test('JSON is taken with and without a charset, in any case', async () => {
  assert.equal((await post('{"id":"b-1","text":"x"}')).status, 201);
  assert.equal((await post('{"id":"b-2","text":"x"}', { 'content-type': 'Application/JSON; charset=UTF-8' })).status, 201);
});

test('ASVS 3.5.2: 415 for another type, no type, another charset, a content coding', async () => {
  for (const headers of [{}, { 'content-type': 'text/plain' }, { 'content-type': 'application/x-www-form-urlencoded' }, { 'content-type': 'application/json; charset=latin1' }, { 'content-type': ';;' }]) {
    const response = await post('{}', headers);
    assert.equal(response.headers.get('accept'), 'application/json');
    await expectProblem(response, 415, 'unsupported-media-type');
  }
  await expectProblem(await post('{}', { 'content-type': 'application/json', 'content-encoding': 'gzip' }), 415, 'unsupported-content-encoding');
});

test('400 for an empty body, and for one where none is taken', async () => {
  await expectProblem(await post(undefined), 400, 'missing-body');
  await expectProblem(await post(''), 400, 'missing-body');
  await expectProblem(await service.send('/api/v1/notes/b-1', { method: 'DELETE', as: 'clerk', json: {} }), 400, 'unexpected-body');
});

test('400 with the position where the text stops being JSON', async () => {
  const problem = await expectProblem(await post('{"id":"b-3" "text":""}'), 400, 'malformed-body');
  assert.match(problem.detail, /position 12/);
});

test('ASVS 15.3.6, 15.3.7: 400 for what is not UTF-8, for doubled names, for __proto__ and for deep nesting', async () => {
  await expectProblem(await post(new Uint8Array([0x22, 0xff, 0x22])), 400, 'malformed-body');
  for (const body of ['{"id":"b","id":"c","text":"x"}', '{"__proto__":{},"id":"b","text":"x"}', '['.repeat(33), '\ufeff{}']) {
    await expectProblem(await post(body), 400, 'malformed-body');
  }
  for (const body of ['null', '[]', '"text"', '1']) await expectProblem(await post(body), 400, 'invalid-request');
});

test('413 by the stated length, before the body has come', async () => {
  const answer = await service.sendRaw(`POST /api/v1/notes HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer clerk\r\nContent-Type: application/json\r\nContent-Length: ${BODY_LIMIT_BYTES + 1}\r\nConnection: close\r\n\r\n`);
  assert.match(answer, /^HTTP\/1\.1 413 /);
  assert.match(answer, /problems\/body-too-large/);
});

test('413 while it streams, and the answer arrives though the client goes on sending', async () => {
  await expectProblem(await post(`"${'x'.repeat(BODY_LIMIT_BYTES * 20)}"`), 413, 'body-too-large');
  const chunk = `${(0x8000).toString(16)}\r\n${'x'.repeat(0x8000)}\r\n`;
  const answer = await service.sendRaw(`POST /api/v1/notes HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer clerk\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n${chunk.repeat(4)}0\r\n\r\n`);
  assert.match(answer, /^HTTP\/1\.1 413 /);
});

test('exactly the limit is read', async () => {
  const text = `{"id":"b-4","text":"x"${' '.repeat(BODY_LIMIT_BYTES - 23)}}`;
  assert.equal(text.length, BODY_LIMIT_BYTES);
  assert.equal((await post(text)).status, 201);
});

test('a client that goes away within its body is no failure of the service', async () => {
  const from = service.logLines.length;
  const socket = net.connect(Number(new URL(service.origin).port), '127.0.0.1');
  await once(socket, 'connect');
  socket.write('POST /api/v1/notes HTTP/1.1\r\nHost: a\r\nX-Request-Id: gone-client-1\r\nAuthorization: Bearer clerk\r\nContent-Type: application/json\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n{"id":');
  // The interim answer shows that the request is being served.
  await once(socket, 'data');
  socket.resetAndDestroy();
  const lines = () => service.logLines.slice(from).filter((line) => line.includes('gone-client-1'));
  const deadline = Date.now() + 5_000;
  while (lines().length === 0 && Date.now() < deadline) await new Promise(setImmediate);
  assert.match(lines()[0] ?? '', /"aborted":true/);
  assert.ok(!service.logLines.slice(from).some((line) => line.includes('"level":"error"')), service.logLines.slice(from).join(''));
});

test('CWE-400: a client that sends its body slowly is told so and cut off within 15 s', { timeout: 15_000 }, async () => {
  const answer = await service.sendRaw('POST /api/v1/notes HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer clerk\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"id":');
  assert.match(answer, /^HTTP\/1\.1 408 /);
  assert.match(answer, /problems\/request-timeout/);
});

test('what comes behind the body is refused, since nothing reads it', async () => {
  const answer = await service.sendRaw('POST /api/v1/notes HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer clerk\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n2\r\n{}\r\n0\r\nX: y\r\n\r\n');
  assert.match(answer, /problems\/unexpected-trailers/);
});
