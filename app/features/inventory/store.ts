// Reads and writes of items and movements; every statement names its tenant.
import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { Database } from '#app/feature.ts';
import type { Item, ItemStatus, Movement, Sensitivity, StockLevel } from './item.ts';
import { type InventoryTables, type ItemRow, toItem, toItemRow, toMovement, toMovementRow } from './tables.ts';

export const ITEM_SORTS = ['sku', 'name', 'quantity', 'updated_at'] as const;
export type ItemSort = (typeof ITEM_SORTS)[number];
export interface ItemOrder {
  readonly sort: ItemSort;
  readonly direction: 'asc' | 'desc';
}

/** Whose rows, and of which sensitivities: what is not among them is not there (ASVS 8.2.2). */
export interface View {
  readonly tenantId: string;
  readonly sensitivities: readonly string[];
}

export interface ItemFilter {
  readonly status?: ItemStatus | undefined;
  readonly location?: string | undefined;
  /** Found anywhere in the SKU or the name; upper and lower case are one within ASCII. */
  readonly text?: string | undefined;
  /** True: active and at or below the reorder level. False: the others. */
  readonly belowReorder?: boolean | undefined;
  /** Active items whose stock is at this level (see `stockLevel`). */
  readonly level?: StockLevel | undefined;
}

/** The last item of a page. `key` is the value that it was sorted by, time as milliseconds. */
export interface ItemPosition {
  readonly key: string | number;
  readonly sku: string;
}
export interface LedgerPosition {
  readonly itemVersion: number;
}
export interface RecentPosition extends LedgerPosition {
  readonly occurredAt: Date;
  readonly sku: string;
}
export interface Slice<T> {
  readonly rows: readonly T[];
  /** Whether there are more after these. */
  readonly more: boolean;
}

const LEVEL_CONDITIONS: Readonly<Record<StockLevel, RawBuilder<boolean>>> = {
  out: sql`quantity = 0`,
  low: sql`quantity > 0 and quantity <= reorder_level`,
  ok: sql`quantity > reorder_level`,
};

export async function listItems(
  db: Database,
  view: View,
  request: { readonly filter?: ItemFilter; readonly order: ItemOrder; readonly after?: ItemPosition | undefined; readonly limit: number },
): Promise<Slice<Item>> {
  const { filter = {}, order, after, limit } = request;
  let query = tables(db).selectFrom('item').selectAll().where('tenant_id', '=', view.tenantId).where('sensitivity', 'in', known(view));
  if (filter.status !== undefined) query = query.where('status', '=', filter.status);
  if (filter.location !== undefined) query = query.where('location', '=', filter.location);
  if (filter.text !== undefined) {
    // strpos, not LIKE: the text has no wildcards to escape.
    const text = sql`(${filter.text}::text collate "C")`;
    query = query.where(sql<boolean>`(strpos(sku, upper(${text})) > 0 or strpos(name_key, lower(${text})) > 0)`);
  }
  if (filter.belowReorder !== undefined) {
    query = query.where(sql<boolean>`(status = 'active' and quantity <= reorder_level) = ${filter.belowReorder}`);
  }
  if (filter.level !== undefined) query = query.where(sql<boolean>`(status = 'active' and ${LEVEL_CONDITIONS[filter.level]})`);
  if (after !== undefined) query = query.where(isAfter(order, after));
  const rows = await query
    .orderBy(sortKey(order.sort), order.direction)
    .orderBy('sku', order.direction)
    .limit(limit + 1)
    .execute();
  return slice(rows, limit, toItem);
}

/** Where the next page starts, seen from the last item of this one. */
export function positionOf(item: Item, sort: ItemSort): ItemPosition {
  const keys = { sku: item.sku, name: item.name, quantity: item.quantity, updated_at: item.updatedAt.getTime() };
  return { key: keys[sort], sku: item.sku };
}

