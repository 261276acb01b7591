// The board at `/`: what is in stock, what is short, and who moved what.
// Tested by pages.test.ts: through the whole server.
import { z } from 'zod';
import { isRefusal } from '#app/errors.ts';
import { definePage, type PageRoute } from '#app/feature.ts';
import { HISTORY_LENGTH } from './assets/sparkline.ts';
import { LEVEL_FILTERS, type LevelFilter, renderBoard, toQuery } from './board-view.ts';
import { nameActors } from './actors.ts';
import { viewOf } from './changes.ts';
import { decodeItemCursor, encodeItemCursor } from './cursor.ts';
import { cursorField, skuField, textField } from './schemas.ts';
import { countStock, type ItemFilter, latestMovements, listItems, positionOf, recentMovements } from './store.ts';

const PAGE_LENGTH = 24;
const FEED_LENGTH = 20;
const ORDER = { sort: 'name', direction: 'asc' } as const;

/** A form sends its empty fields too. */
export function orEmpty<T extends z.ZodType>(schema: T) {
  return z.preprocess((text) => (typeof text === 'string' && text.trim() === '' ? undefined : text), schema.optional());
}

const boardPlace = z.strictObject({
  q: orEmpty(textField(120, 'Part of the SKU or the name.', 'bolt')),
  level: orEmpty(z.enum(LEVEL_FILTERS)),
  cursor: cursorField.optional(),
});
const boardQuery = z.strictObject({
  ...boardPlace.shape,
  moved: skuField.optional(),
  problem: z.string().max(40).optional(),
  sku: skuField.optional(),
});

export const boardPage: PageRoute = definePage({
  path: '/',
  action: 'items:read',
  navigation: 'Board',
  query: boardQuery,
  async handle({ db, people, subject, access, query, can, position, now }) {
    const view = viewOf({ subject, access });
    const after = query.cursor === undefined ? undefined : decodeItemCursor(query.cursor, ORDER);
    if (isRefusal(after)) return after;
    const filter = { text: query.q, ...toFilter(query.level) };
    const [counts, slice, recent] = await Promise.all([
      countStock(db, view),
      listItems(db, view, { filter, order: ORDER, after, limit: PAGE_LENGTH }),
      recentMovements(db, view, { limit: FEED_LENGTH }),
    ]);
    const histories = await latestMovements(db, view, slice.rows.map(({ sku }) => sku), HISTORY_LENGTH);
    const [feed = [], ...moved] = await nameActors(people, recent.rows, ...slice.rows.map(({ sku }) => histories.get(sku) ?? []));
    const last = slice.rows.at(-1);
    const body = renderBoard({
      position,
      now,
      canMove: can('items:move'),
      canWrite: can('items:write'),
      counts,
      filter: { q: query.q, level: query.level },
      items: slice.rows.map((item, index) => ({ item, movements: moved[index] ?? [] })),
      cursor: query.cursor,
      nextCursor: slice.more && last !== undefined ? encodeItemCursor(ORDER, positionOf(last, ORDER.sort)) : undefined,
      feed,
      notice: query.problem === undefined ? { sku: query.moved, done: query.moved === undefined ? undefined : 'moved' } : { sku: query.sku, problem: query.problem },
    });
    return { title: 'Board', body, scripts: ['board.client.ts'], styles: ['board.css'] };
  },
});

/** The board with what was shown of it before a form was sent; a place that is none is left out. */
export function boardPath(place: string, news: Readonly<Record<string, string>>): string {
  const kept = boardPlace.safeParse(Object.fromEntries(new URLSearchParams(place)));
  return `/?${toQuery({ ...kept.data, ...news })}`;
}

function toFilter(level: LevelFilter | undefined): ItemFilter {
  if (level === 'all') return {};
  if (level === undefined || level === 'retired') return { status: level ?? 'active' };
  return { level };
}
