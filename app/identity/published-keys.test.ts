// What is asked of a provider for its keys, and when; with whole tokens, bearer.test.ts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AppError } from '#app/errors.ts';
import type { ProviderClient } from '#app/identity/provider-client.ts';
import { createPublishedKeys } from '#app/identity/published-keys.ts';

/** A provider whose metadata is asked for; the keys themselves are not. */
function provide(answers: readonly (Readonly<Record<string, string>> | Error)[]) {
  let asked = 0;
  const configuration = () => {
    const answer = answers[asked++] ?? assert.fail('asked too often');
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve({ serverMetadata: () => answer });
  };
  return { keys: createPublishedKeys({ configuration, fetch, signatures: 'strict' } as unknown as ProviderClient), asked: () => asked };
}

test('who asked while the provider was away is told, and the next one asks again', async () => {
  const { keys, asked } = provide([new Error('away'), { jwks_uri: 'https://provider.test/keys' }]);
  await assert.rejects(keys(), /away/);
  assert.equal(typeof await keys(), 'function');
  await keys();
  assert.equal(asked(), 2, 'what is known is not asked for');
});

test('many first ones share one answer', async () => {
  const { keys, asked } = provide([{ jwks_uri: 'https://provider.test/keys' }]);
  await Promise.all([keys(), keys(), keys()]);
  assert.equal(asked(), 1);
});

test('a provider that publishes no keys is as good as away', async () => {
  const { keys } = provide([{}]);
  await assert.rejects(keys(), (error) => error instanceof AppError && error.status === 503 && (error.cause as Error).message === 'the provider publishes no keys');
});
