import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { test, type TestContext } from 'node:test';
import { AppError } from '#app/errors.ts';
import { open, seal } from '#app/lib/keys.ts';
import { runInSpan, type Span } from '#app/lib/span.ts';
import { createKmsKeyProvider } from '#app/privacy/key-provider-kms.ts';
import { keyProviderContract } from '#app/testing/key-provider-contract.ts';

const KEY = 'arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-0000-0000-000000000000';
const CREDENTIALS = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };

async function providerAt(t: TestContext, answer: http.RequestListener, { deadlineMs = 10_000, credentials = CREDENTIALS }: { readonly deadlineMs?: number; readonly credentials?: NodeJS.ProcessEnv } = {}) {
  const server = http.createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const before = { ...process.env };
  Object.assign(process.env, credentials);
  t.after(() => {
    process.env = before;
    server.close();
    server.closeAllConnections();
  });
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { origin, provider: createKmsKeyProvider({ keyIds: [KEY], region: 'eu-central-1', endpoint: origin, deadlineMs }) };
}

const wrapped = Buffer.concat([Buffer.from([KEY.length]), Buffer.from(KEY), Buffer.from('blob')]);

async function failsAs(status: number, provider: Awaited<ReturnType<typeof providerAt>>['provider'], methods: readonly ('wrap' | 'unwrap')[] = ['wrap', 'unwrap']): Promise<void> {
  for (const method of methods) {
    await assert.rejects(provider[method](wrapped, {}), (error) => {
      assert.ok(error instanceof AppError);
      assert.equal(error.status, status, String(error.cause));
      assert.equal(error.headers['Retry-After'], status === 503 ? '5' : undefined);
      if (status === 503) assert.deepEqual([error.message, error.code, error.expose], ['The key provider does not answer. Try again.', 'key-provider-unavailable', true]);
      return true;
    });
  }
}

const OTHER = KEY.replace(/.$/, '1');
const secrets = new Map([[KEY, Buffer.alloc(32, 1)], [OTHER, Buffer.alloc(32, 2)]]);
interface Asked { readonly KeyId: string; readonly Plaintext?: string; readonly CiphertextBlob?: string; readonly EncryptionContext?: Record<string, string> }

/** What KMS's documentation says of Encrypt and Decrypt, no more; the proof with moto is npm run probe -- kms. */
const answerAsKms: http.RequestListener = (request, response) => {
  void text(request).then((body) => {
    const { KeyId, Plaintext, CiphertextBlob, EncryptionContext = {} } = JSON.parse(body) as Asked;
    const secret = secrets.get(KeyId) ?? Buffer.alloc(0);
    const context = JSON.stringify(Object.entries(EncryptionContext).toSorted());
    const type = { 'content-type': 'application/x-amz-json-1.1' };
    if (request.headers['x-amz-target'] === 'TrentService.Encrypt') return response.writeHead(200, type).end(JSON.stringify({ KeyId, CiphertextBlob: seal({ id: 'k', secret }, Buffer.from(Plaintext ?? '', 'base64'), context).toString('base64') }));
    const opened = open(() => secret, Buffer.from(CiphertextBlob ?? '', 'base64'), context);
    return opened === undefined
      ? response.writeHead(400, type).end(JSON.stringify({ __type: 'InvalidCiphertextException' }))
      : response.writeHead(200, type).end(JSON.stringify({ KeyId, Plaintext: opened.toString('base64') }));
  });
};

for (const [claim, prove] of Object.entries(keyProviderContract)) {
  test(`KMS: ${claim}`, async (t) => {
    const { origin } = await providerAt(t, answerAsKms);
    await prove({ create: (names) => createKmsKeyProvider({ keyIds: names.map((name) => (name === 'old' ? KEY : OTHER)), region: 'eu-central-1', endpoint: origin }) });
  });
}

