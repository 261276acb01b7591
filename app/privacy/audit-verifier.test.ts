// What the verification says of a chain that is not as it was written; audit-sealer.test.ts has the same in a database.
import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { type Checkpoint, signCheckpoint } from '#app/privacy/audit-checkpoint.ts';
import { type AuditEntry, chainEntry, digestEntry, NO_HASH } from '#app/privacy/audit-entry.ts';
import { deriveAuditKey } from '#app/privacy/audit-keys.ts';
import { type ChainedEntry, verifyTenant } from '#app/privacy/audit-verifier.ts';

const NOW = new Date('2026-11-24T12:00:00.000Z');
const [key, other] = [deriveAuditKey({ secret: randomBytes(32) }), deriveAuditKey({ secret: randomBytes(32) })];

function chainOf(count: number): readonly ChainedEntry[] {
  let hash: Buffer = NO_HASH;
  return Array.from({ length: count }, (_, index) => {
    const entry: AuditEntry = { tenantId: 'acme', id: randomUUID(), occurredAt: NOW, actor: null, action: 'things:write', resource: `/things/${index}`, requestId: 'r', details: '{}' };
    hash = chainEntry(hash, index + 1, digestEntry(entry));
    return { ...entry, position: index + 1, chainHash: hash };
  });
}

const checkpointAt = ({ position, chainHash }: ChainedEntry, by = key): Checkpoint => signCheckpoint({ tenantId: 'acme', position, chainHash, signedAt: NOW }, by);

async function* each<T>(list: readonly T[]): AsyncGenerator<T> {
  for (const one of list) yield await Promise.resolve(one);
}

const verify = (entries: readonly ChainedEntry[], checkpoints: readonly Checkpoint[]) => verifyTenant('acme', each(entries), checkpoints, { verifying: new Map([[key.id, key.verifying], [other.id, other.verifying]]), mac: [] });
/** Without the ids. */
const problemsOf = async (entries: readonly ChainedEntry[], checkpoints: readonly Checkpoint[]) => (await verify(entries, checkpoints)).problems.map((problem) => problem.replaceAll(/ \([0-9a-f-]{36}\)/g, ''));

test('an entry that is there twice is told, and one that was moved to the front of others', async () => {
  const [one, two, three] = chainOf(3) as [ChainedEntry, ChainedEntry, ChainedEntry];
  const checkpoints = [checkpointAt(three)];
  assert.equal((await problemsOf([one, two, two, three], checkpoints))[0], 'entry 2 is there twice');
  assert.equal((await problemsOf([one, two, one, three], checkpoints))[0], 'entry 1 is there twice');
});

test('one break of the chain is told once, since all that follows hangs on it', async () => {
  const entries = chainOf(6);
  const changed = entries.map((entry, index) => (index % 2 === 1 ? { ...entry, action: 'things:read' } : entry));
  assert.deepEqual(await problemsOf(changed, entries.map((entry) => checkpointAt(entry))), ['the chain breaks at entry 2: it, or one before it, was changed, removed or moved']);
});

test('of many problems the first twenty are told', async () => {
  const entries = chainOf(1);
  const strange = deriveAuditKey({ secret: randomBytes(32) });
  const { problems, signedUpTo } = await verify(entries, Array.from({ length: 25 }, (_, index) => checkpointAt({ ...(entries[0] as ChainedEntry), position: index + 1 }, strange)));
  assert.equal(problems.length, 20);
  assert.equal(problems[19], 'the checkpoint at 20 is not signed by this service');
  assert.equal(signedUpTo, 0);
});

test('checkpoints of an older key count, several at one entry too, and one of them that differs is told', async () => {
  const entries = chainOf(2);
  const [one, two] = entries as [ChainedEntry, ChainedEntry];
  assert.deepEqual(await verify(entries, [checkpointAt(two), checkpointAt(two, other), checkpointAt(one, other)]), { tenantId: 'acme', entries: 2, signedUpTo: 2, problems: [] });
  assert.deepEqual(await problemsOf(entries, [checkpointAt({ ...two, chainHash: randomBytes(32) }, other), checkpointAt(two)]), ['at 2 the chain is another than the one that was signed at 2026-11-24T12:00:00.000Z: it was computed anew']);
});

test('an empty trail is whole, and one that nobody has signed says from where on', async () => {
  assert.deepEqual(await verify([], []), { tenantId: 'acme', entries: 0, signedUpTo: 0, problems: [] });
  assert.deepEqual(await problemsOf(chainOf(2), []), ['the entries after 0 are not signed']);
});
