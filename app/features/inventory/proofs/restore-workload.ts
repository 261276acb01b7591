// Stock that moves, for the drill of backup and restore.
// Tested by ../../../backup/proofs/restore.proof.ts: which finds it by its place.
import { randomUUID } from 'node:crypto';
import type { CreateWorkload } from '#app/testing/restore-workload.ts';
import type { MovementBody } from '../schemas.ts';
import { MovementClient } from './movement-client.ts';
import { addsUp } from './verdict.ts';

export const createWorkload: CreateWorkload = ({ origin, tokens }) => {
  const client = new MovementClient(origin, tokens, () => 0);
  return {
    name: 'movements of stock',
    prepare: () => client.createItems(),
    async change() {
      const attempt = { key: randomUUID(), sku: 'CRASH-1', delta: 1, answers: [] as { status: number; body: unknown }[] };
      await client.try(attempt);
      const [answer] = attempt.answers;
      return answer?.status === 201 ? (answer.body as MovementBody).id : undefined;
    },
    async read() {
      const items = await client.readItems();
      return { ids: items.flatMap(({ ledger }) => ledger.map(({ id }) => id)), problems: addsUp(items).violations };
    },
    idOf: ({ type, data }) => (type === 'inventory.item.moved.v1' ? (data as { readonly movement: MovementBody }).movement.id : undefined),
  };
};
