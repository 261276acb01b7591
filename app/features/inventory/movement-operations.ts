// The movements of the API: record one, list those of an item, list the recent ones of all.
// Tested by operations.test.ts: as the platform calls them, on each database.
import { z } from 'zod';
import { isRefusal } from '#app/errors.ts';
import { defineCommand, defineQuery, type Operation } from '#app/feature.ts';
import { nameActors } from './actors.ts';
import { moveStock, refuseUnknown, viewOf } from './changes.ts';
import { decodeLedgerCursor, decodeRecentCursor, encodeLedgerCursor, encodeRecentCursor } from './cursor.ts';
import { cursorField, limitField, movementBody, movementPageSchema, movementSchema, newMovementSchema, skuField } from './schemas.ts';
import { listMovements, readItem, recentMovements } from './store.ts';

const skuParams = z.strictObject({ sku: skuField });
const pageQuery = z.strictObject({ cursor: cursorField.optional(), limit: limitField });

const record = defineCommand({
  operationId: 'recordMovement',
  method: 'post',
  path: '/items/{sku}/movements',
  summary: 'Move stock',
  description: 'Adds to the stock or takes from it, all or nothing; it never goes below zero.',
  action: 'items:move',
  params: skuParams,
  body: newMovementSchema,
  responses: {
    201: { description: 'The movement.', schema: movementSchema },
    404: { description: '`item-not-found`: there is no such item.' },
    409: { description: '`insufficient-stock`: not that many are there. `item-retired`: the item moves no more. `quantity-limit`: more than can be counted.' },
  },
  async handle(context) {
    const moved = await moveStock(context, context.params.sku, context.body);
    return isRefusal(moved) ? moved : { status: 201, body: movementBody(moved.movement, []) };
  },
});

const listOfItem = defineQuery({
  operationId: 'listItemMovements',
  path: '/items/{sku}/movements',
  summary: "List an item's movements",
  description: 'Newest first, in the order in which they changed the stock.',
  action: 'movements:read',
  params: skuParams,
  query: pageQuery,
  responses: {
    200: { description: 'A page of movements.', schema: movementPageSchema },
    400: { description: 'A parameter is not valid; `invalid-cursor`: the cursor is of another list or order.' },
    404: { description: '`item-not-found`: there is no such item.' },
  },
  async handle({ db, people, subject, access, params: { sku }, query }) {
    const view = viewOf({ subject, access });
    const after = query.cursor === undefined ? undefined : decodeLedgerCursor(query.cursor, sku);
    if (isRefusal(after)) return after;
    const { rows, more } = await listMovements(db, view, sku, { after, limit: query.limit });
    if (rows.length === 0 && (await readItem(db, view, sku)) === undefined) return refuseUnknown(sku);
    const last = rows.at(-1);
    const nextCursor = more && last !== undefined ? encodeLedgerCursor(sku, last) : null;
    const [named = []] = await nameActors(people, rows);
    return { status: 200, body: { movements: named.map((movement) => movementBody(movement, access.obligations.omit)), nextCursor } };
  },
});

const listRecent = defineQuery({
  operationId: 'listMovements',
  path: '/movements',
  summary: 'List recent movements of all items',
  description: 'Newest first.',
  action: 'movements:read',
  query: pageQuery,
  responses: { 200: { description: 'A page of movements.', schema: movementPageSchema }, 400: { description: 'A parameter is not valid; `invalid-cursor`: the cursor is of another list or order.' } },
  async handle({ db, people, subject, access, query }) {
    const after = query.cursor === undefined ? undefined : decodeRecentCursor(query.cursor);
    if (isRefusal(after)) return after;
    const { rows, more } = await recentMovements(db, viewOf({ subject, access }), { after, limit: query.limit });
    const last = rows.at(-1);
    const nextCursor = more && last !== undefined ? encodeRecentCursor(last) : null;
    const [named = []] = await nameActors(people, rows);
    return { status: 200, body: { movements: named.map((movement) => movementBody(movement, access.obligations.omit)), nextCursor } };
  },
});

export const movementOperations: readonly Operation[] = [record, listOfItem, listRecent];
