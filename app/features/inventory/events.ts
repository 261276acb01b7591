// What the live stream says about items, and who may listen.
// Tested by changes.test.ts: every published event is checked against its schema.
import { z } from 'zod';
import type { EventType } from '#app/feature.ts';
import type { Item, NamedMovement, Sensitivity } from './item.ts';
import { ACTOR_ID, itemBody, itemSchema, movementBody, movementSchema } from './schemas.ts';

const itemEvent = z.strictObject({ item: itemSchema }).meta({ id: 'ItemEvent', description: 'The item as it is after the change.' });
const movedEvent = z
  .strictObject({ movement: movementSchema, item: itemSchema })
  .meta({ id: 'ItemMovedEvent', description: 'The movement, and the item as it is after it.' });

export const events = {
  'inventory.item.created.v1': { action: 'items:read', summary: 'An item was created.', data: itemEvent },
  'inventory.item.changed.v1': { action: 'items:read', summary: 'Something about an item changed, but not its stock.', data: itemEvent },
  'inventory.item.retired.v1': { action: 'items:read', summary: 'An item was retired.', data: itemEvent },
  'inventory.item.moved.v1': { action: 'items:read', summary: 'Stock moved.', data: movedEvent },
  // Of their own type: who listens is asked for the type's action, and by no row.
  'inventory.restricted-item.created.v1': { action: 'restricted-items:read', summary: 'A restricted item was created.', data: itemEvent },
  'inventory.restricted-item.changed.v1': { action: 'restricted-items:read', summary: 'Something about a restricted item changed, but not its stock.', data: itemEvent },
  'inventory.restricted-item.retired.v1': { action: 'restricted-items:read', summary: 'A restricted item was retired.', data: itemEvent },
  'inventory.restricted-item.moved.v1': { action: 'restricted-items:read', summary: 'Stock of a restricted item moved.', data: movedEvent },
} as const satisfies Readonly<Record<string, EventType>>;

export type InventoryEvent = keyof typeof events;

const NOUNS = { normal: 'item', restricted: 'restricted-item' } as const satisfies Readonly<Record<Sensitivity, string>>;

export function eventOf(verb: 'created' | 'changed' | 'retired' | 'moved', { sensitivity }: Pick<Item, 'sensitivity'>): InventoryEvent {
  return `inventory.${NOUNS[sensitivity]}.${verb}.v1`;
}

export function itemEventData(item: Item): z.output<typeof itemEvent> {
  return { item: itemBody(item) };
}

export function movedEventData(movement: NamedMovement, item: Item): z.output<typeof movedEvent> {
  // One text for all who listen: it holds what everybody may see.
  return { movement: movementBody(movement, [ACTOR_ID]), item: itemBody(item) };
}
