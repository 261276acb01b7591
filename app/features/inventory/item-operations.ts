// The items of the API: list, create, read, change, retire.
// Tested by operations.test.ts: as the platform calls them, on each database.
import { z } from 'zod';
import { isRefusal } from '#app/errors.ts';
import { defineCommand, defineQuery, type Operation } from '#app/feature.ts';
import { changeItem, createItem, refuseUnknown, retireItem, viewOf } from './changes.ts';
import { decodeItemCursor, encodeItemCursor } from './cursor.ts';
import { ITEM_STATUSES } from './item.ts';
import { cursorField, itemBody, itemChangesSchema, itemPageSchema, itemSchema, limitField, newItemSchema, skuField, textField } from './schemas.ts';
import { ITEM_SORTS, listItems, positionOf, readItem } from './store.ts';

const skuParams = z.strictObject({ sku: skuField });

const listQuery = z.strictObject({
  cursor: cursorField.optional(),
  limit: limitField,
  status: z.enum(ITEM_STATUSES).optional().meta({ description: 'Only items of this status; without it, all.' }),
  location: textField(80, 'Only items at exactly this place.', 'Aisle 3, shelf B').optional(),
  q: textField(120, 'Only items whose SKU or name contains this.', 'bolt').optional(),
  below_reorder: z
    .enum(['true', 'false'])
    .transform((text) => text === 'true')
    .optional()
    .meta({ description: '`true`: only active items at or below their reorder level. `false`: only the others.' }),
  sort: z.enum(ITEM_SORTS).default('sku').meta({ description: 'What to sort by; equal ones by SKU.' }),
  direction: z.enum(['asc', 'desc']).default('asc').meta({ description: 'Ascending or descending.' }),
});

const list = defineQuery({
  operationId: 'listItems',
  path: '/items',
  summary: 'List items',
  description: 'A page of items. An item that moves between two requests may show up on two pages or on none, if it is sorted by what changed.',
  action: 'items:read',
  query: listQuery,
  responses: { 200: { description: 'A page of items.', schema: itemPageSchema }, 400: { description: 'A parameter is not valid; `invalid-cursor`: the cursor is of another list or order.' } },
  async handle({ db, subject, access, query }) {
    const order = { sort: query.sort, direction: query.direction };
    const after = query.cursor === undefined ? undefined : decodeItemCursor(query.cursor, order);
    if (isRefusal(after)) return after;
    const filter = { status: query.status, location: query.location, text: query.q, belowReorder: query.below_reorder };
    const { rows, more } = await listItems(db, viewOf({ subject, access }), { filter, order, after, limit: query.limit });
    const last = rows.at(-1);
    const nextCursor = more && last !== undefined ? encodeItemCursor(order, positionOf(last, order.sort)) : null;
    return { status: 200, body: { items: rows.map(itemBody), nextCursor } };
  },
});

const create = defineCommand({
  operationId: 'createItem',
  method: 'post',
  path: '/items',
  summary: 'Create an item',
  description: 'The item starts with nothing in stock; a movement brings the first.',
  action: 'items:write',
  body: newItemSchema,
  responses: { 201: { description: 'The new item.', schema: itemSchema }, 403: { description: '`not-cleared`: it takes somebody who may know of restricted items.' }, 409: { description: '`sku-taken`: there is already an item with this SKU.' } },
  async handle(context) {
    const item = await createItem(context, context.body);
    if (isRefusal(item)) return item;
    return { status: 201, body: itemBody(item), version: item.version, location: `/api/v1/items/${item.sku}` };
  },
});

const read = defineQuery({
  operationId: 'readItem',
  path: '/items/{sku}',
  summary: 'Read an item',
  action: 'items:read',
  params: skuParams,
  responses: { 200: { description: 'The item.', schema: itemSchema }, 404: { description: '`item-not-found`: there is no such item.' } },
  async handle({ db, subject, access, params }) {
    const item = await readItem(db, viewOf({ subject, access }), params.sku);
    if (item === undefined) return refuseUnknown(params.sku);
    return { status: 200, body: itemBody(item), version: item.version };
  },
});

const change = defineCommand({
  operationId: 'changeItem',
  method: 'patch',
  path: '/items/{sku}',
  summary: 'Change what is known about an item',
  description: 'Fields that are absent stay as they are. The stock changes by movements only.',
  action: 'items:write',
  precondition: 'if-match',
  params: skuParams,
  body: itemChangesSchema,
  responses: {
    200: { description: 'The item as it is now.', schema: itemSchema },
    404: { description: '`item-not-found`: there is no such item.' },
    409: { description: '`item-retired`: a retired item stays as it is.' },
    412: { description: '`precondition-failed`: the item has changed (or moved) since the version that `If-Match` names.' },
  },
  async handle(context) {
    const item = await changeItem(context, context.params.sku, context.body);
    if (isRefusal(item)) return item;
    return { status: 200, body: itemBody(item), version: item.version };
  },
});

const retire = defineCommand({
  operationId: 'retireItem',
  method: 'delete',
  path: '/items/{sku}',
  summary: 'Retire an item',
  description: 'Keeps the item and its movements, for the books; it can be read, but not moved or changed. Retiring a retired item changes nothing. It takes a sign-in at most 15 minutes old (RFC 9470).',
  action: 'items:retire',
  precondition: 'if-match',
  params: skuParams,
  responses: {
    200: { description: 'The retired item.', schema: itemSchema },
    404: { description: '`item-not-found`: there is no such item.' },
    409: { description: '`stock-remains`: the stock must be moved out before.' },
    412: { description: '`precondition-failed`: the item has changed (or moved) since the version that `If-Match` names.' },
  },
  async handle(context) {
    const item = await retireItem(context, context.params.sku);
    if (isRefusal(item)) return item;
    return { status: 200, body: itemBody(item), version: item.version };
  },
});

export const itemOperations: readonly Operation[] = [list, create, read, change, retire];
