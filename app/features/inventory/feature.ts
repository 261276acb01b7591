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
  seed,
  create(parts) {
    return { operations: [...itemOperations, ...movementOperations], pages: createPages(parts) };
  },
};