export async function readItem(db: Database, view: View, sku: string): Promise<Item | undefined> {
  const { rows: [row] } = await sql<ItemRow>`${selectItem(view, sku)}`.execute(db);
  return row && toItem(row);
}

/** Reads and locks: until the transaction ends no other changes the item, so that what is decided on it holds. */
export async function lockItem(db: Database, view: View, sku: string): Promise<Item | undefined> {
  const { rows: [row] } = await sql<ItemRow>`${selectItem(view, sku)} for update`.execute(db);
  return row && toItem(row);
}

/** The places in use, in alphabetical order. */
export async function listLocations(db: Database, view: View): Promise<readonly string[]> {
  const rows = await tables(db).selectFrom('item').select('location').distinct().where('tenant_id', '=', view.tenantId).where('sensitivity', 'in', known(view)).orderBy('location').execute();
  return rows.map((row) => row.location);
}

/** How many active items there are, how many units they have, and how many of them are out of stock or low (see `stockLevel`). */
export async function countStock(db: Database, view: View): Promise<{ readonly active: number; readonly units: number; readonly out: number; readonly low: number }> {
  return tables(db)
    .selectFrom('item')
    .select([
      sql<number>`count(*)::integer`.as('active'),
      // Of many items, each up to an integer's bound.
      sql<number>`coalesce(sum(quantity), 0)::bigint`.as('units'),
      sql<number>`(count(*) filter (where quantity = 0))::integer`.as('out'),
      sql<number>`(count(*) filter (where quantity > 0 and quantity <= reorder_level))::integer`.as('low'),
    ])
    .where('tenant_id', '=', view.tenantId)
    .where('sensitivity', 'in', known(view))
    .where('status', '=', 'active')
    .executeTakeFirstOrThrow();
}

/** The ledger of one item, newest first. */
export async function listMovements(
  db: Database,
  view: View,
  sku: string,
  request: { readonly after?: LedgerPosition | undefined; readonly limit: number },
): Promise<Slice<Movement>> {
  let query = tables(db).selectFrom('movement').selectAll().where('tenant_id', '=', view.tenantId).where('sku', '=', sku).where(isShown(view));
  if (request.after !== undefined) query = query.where('item_version', '<', request.after.itemVersion);
  const rows = await query.orderBy('item_version', 'desc').limit(request.limit + 1).execute();
  return slice(rows, request.limit, toMovement);
}

/** Across all items, newest first. */
export async function recentMovements(
  db: Database,
  view: View,
  request: { readonly after?: RecentPosition | undefined; readonly limit: number },
): Promise<Slice<Movement>> {
  const { after, limit } = request;
  let query = tables(db).selectFrom('movement').selectAll().where('tenant_id', '=', view.tenantId).where(isShown(view));
  if (after !== undefined) {
    query = query.where(sql<boolean>`(occurred_at, sku, item_version) < (${after.occurredAt}, ${after.sku}, ${after.itemVersion})`);
  }
  const rows = await query.orderBy('occurred_at', 'desc').orderBy('sku', 'desc').orderBy('item_version', 'desc').limit(limit + 1).execute();
  return slice(rows, limit, toMovement);
}

/** The last `limit` movements of each item, oldest first: what a sparkline draws. Items without any are absent. */
export async function latestMovements(
  db: Database,
  view: View,
  skus: readonly string[],
  limit: number,
): Promise<ReadonlyMap<string, readonly Movement[]>> {
  if (skus.length === 0) return new Map();
  const rows = await tables(db)
    .selectFrom('item')
    .innerJoinLateral(
      (from) =>
        from
          .selectFrom('movement')
          .selectAll()
          .whereRef('movement.tenant_id', '=', 'item.tenant_id')
          .whereRef('movement.sku', '=', 'item.sku')
          .orderBy('item_version', 'desc')
          .limit(limit)
          .as('latest'),
      (join) => join.onTrue(),
    )
    .selectAll('latest')
    .where('item.tenant_id', '=', view.tenantId)
    .where('item.sensitivity', 'in', known(view))
    .where('item.sku', 'in', skus)
    .orderBy('latest.sku')
    .orderBy('latest.item_version')
    .execute();
  return Map.groupBy(rows.map(toMovement), (movement) => movement.sku);
}

