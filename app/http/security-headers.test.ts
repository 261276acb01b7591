import assert from 'node:assert/strict';
import net from 'node:net';
import { after, before, test } from 'node:test';
import { Registry } from 'prom-client';
import { createLive, type Live } from '#app/live/live.ts';
import { createRoutes } from '#app/server.ts';
import { createLog } from '#app/telemetry/log.ts';
import { createSampleFeature } from '#app/testing/sample-feature.ts';
import { SAMPLE_CONFIG, type SampleService, startSampleService } from '#app/testing/sample-service.ts';

const PUBLIC_URL = 'https://stockade.test';
const CSP =
  "default-src 'none';object-src 'none';script-src 'self';style-src 'self';img-src 'self';connect-src 'self';form-action 'self' http://provider.test;frame-ancestors 'none';base-uri 'none';require-trusted-types-for 'script';trusted-types 'none';upgrade-insecure-requests";
const ON_EVERY_ANSWER = [
  ['content-security-policy', CSP],
  ['strict-transport-security', 'max-age=63072000; includeSubDomains'],
  ['x-content-type-options', 'nosniff'],
  ['x-frame-options', 'DENY'],
  ['referrer-policy', 'same-origin'],
  ['cross-origin-opener-policy', 'same-origin'],
  ['cross-origin-resource-policy', 'same-origin'],
  ['cross-origin-embedder-policy', 'require-corp'],
] as const;
const NEVER = ['x-powered-by', 'server', 'access-control-allow-origin'];

interface Head {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
}

let service: SampleService;
let live: Live;
before(async () => {
  service = await startSampleService(async (database) => {
    live = await createLive({
      database,
      config: { heartbeatMs: 10_000, retentionMs: 60_000, pollMs: 1_000, bufferLimit: 100 },
      source: PUBLIC_URL,
      events: createSampleFeature().module.events,
      can: () => true,
      revalidate: (subject) => Promise.resolve(subject),
      allowedOrigin: PUBLIC_URL,
      log: createLog({ level: 'silent' }),
      metrics: new Registry(),
      clock: () => new Date(),
    });
    return { live, config: { ...SAMPLE_CONFIG, production: true, publicUrl: PUBLIC_URL, trustedProxies: 1, identity: { issuer: 'https://provider.test' } } };
  });
});
after(async () => {
  await live.close();
  await service.close();
});

test('ASVS 3.2.1, 3.4.1, 3.4.3, 3.4.4, 3.4.5, 3.4.6, 3.4.8, 3.5.8, 3.6.1, 13.4.6, 14.2.2, 14.2.3, 14.3.2: every route has them, for whoever asks and by whatever method', { timeout: 60_000 }, async () => {
  const seen = new Set<number>();
  const paths = new Set(createRoutes(service.parts).stack.map(({ path }) => String(path).replaceAll(/:\w+/g, 'a-1')));
  assert.ok(paths.size >= 12, [...paths].join('\n'));
  for (const path of paths) {
    for (const method of ['GET', 'HEAD', 'POST', 'PATCH', 'DELETE', 'OPTIONS']) {
      for (const who of ['', 'Authorization: Bearer clerk\r\n', 'Authorization: Bearer forged\r\n']) {
        const name = `${method} ${path} ${who.trim()}`;
        const head = await ask(`${method} ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAccept: */*\r\nContent-Length: 0\r\n${who}\r\n`);
        assertProtected(head, name);
        if (!isShared(path)) assert.match(head.headers.get('cache-control') ?? '', /^no-store\b/, name);
        seen.add(head.status);
      }
    }
  }
  for (const status of [200, 204, 303, 400, 401, 405, 426]) assert.ok(seen.has(status), `no route answered ${status}: ${[...seen].join(' ')}`);
});

