import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createKeyProvider, createLocalKeyProvider, type KeyProviderConfig } from '#app/privacy/key-provider.ts';
import { type Key, seal } from '#app/lib/keys.ts';
import { keyProviderContract } from '#app/testing/key-provider-contract.ts';

const keys = { old: { id: '2026a', secret: Buffer.alloc(32, 1) }, young: { id: '2026b', secret: Buffer.alloc(32, 2) } };

const withKeys = (...names: readonly (keyof typeof keys)[]) => createLocalKeyProvider(names.map((name) => keys[name]));

for (const [claim, prove] of Object.entries(keyProviderContract)) {
  test(`local keys: ${claim}`, () => prove({ create: (names) => withKeys(...names) }));
}

test('without a key there is no provider', () => {
  assert.throws(() => withKeys(), TypeError);
});

test('a context can’t pass for another by how its parts are joined', async () => {
  const provider = withKeys('old');
  const wrapped = await provider.wrap(Buffer.alloc(32), { a: 'b","c":"d' });
  await assert.rejects(provider.unwrap(wrapped, { a: 'b', c: 'd' }));
});

test('what the same key made for another use is not its own', async () => {
  await assert.rejects(withKeys('old').unwrap(seal(keys.old, Buffer.alloc(32), '[]'), {}));
});

test('keys of a file are those that it has now, and what is wrong with it is logged', async () => {
  const said: unknown[] = [];
  let now: readonly Key[] = [keys.old];
  const config: KeyProviderConfig = { kind: 'local', keys: [], currentKeys: (onProblem) => { onProblem('PRIVACY_KEYS_FILE is empty'); return now; } };
  const provider = await createKeyProvider(config, { log: { warn: (fields: unknown) => { said.push(fields); } } });
  const wrapped = await provider.wrap(Buffer.alloc(32), {});
  now = [keys.young, keys.old];
  assert.equal(provider.keyId, '2026b');
  assert.deepEqual(await provider.unwrap(wrapped, {}), Buffer.alloc(32));
  now = [keys.young];
  await assert.rejects(provider.unwrap(wrapped, {}));
  assert.deepEqual(said[0], { problem: 'PRIVACY_KEYS_FILE is empty' });
});
