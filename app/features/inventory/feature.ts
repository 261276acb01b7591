// The sample feature: live inventory. Deleting this folder removes it.
import type { FeatureModule } from '#app/feature.ts';
import { events } from './events.ts';
import { itemOperations } from './item-operations.ts';
import { movementOperations } from './movement-operations.ts';
import { createPages } from './pages.ts';
import { ACTOR_ID } from './schemas.ts';
import { seed } from './seed.ts';

/** Who knows of restricted items. */
const CLEARED = ['manager', 'auditor'] as const;

export const feature: FeatureModule = {
  title: 'Inventory',
  grants: {
    'items:read': ['viewer', 'clerk', 'manager', 'auditor'],
    'items:move': ['clerk', 'manager'],
    'items:write': ['manager'],
    'items:retire': ['manager'],
    'restricted-items:read': CLEARED,
    'movements:read': ['viewer', 'clerk', 'manager', 'auditor'],
  },
  rules: {
    // It can't be taken back.
    stepUp: { 'items:retire': { maxAgeS: 900, factors: 1 } },
    sensitivities: { items: { restricted: CLEARED }, movements: { restricted: CLEARED } },
    fields: { movements: { [ACTOR_ID]: ['manager', 'auditor'] } },
  },
  events,
  personalData: {
    personal: [
      {
        table: 'movement',
        purpose: 'Shows who moved stock, and why',
        basis: 'legitimate interests',
        kept: 'as long as the stock is kept account of; who was erased stands in it by an id alone',
        rows: { column: 'actor', holds: 'person' },
        columns: { actor: 'who moved it, by the id of records', sku: 'what', delta: 'how much', reason: 'why', note: 'what they noted', occurred_at: 'when' },
        otherColumns: ['tenant_id', 'id', 'item_version', 'quantity_after'],
        erasure: 'unlink',
      },
    ],
    impersonal: { item: 'things, and how many of them' },
  },
  seed,
  create(parts) {
    return { operations: [...itemOperations, ...movementOperations], pages: createPages(parts) };
  },
};
