// What every key provider does: held by the local one in its test, and by that of AWS KMS in its proof.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { AppError } from '#app/errors.ts';
import type { KeyProvider } from '#app/privacy/key-provider.ts';

export interface ProviderFixture {
  /** With its keys in this order, the current one first. */
  readonly create: (keys: readonly ('old' | 'young')[]) => KeyProvider;
}

const context = { tenant: 'northwind', subject: 'person-1' };

/** By the claim that it proves. */
export const keyProviderContract: Readonly<Record<string, (fixture: ProviderFixture) => Promise<void>>> = {
  'what is wrapped opens in its context, in whichever order that is written': async ({ create }) => {
    const [provider, dataKey] = [create(['old']), randomBytes(32)];
    const wrapped = await provider.wrap(dataKey, context);
    assert.ok(!wrapped.includes(dataKey));
    assert.deepEqual(await provider.unwrap(wrapped, context), dataKey);
    assert.deepEqual(await provider.unwrap(wrapped, { subject: 'person-1', tenant: 'northwind' }), dataKey);
    assert.notDeepEqual(await provider.wrap(dataKey, context), wrapped);
  },
  'it opens in no other context': async ({ create }) => {
    const provider = create(['old']);
    const wrapped = await provider.wrap(randomBytes(32), context);
    for (const other of [{}, { tenant: 'northwind' }, { ...context, subject: 'person-2' }, { ...context, more: 'x' }, { tenant: 'person-1', subject: 'northwind' }]) {
      await rejects(provider.unwrap(wrapped, other));
    }
  },
  'what was changed or cut off does not open': async ({ create }) => {
    const provider = create(['old']);
    const wrapped = await provider.wrap(randomBytes(32), context);
    // The name of the key, and what it encrypted. What lies between is the provider's own.
    for (const index of [0, 1, wrapped.length - 20, wrapped.length - 1]) {
      const changed = Buffer.from(wrapped);
      changed[index] = (changed[index] ?? 0) ^ 1;
      await rejects(provider.unwrap(changed, context));
      await rejects(provider.unwrap(wrapped.subarray(0, index), context));
    }
  },
  'through a rotation both keys are valid: the new one wraps, the old one still opens, and nothing does once it is gone': async ({ create }) => {
    const [before, after, without] = [create(['old']), create(['young', 'old']), create(['young'])];
    const dataKey = randomBytes(32);
    const wrapped = await before.wrap(dataKey, context);
    assert.deepEqual(await after.unwrap(wrapped, context), dataKey);
    assert.notEqual(after.keyId, before.keyId);
    const again = await after.wrap(dataKey, context);
    assert.deepEqual(await without.unwrap(again, context), dataKey);
    await rejects(before.unwrap(again, context));
    await rejects(without.unwrap(wrapped, context));
  },
};

async function rejects(unwrapped: Promise<Buffer>): Promise<void> {
  await assert.rejects(unwrapped, (error) => error instanceof AppError && error.status === 500 && error.code === 'data-key-unopenable' && !error.expose);
}
