// An item's own page with its whole history, and the page that begins an item.
// Tested by pages.test.ts: through the whole server.
import { z } from 'zod';
import { isRefusal } from '#app/errors.ts';
import { definePage, type PageRoute } from '#app/feature.ts';
import { HISTORY_LENGTH } from './assets/sparkline.ts';
import { nameActors } from './actors.ts';
import { refuseUnknown, viewOf } from './changes.ts';
import { decodeLedgerCursor, encodeLedgerCursor } from './cursor.ts';
import { renderItem, renderNewItem } from './item-view.ts';
import { DONE_CODES } from './notices.ts';
import { cursorField, skuField } from './schemas.ts';
import { latestMovements, listMovements, readItem } from './store.ts';

const HISTORY_PAGE_LENGTH = 25;
const problemField = z.string().max(40).optional();

export const itemPage: PageRoute = definePage({
  path: '/items/{sku}',
  action: 'items:read',
  params: z.strictObject({ sku: skuField }),
  query: z.strictObject({ cursor: cursorField.optional(), done: z.enum(DONE_CODES).optional(), problem: problemField }),
  async handle({ db, people, subject, access, params, query, can, now }) {
    const view = viewOf({ subject, access });
    const { sku } = params;
    const item = await readItem(db, view, sku);
    if (item === undefined) return refuseUnknown(sku);
    const after = query.cursor === undefined ? undefined : decodeLedgerCursor(query.cursor, sku);
    if (isRefusal(after)) return after;
    const [latest, ledger] = await Promise.all([
      latestMovements(db, view, [sku], HISTORY_LENGTH),
      listMovements(db, view, sku, { after, limit: HISTORY_PAGE_LENGTH }),
    ]);
    const [recent = [], history = []] = await nameActors(people, latest.get(sku) ?? [], ledger.rows);
    const last = ledger.rows.at(-1);
    const body = renderItem({
      item,
      now,
      latest: recent,
      history,
      nextCursor: ledger.more && last !== undefined ? encodeLedgerCursor(sku, last) : undefined,
      firstPage: after === undefined,
      canMove: can('items:move'),
      canWrite: can('items:write'),
      notice: { done: query.done, problem: query.problem },
    });
    return { title: item.name, body, styles: ['board.css'] };
  },
});

export const newItemPage: PageRoute = definePage({
  path: '/items/new',
  action: 'items:write',
  query: z.strictObject({ problem: problemField, sku: skuField.optional() }),
  handle: ({ query }) => Promise.resolve({ title: 'New item', body: renderNewItem(query), styles: ['board.css'] }),
});
