import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { AppError } from '#app/errors.ts';
import { createKmsKeyProvider } from '#app/privacy/key-provider-kms.ts';

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
      return true;
    });
  }
}

test('a KMS that never answers is a 503 in bounded time', async (t) => {
  const { provider } = await providerAt(t, () => undefined, { deadlineMs: 200 });
  const startedAt = performance.now();
  await failsAs(503, provider);
  assert.ok(performance.now() - startedAt < 2_000);
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
  assert.throws(() => createKmsKeyProvider({ keyIds: [], region: 'eu-central-1' }), TypeError);
});
