// The API's bodies: validation, types and the OpenAPI document from one place.
import { z } from 'zod';
import { ITEM_STATUSES, MAX_QUANTITY, PLAIN_TEXT, REASONS, SENSITIVITIES, SKU_SYNTAX, type Item, type NamedMovement } from './item.ts';

const SHAPE = 'Trimmed; no control characters or line breaks.';

/** Free text on one line. */
export function textField(maxLength: number, description: string, example: string) {
  return z
    .string()
    .trim()
    .min(1)
    .max(maxLength)
    .regex(PLAIN_TEXT, { error: 'Control characters and line breaks are not allowed.' })
    .meta({ description: `${description} ${SHAPE}`, examples: [example] });
}

export const skuField = z
  .string()
  .regex(SKU_SYNTAX, { error: 'A SKU is 1 to 32 capital letters, digits and hyphens, and does not begin with a hyphen.' })
  .meta({ description: 'Stock keeping unit: 1 to 32 capital letters, digits and hyphens, without one at the start; unique in the tenant.', examples: ['BOLT-M8-40'] });
export const cursorField = z.string().min(1).max(1024).meta({ description: '`nextCursor` of the page before.' });
export const limitField = z
  // Not `coerce`, to which " 0x10 " and "1e1" are numbers.
  .preprocess((text) => (typeof text === 'string' && /^\d{1,3}$/.test(text) ? Number(text) : text), z.int().min(1).max(100))
  .default(25)
  .meta({ description: 'At most so many.' });

const name = textField(120, 'What people call it.', 'Hex bolt M8 × 40');
const location = textField(80, 'Where it lies.', 'Aisle 3, shelf B');
const unit = textField(20, 'What one of the quantity is.', 'box');
const reorderLevel = z.int().min(0).max(MAX_QUANTITY).meta({ description: 'At or below this quantity it is time to order.', examples: [20] });
const quantity = z.int().min(0).max(MAX_QUANTITY);
const status = z.enum(ITEM_STATUSES).meta({ description: 'A retired item keeps its history and moves no more.' });
const timestamp = z.iso.datetime().meta({ description: 'RFC 3339, UTC.', examples: ['2026-11-23T09:30:00.000Z'] });
const reason = z.enum(REASONS).meta({ description: 'Why the stock moved; "count" corrects it after counting.' });
const delta = z
  .int()
  .min(-MAX_QUANTITY)
  .max(MAX_QUANTITY)
  .refine((value) => value !== 0, { error: 'A movement moves something: not 0.' })
  .meta({ description: 'How many came (positive) or went (negative).', not: { const: 0 }, examples: [-3] });
const note = textField(200, 'Anything worth remembering.', 'Damp carton');

const ITEM_EXAMPLE = {
  sku: 'BOLT-M8-40',
  name: 'Hex bolt M8 × 40',
  location: 'Aisle 3, shelf B',
  unit: 'box',
  quantity: 42,
  reorderLevel: 20,
  status: 'active',
  sensitivity: 'normal',
  version: 17,
  createdAt: '2026-10-30T08:00:00.000Z',
  updatedAt: '2026-11-23T09:30:00.000Z',
} as const;
const MOVEMENT_EXAMPLE = {
  id: '2f1c6a52-6c0e-4c62-9a4b-0d9a1f6f0f7e',
  sku: 'BOLT-M8-40',
  delta: -3,
  reason: 'sold',
  actor: { id: 'clerk', name: 'Cleo Clerk' },
  quantityAfter: 42,
  occurredAt: '2026-11-23T09:30:00.000Z',
} as const;

const sensitivity = z.enum(SENSITIVITIES).meta({ description: 'Of what is `restricted` only managers and auditors know that it is there.' });

export const itemSchema = z
  .strictObject({
    sku: skuField,
    name,
    location,
    unit,
    quantity: quantity.meta({ description: 'In stock now: the sum of all movements.' }),
    reorderLevel,
    status,
    sensitivity,
    version: z.int().min(1).meta({ description: 'Counts every change, movements included; the ETag.' }),
    createdAt: timestamp,
    updatedAt: timestamp,
  })
  .meta({ id: 'Item', description: 'Something that is kept in stock.', examples: [ITEM_EXAMPLE] });

export const movementSchema = z
  .strictObject({
    id: z.uuid(),
    sku: skuField,
    delta,
    reason,
    note: note.optional(),
    actor: z.strictObject({ id: z.string().optional(), name: z.string() }).meta({ description: 'Who moved it; the id is for managers and auditors alone.' }),
    quantityAfter: quantity.meta({ description: 'In stock after this movement.' }),
    occurredAt: timestamp,
  })
  .meta({ id: 'Movement', description: 'One entry of the ledger; never changed, never removed.', examples: [MOVEMENT_EXAMPLE] });

export const newItemSchema = z
  .strictObject({ sku: skuField, name, location, unit, reorderLevel: reorderLevel.default(0), sensitivity: sensitivity.default('normal') })
  .meta({
    id: 'NewItem',
    description: 'An item to begin; it starts with nothing in stock.',
    examples: [{ sku: 'BOLT-M8-40', name: 'Hex bolt M8 × 40', location: 'Aisle 3, shelf B', unit: 'box', reorderLevel: 20 }],
  });

export const itemChangesSchema = z
  .strictObject({ name: name.optional(), location: location.optional(), unit: unit.optional(), reorderLevel: reorderLevel.optional() })
  .refine((changes) => Object.values(changes).some((value) => value !== undefined), { error: 'Name at least one field to change.' })
  .meta({ id: 'ItemChanges', description: 'The fields to change, at least one.', minProperties: 1, examples: [{ location: 'Aisle 4, shelf A' }] });

export const newMovementSchema = z
  .strictObject({ delta, reason, note: note.optional() })
  .meta({ id: 'NewMovement', description: 'Stock that comes or goes.', examples: [{ delta: -3, reason: 'sold' }, { delta: 50, reason: 'received', note: 'Delivery 4711' }] });

const nextCursor = z.string().nullable().meta({ description: 'Give it as `cursor` for the next page; null on the last.' });
export const itemPageSchema = z.strictObject({ items: z.array(itemSchema), nextCursor }).meta({ id: 'ItemPage', description: 'A page of items.' });
export const movementPageSchema = z
  .strictObject({ movements: z.array(movementSchema), nextCursor })
  .meta({ id: 'MovementPage', description: 'A page of movements, newest first.' });

export type ItemBody = z.output<typeof itemSchema>;
export type MovementBody = z.output<typeof movementSchema>;

export function itemBody(item: Item): ItemBody {
  return { ...item, createdAt: item.createdAt.toISOString(), updatedAt: item.updatedAt.toISOString() };
}

/** The policy's name for the id of whoever moved: by a provider's own id people can be followed elsewhere. */
export const ACTOR_ID = 'actor.id';

/** `omit`: fields that the policy keeps from who asks. */
export function movementBody(movement: NamedMovement, omit: readonly string[]): MovementBody {
  const { id, sku, actor, quantityAfter, occurredAt } = movement;
  return {
    id,
    sku,
    delta: movement.delta,
    reason: movement.reason,
    ...(movement.note === undefined ? {} : { note: movement.note }),
    actor: omit.includes(ACTOR_ID) ? { name: actor.name } : actor,
    quantityAfter,
    occurredAt: occurredAt.toISOString(),
  };
}
