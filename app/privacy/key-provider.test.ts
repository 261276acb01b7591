import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createKeyProvider, createLocalKeyProvider, type KeyProviderConfig } from '#app/privacy/key-provider.ts';
import { type Key, open, seal } from '#app/lib/keys.ts';
import { keyProviderContract } from '#app/testing/key-provider-contract.ts';

const keys = { old: { id: '2026a', secret: Buffer.alloc(32, 1) }, young: { id: '2026b', secret: Buffer.alloc(32, 2) } };

const withKeys = (...names: readonly (keyof typeof keys)[]) => createLocalKeyProvider(names.map((name) => keys[name]));

for (const [claim, prove] of Object.entries(keyProviderContract)) {
  test(`local keys: ${claim}`, () => prove({ create: (names) => withKeys(...names) }));
}

test('without a key there is no provider', () => {
  assert.throws(() => withKeys(), { name: 'TypeError', message: 'A key provider needs a key.' });
});

test('a context can’t pass for another by how its parts are joined', async () => {
  const provider = withKeys('old');
  const wrapped = await provider.wrap(Buffer.alloc(32), { a: 'b","c":"d' });
  await assert.rejects(provider.unwrap(wrapped, { a: 'b', c: 'd' }));
});

test('what was wrapped once opens for ever: the derived key was computed apart from this code, by RFC 5869 in Python', async () => {
  const secret = Buffer.from('b85f1b44bce06360f2dace68a3002789de350c7aede112d3abee4d4f507c126a', 'hex');
  const wrapped = await withKeys('old').wrap(Buffer.alloc(32, 9), { b: '2', a: '1' });
  assert.deepEqual(open((id) => (id === '2026a' ? secret : undefined), wrapped, '[["a","1"],["b","2"]]'), Buffer.alloc(32, 9));
});

test('what the same key made for another use is not its own', async () => {
  await assert.rejects(withKeys('old').unwrap(seal(keys.old, Buffer.alloc(32), '[]'), {}));
});

test('keys of a file are those that it has now, and what is wrong with it is logged', async () => {
  const said: unknown[] = [];
  let now: readonly Key[] = [keys.old];
  const config: KeyProviderConfig = { kind: 'local', keys: [], currentKeys: (onProblem) => { onProblem('PRIVACY_KEYS_FILE is empty'); return now; } };
  const provider = await createKeyProvider(config, { log: { warn: (...told: unknown[]) => { said.push(told); } } });
  const wrapped = await provider.wrap(Buffer.alloc(32), {});
  now = [keys.young, keys.old];
  assert.equal(provider.keyId, '2026b');
  assert.deepEqual(await provider.unwrap(wrapped, {}), Buffer.alloc(32));
  now = [keys.young];
  await assert.rejects(provider.unwrap(wrapped, {}), { message: 'A wrapped data key can\'t be opened: it was changed, belongs elsewhere, or its key is gone.' });
  assert.deepEqual(said[0], [{ problem: 'PRIVACY_KEYS_FILE is empty' }, 'the file of a secret is of no use: its last good value stays in force']);
  assert.equal((await createKeyProvider(config)).keyId, '2026b', 'where nobody listens, it works all the same');
});

test('a configuration of KMS gives what asks KMS, and nothing local', async () => {
  const provider = await createKeyProvider({ kind: 'kms', keyIds: ['alias/current', 'alias/before'], region: 'eu-central-1' });
  assert.equal(provider.keyId, 'alias/current');
});