const HOST = 'Host: a\r\n';
const UPGRADE = `${HOST}Connection: Upgrade\r\nUpgrade: websocket\r\n`;
const SOCKET = `${UPGRADE}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n`;
for (const [name, status, bytes] of [
  ['an unknown path', 404, `GET /nothing HTTP/1.1\r\n${HOST}\r\n`],
  ['a page with a problem', 404, `GET /nothing HTTP/1.1\r\n${HOST}Accept: text/html\r\n\r\n`],
  ['an answer that the client has', 304, `GET /openapi.json HTTP/1.1\r\n${HOST}If-None-Match: *\r\n\r\n`],
  ['a failure', 500, `POST /api/v1/notes HTTP/1.1\r\n${HOST}Authorization: Bearer clerk\r\nContent-Type: application/json\r\nContent-Length: 30\r\n\r\n{"id":"boom","text":"explode"}`],
  ['another site’s form', 403, `POST /notes HTTP/1.1\r\n${HOST}Cookie: __Host-session=clerk\r\nSec-Fetch-Site: cross-site\r\nContent-Length: 0\r\n\r\n`],
  ['a request without a host', 400, 'GET /docs HTTP/1.1\r\n\r\n'],
  ['TRACE', 405, `TRACE /docs HTTP/1.1\r\n${HOST}\r\n`],
  ['what is not HTTP', 400, 'nonsense\r\n\r\n'],
  ['too large a head', 431, `GET /docs HTTP/1.1\r\n${HOST}X-Long: ${'x'.repeat(20_000)}\r\n\r\n`],
  ['CONNECT', 405, `CONNECT a:443 HTTP/1.1\r\n${HOST}\r\n`],
  ['an unknown expectation', 417, `GET /docs HTTP/1.1\r\n${HOST}Expect: magic\r\n\r\n`],
  ['an upgrade by nobody', 401, `GET /api/v1/socket HTTP/1.1\r\n${SOCKET}\r\n`],
  ['an upgrade from another site', 403, `GET /api/v1/socket HTTP/1.1\r\n${SOCKET}Authorization: Bearer clerk\r\nOrigin: https://evil.test\r\n\r\n`],
  ['an upgrade without TLS', 403, `GET /api/v1/socket HTTP/1.1\r\n${SOCKET}Authorization: Bearer clerk\r\nX-Forwarded-Proto: ws\r\n\r\n`],
  ['an upgrade elsewhere', 404, `GET /docs HTTP/1.1\r\n${SOCKET}\r\n`],
  ['an upgrade of an unknown version', 426, `GET /api/v1/socket HTTP/1.1\r\n${UPGRADE}Sec-WebSocket-Version: 8\r\n\r\n`],
] as const) {
  test(`${name} is answered with them`, async () => {
    const head = await ask(bytes);
    assert.equal(head.status, status);
    assertProtected(head, name);
    if (status !== 304) assert.equal(head.headers.get('cache-control'), 'no-store');
  });
}

test('an event stream and an asset have them, and only the asset may be kept', async () => {
  const stream = await ask(`GET /api/v1/stream HTTP/1.1\r\n${HOST}Authorization: Bearer clerk\r\n\r\n`);
  assertProtected(stream, 'stream');
  assert.equal(stream.headers.get('content-type'), 'text/event-stream; charset=utf-8');
  assert.match(stream.headers.get('cache-control') ?? '', /^no-store\b/);
  const page = await (await service.send('/docs')).text();
  const asset = await ask(`GET ${/\/assets\/[^"]+site\.css/.exec(page)?.[0] ?? ''} HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`);
  assertProtected(asset, 'asset');
  assert.equal(asset.status, 200);
  assert.equal(asset.headers.get('cache-control'), 'public, max-age=31536000, immutable');
});

test('without TLS there is no HSTS, which browsers would ignore, and no upgrade of plain requests', async () => {
  const plain = await startSampleService();
  try {
    const { headers } = await plain.send('/docs');
    assert.equal(headers.get('strict-transport-security'), null);
    assert.equal(headers.get('content-security-policy'), CSP.replace(';upgrade-insecure-requests', ''));
  } finally {
    await plain.close();
  }
});

/** The same for everybody, and so for a cache to keep. */
function isShared(path: string): boolean {
  return ['/openapi.json', '/favicon.ico', '/favicon.svg', '/.well-known/security.txt'].includes(path);
}

function assertProtected({ headers }: Head, name: string): void {
  for (const [header, value] of ON_EVERY_ANSWER) assert.equal(headers.get(header), value, `${header} of ${name}`);
  for (const feature of ['camera', 'microphone', 'geolocation', 'payment', 'usb']) assert.ok(headers.get('permissions-policy')?.includes(`${feature}=()`), `${feature} of ${name}`);
  for (const header of NEVER) assert.equal(headers.get(header), undefined, `${header} of ${name}`);
}

/** The head of the first final answer; what comes after it is not waited for. */
function ask(bytes: string): Promise<Head> {
  const socket = net.connect(Number(new URL(service.origin).port), '127.0.0.1');
  return new Promise((resolve, reject) => {
    let text = '';
    socket.on('error', reject);
    socket.once('close', () => {
      reject(new Error(`closed after: ${text}`));
    });
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk;
      const end = text.indexOf('\r\n\r\n');
      if (end < 0) return;
      const [first = '', ...lines] = text.slice(0, end).split('\r\n');
      resolve({ status: Number(first.split(' ')[1]), headers: new Map(lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 2)])) });
      socket.destroy();
    });
    socket.write(bytes, 'latin1');
  });
}