/** Undefined when the tenant already has the SKU. */
export async function insertItem(db: Database, tenantId: string, item: Item): Promise<Item | undefined> {
  const row = await tables(db)
    .insertInto('item')
    .values(toItemRow(tenantId, item))
    .onConflict((conflict) => conflict.columns(['tenant_id', 'sku']).doNothing())
    .returningAll()
    .executeTakeFirst();
  return row && toItem(row);
}

/**
 * Writes what changed of a locked item, under its next version. Its time never goes back, though this request may have begun
 * before the one that held the lock, or on a machine whose clock lags: the ledger reads in order.
 */
export async function updateItem(
  db: Database,
  tenantId: string,
  locked: Item,
  changes: Partial<Pick<Item, 'name' | 'location' | 'unit' | 'reorderLevel' | 'status' | 'quantity'>>,
  now: Date,
): Promise<Item> {
  const { reorderLevel, ...rest } = changes;
  const updatedAt = now > locked.updatedAt ? now : locked.updatedAt;
  const row = await tables(db)
    .updateTable('item')
    .set({ ...rest, ...(reorderLevel === undefined ? {} : { reorder_level: reorderLevel }), version: locked.version + 1, updated_at: updatedAt })
    .where('tenant_id', '=', tenantId)
    .where('sku', '=', locked.sku)
    // A caller that forgot to lock finds no row, and can't overwrite another's change.
    .where('version', '=', locked.version)
    .returningAll()
    .executeTakeFirstOrThrow();
  return toItem(row);
}

export async function insertMovements(db: Database, tenantId: string, movements: readonly Movement[]): Promise<void> {
  if (movements.length === 0) return;
  await tables(db)
    .insertInto('movement')
    .values(movements.map((movement) => toMovementRow(tenantId, movement)))
    .execute();
}

function tables(db: Database): Kysely<InventoryTables> {
  return db.$extendTables<InventoryTables>();
}

/** The statement that is sent most: as text it costs half of what the builder takes to write it. */
function selectItem({ tenantId, sensitivities }: View, sku: string): RawBuilder<ItemRow> {
  return sql`select * from item where tenant_id = ${tenantId} and sku = ${sku} and sensitivity = any(${sensitivities}::text[])`;
}

/** What the policy names; a word that no item has finds none. */
function known({ sensitivities }: View): readonly Sensitivity[] {
  return sensitivities as readonly Sensitivity[];
}

/** A movement is as sensitive as its item. */
function isShown({ sensitivities }: View): RawBuilder<boolean> {
  return sql`exists (select from item where item.tenant_id = movement.tenant_id and item.sku = movement.sku and item.sensitivity = any(${sensitivities}::text[]))`;
}

function sortKey(sort: ItemSort): RawBuilder<unknown> {
  // Capitals and small letters together.
  return sql.ref(sort === 'name' ? 'name_key' : sort);
}

function isAfter(order: ItemOrder, { key, sku }: ItemPosition): RawBuilder<boolean> {
  const value = order.sort === 'name' ? sql`lower(${key}::text collate "C")` : order.sort === 'updated_at' ? sql`${new Date(key)}` : sql`${key}`;
  const row = sql`(${sortKey(order.sort)}, sku)`;
  return order.direction === 'asc' ? sql`${row} > (${value}, ${sku})` : sql`${row} < (${value}, ${sku})`;
}

function slice<R, T>(rows: readonly R[], limit: number, map: (row: R) => T): Slice<T> {
  return { rows: rows.slice(0, limit).map(map), more: rows.length > limit };
}
