import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createKeyProvider, createLocalKeyProvider } from '#app/privacy/key-provider.ts';
import { seal } from '#app/lib/keys.ts';
import { keyProviderContract } from '#app/testing/key-provider-contract.ts';

const keys = { old: { id: '2026a', secret: Buffer.alloc(32, 1) }, young: { id: '2026b', secret: Buffer.alloc(32, 2) } };

for (const [claim, prove] of Object.entries(keyProviderContract)) {
  test(`ASVS 11.3.2, local keys: ${claim}`, () => prove({ create: (names) => createLocalKeyProvider(names.map((name) => keys[name])) }));
}

test('without a key there is no provider', () => {
  assert.throws(() => createLocalKeyProvider([]), TypeError);
});

test('a context can’t pass for another by how its parts are joined', async () => {
  const provider = createLocalKeyProvider([keys.old]);
  const wrapped = await provider.wrap(Buffer.alloc(32), { a: 'b","c":"d' });
  await assert.rejects(provider.unwrap(wrapped, { a: 'b', c: 'd' }));
});

test('what the same key made for another use is not its own', async () => {
  const provider = await createKeyProvider({ kind: 'local', keys: [keys.old] });
  await assert.rejects(provider.unwrap(seal(keys.old, Buffer.alloc(32), '[]'), {}));
});