test('an answer without what was asked for is a 503', async (t) => {
  const { provider } = await providerAt(t, (_, response) => { response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' }).end('{}'); });
  await failsAs(503, provider);
});

test('a KMS that never answers is a 503 in bounded time', async (t) => {
  const { provider } = await providerAt(t, () => undefined, { deadlineMs: 200 });
  const startedAt = performance.now();
  await failsAs(503, provider);
  await assert.rejects(provider.wrap(wrapped, {}), (error) => error instanceof AppError && String(error.cause) === 'Error: no answer within 200 ms');
  assert.ok(performance.now() - startedAt < 2_000);
});

test('a question that is lost is asked again, within the time of one request', async (t) => {
  let asked = 0;
  const { origin } = await providerAt(t, (request, response) => {
    asked += 1;
    if (asked > 1) answerAsKms(request, response);
  });
  const provider = createKmsKeyProvider({ keyIds: [KEY], region: 'eu-central-1', endpoint: origin });
  await provider.wrap(Buffer.alloc(32), {});
  assert.equal(asked, 2);
});

test('what is not answered in time is given up, not only passed over', async (t) => {
  const { promise: closed, resolve } = Promise.withResolvers<undefined>();
  const { provider } = await providerAt(t, (request) => { request.socket.once('close', () => { resolve(undefined); }); }, { deadlineMs: 200 });
  await failsAs(503, provider, ['unwrap']);
  const startedAt = performance.now();
  await closed;
  assert.ok(performance.now() - startedAt < 1_000, 'before the SDK would give it up itself');
});

test('so are credentials that don’t come', async (t) => {
  // As the agent of ECS gives them; it stays silent here.
  const silent = http.createServer(() => undefined).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  t.after(() => { silent.close(); silent.closeAllConnections(); });
  const { provider } = await providerAt(t, () => undefined, {
    deadlineMs: 200,
    credentials: { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '', AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://127.0.0.1:${(silent.address() as AddressInfo).port}/` },
  });
  await failsAs(503, provider, ['unwrap']);
});

for (const [name, status, times] of [['ThrottlingException', 400, 3], ['KMSInternalException', 500, 3], ['DisabledException', 400, 1], ['AccessDeniedException', 400, 1]] as const) {
  test(`${name} is a 503: what was wrapped may open again; asked ${times}×`, async (t) => {
    let asked = 0;
    const { provider } = await providerAt(t, (_, response) => {
      asked += 1;
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify({ __type: name, message: 'no' }));
    });
    await failsAs(503, provider, ['unwrap']);
    assert.equal(asked, times);
  });
}

for (const name of ['InvalidCiphertextException', 'IncorrectKeyException', 'NotFoundException']) {
  test(`${name} is final when something is opened, and not when it is wrapped`, async (t) => {
    const { provider } = await providerAt(t, (_, response) => { response.writeHead(400, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify({ __type: name, message: 'no' })); });
    await failsAs(500, provider, ['unwrap']);
    await failsAs(503, provider, ['wrap']);
  });
}

test('KMS is not asked to open what names a key that is not configured', async (t) => {
  let asked = 0;
  const { provider } = await providerAt(t, (_, response) => { asked += 1; response.end('{}'); });
  const foreign = KEY.replace('123456789012', '210987654321');
  for (const bytes of [Buffer.alloc(0), Buffer.from([KEY.length]), wrapped.subarray(0, 1 + KEY.length), Buffer.concat([Buffer.from([foreign.length]), Buffer.from(foreign), Buffer.from('blob')])]) {
    await assert.rejects(provider.unwrap(bytes, {}), { code: 'data-key-unopenable' });
  }
  assert.equal(asked, 0);
});

test('without a key there is no provider', () => {
  assert.throws(() => createKmsKeyProvider({ keyIds: [], region: 'eu-central-1' }), { name: 'TypeError', message: 'A key provider needs a key.' });
});

test('each use of a key is a span by its operation, and how it failed by a name', async (t) => {
  const { provider } = await providerAt(t, answerAsKms);
  const ended: string[] = [];
  const create = (name: string): Span => ({ traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), sampled: true, start: (part) => create(part.name), setName: () => undefined, set: () => undefined, end: (errorType = 'well') => void ended.push(`${name} ${errorType}`) });
  await runInSpan(create('request'), () => provider.wrap(Buffer.alloc(32), {}));
  await assert.rejects(runInSpan(create('request'), () => provider.unwrap(wrapped, {})));
  assert.deepEqual(ended, ['KMS/Encrypt well', 'KMS/Decrypt InvalidCiphertextException']);
});
