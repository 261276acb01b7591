// What the pages' forms do: the API's changes, and then back to a page that says how it went.
// Tested by pages.test.ts: through the whole server.
import { z } from 'zod';
import { isRefusal, type Refusal } from '#app/errors.ts';
import { defineForm, type PageRoute, type Redirect } from '#app/feature.ts';
import { boardPath, orEmpty } from './board.ts';
import { changeItem, createItem, moveStock, retireItem } from './changes.ts';
import { newItemSchema, newMovementSchema } from './schemas.ts';

const skuParams = z.strictObject({ sku: newItemSchema.shape.sku });
// Not `coerce`, to which "" is 0 and "1e1" is 10.
const integer = <T extends z.ZodType>(schema: T) => z.preprocess((text) => (typeof text === 'string' && /^[+-]?\d{1,10}$/.test(text.trim()) ? Number(text) : text), schema);
const version = integer(z.int().min(1));
const { sku, name, location, unit } = newItemSchema.shape;
const reorderLevel = integer(newItemSchema.shape.reorderLevel);

const move = defineForm({
  path: '/items/{sku}/movements',
  action: 'items:move',
  params: skuParams,
  body: z.strictObject({
    delta: integer(newMovementSchema.shape.delta),
    reason: newMovementSchema.shape.reason,
    note: orEmpty(newMovementSchema.shape.note.unwrap()),
    page: z.literal('item').optional(),
    place: z.string().max(2_048).default(''),
  }),
  async handle(context) {
    const { page, place, ...draft } = context.body;
    const outcome = await moveStock(context, context.params.sku, draft);
    if (page === 'item') return backToItem(context.params.sku, outcome, 'moved');
    if (!isRefusal(outcome)) return { redirect: `${boardPath(place, { moved: outcome.item.sku })}#item-${outcome.item.sku}` };
    return explain(outcome, (problem) => boardPath(place, { problem, sku: context.params.sku }));
  },
});

const create = defineForm({
  path: '/items',
  action: 'items:write',
  // A box that is not ticked sends nothing.
  body: z.strictObject({ sku, name, location, unit, reorderLevel, sensitivity: newItemSchema.shape.sensitivity }),
  async handle(context) {
    const outcome = await createItem(context, context.body);
    if (!isRefusal(outcome)) return backToItem(outcome.sku, outcome, 'created');
    return explain(outcome, (problem) => `/items/new?problem=${problem}&sku=${context.body.sku}`);
  },
});

const change = defineForm({
  path: '/items/{sku}/changes',
  action: 'items:write',
  params: skuParams,
  body: z.strictObject({ name, location, unit, reorderLevel, version }),
  async handle(context) {
    const { version: read, ...changes } = context.body;
    return backToItem(context.params.sku, await changeItem({ ...context, matches: (now) => now === read }, context.params.sku, changes), 'changed');
  },
});

const retire = defineForm({
  path: '/items/{sku}/retirement',
  action: 'items:retire',
  params: skuParams,
  body: z.strictObject({ version }),
  async handle(context) {
    const { version: read } = context.body;
    return backToItem(context.params.sku, await retireItem({ ...context, matches: (now) => now === read }, context.params.sku), 'retired');
  },
});

function backToItem(of: string, outcome: object, done: string): Redirect | Refusal {
  if (isRefusal(outcome)) return explain(outcome, (problem) => `/items/${of}?problem=${problem}`);
  return { redirect: `/items/${of}?done=${done}` };
}

/** A redirect commits, unlike a refusal: right only since none of the changes has written anything when it refuses. */
function explain(refusal: Refusal, toPath: (problem: string) => string): Redirect | Refusal {
  return refusal.status === 409 || refusal.status === 412 ? { redirect: toPath(refusal.code) } : refusal;
}

export const forms: readonly PageRoute[] = [move, create, change, retire];
