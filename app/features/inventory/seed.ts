// Four weeks of an example warehouse, the same each time: chance comes from a hash, the time from the caller.
import { createHash } from 'node:crypto';
import { isRefusal } from '#app/errors.ts';
import type { FeatureModule } from '#app/feature.ts';
import { applyMovement, type Item, type Movement, type Reason, SENSITIVITIES } from './item.ts';
import { type Clerk, type SeededItem, type Warehouse, WAREHOUSES } from './seed-catalogue.ts';
import { insertItem, insertMovements, listItems } from './store.ts';

const DAYS = 27;
/** A discontinued item is sold off on this day, and retired on the next. */
const SELL_OFF_DAY = 4;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** A tenant without an example warehouse starts empty; one that has items is left alone. */
export const seed: NonNullable<FeatureModule['seed']> = async ({ db, people, tenantId, now }) => {
  const warehouse = WAREHOUSES.get(tenantId);
  if (warehouse === undefined) return;
  const { rows } = await listItems(db, { tenantId, sensitivities: SENSITIVITIES }, { order: { sort: 'sku', direction: 'asc' }, limit: 1 });
  if (rows.length > 0) return;
  const ids = new Map<Clerk, string>();
  for (const clerk of [...warehouse.clerks, warehouse.manager]) ids.set(clerk, await people.idOf(clerk));
  for (const seeded of warehouse.items) {
    const { item, movements } = tellHistory(tenantId, warehouse, seeded, now);
    await insertItem(db, tenantId, item);
    await insertMovements(db, tenantId, movements.map((movement) => ({ ...movement, actor: ids.get(movement.actor) ?? '' })));
  }
};

/** Before the people of the warehouse are known to the platform. */
export type ToldMovement = Omit<Movement, 'actor'> & { readonly actor: Clerk };

interface Step {
  readonly delta: number;
  readonly reason: Reason;
  readonly note?: string;
  readonly byManager?: true;
}
/** A number from 0 to below 1, the same for the same word. */
type Chance = (word: string) => number;

/** What happened to one item, from `DAYS` before `now` to shortly before it. */
export function tellHistory(
  tenantId: string,
  warehouse: Warehouse,
  seeded: SeededItem,
  now: Date,
): { readonly item: Item; readonly movements: readonly ToldMovement[] } {
  const chance: Chance = (word) => hash(`${tenantId}/${seeded.sku}/${word}`).readUInt32BE(0) / 2 ** 32;
  let item = beginItem(seeded, new Date(timeOf(now, DAYS, 0).getTime() - HOUR_MS));
  const movements: ToldMovement[] = [];
  for (let day = DAYS; day >= 0; day -= 1) {
    const steps = planDay(seeded, item.quantity, day, chance);
    for (const [index, step] of steps.entries()) {
      const quantity = applyMovement(item, step.delta);
      if (isRefusal(quantity)) continue;
      const occurredAt = timeOf(now, day, (index + chance(`time ${day} ${index}`)) / steps.length);
      item = { ...item, quantity, version: item.version + 1, updatedAt: occurredAt };
      movements.push({
        id: toUuid(hash(`${tenantId}/${seeded.sku}/movement ${item.version}`)),
        sku: seeded.sku,
        delta: step.delta,
        reason: step.reason,
        note: step.note,
        // A clerk would not know of what is restricted.
        actor: step.byManager || seeded.sensitivity === 'restricted' ? warehouse.manager : pick(warehouse, chance(`clerk ${day} ${index}`)),
        quantityAfter: quantity,
        occurredAt,
        itemVersion: item.version,
      });
    }
    if (seeded.retired && day === SELL_OFF_DAY - 1) {
      item = { ...item, status: 'retired', version: item.version + 1, updatedAt: timeOf(now, day, 0.5) };
    }
  }
  return { item, movements };
}

function beginItem({ sku, name, location, unit, reorderLevel, sensitivity = 'normal' }: SeededItem, createdAt: Date): Item {
  return { sku, name, location, unit, reorderLevel, quantity: 0, status: 'active', sensitivity, version: 1, createdAt, updatedAt: createdAt };
}

function planDay(seeded: SeededItem, stock: number, day: number, chance: Chance): readonly Step[] {
  if (day === DAYS) return [{ delta: seeded.opening, reason: 'received', note: 'Opening stock', byManager: true }];
  if (seeded.retired && day <= SELL_OFF_DAY) {
    return day === SELL_OFF_DAY && stock > 0 ? [{ delta: -stock, reason: 'sold', note: 'Sold off', byManager: true }] : [];
  }
  // One day in seven is closed.
  if (day % 7 === 6) return [];
  const steps: Step[] = [];
  if (stock <= seeded.reorderLevel && seeded.delivery > 0 && day >= (seeded.drySinceDays ?? 0)) {
    steps.push({ delta: seeded.delivery, reason: 'received', note: `Delivery ${4000 + Math.floor(chance(`delivery ${day}`) * 900)}` });
  }
  const sold = Math.floor(seeded.dailySales * (0.5 + chance(`sold ${day}`)) + chance(`part ${day}`));
  const morning = Math.min(stock, Math.ceil(sold * chance(`split ${day}`)));
  const afternoon = Math.min(stock - morning, sold - morning);
  if (morning > 0) steps.push({ delta: -morning, reason: 'sold' });
  if (stock > 2 && chance(`damaged ${day}`) < 0.04) steps.push({ delta: -1, reason: 'damaged', note: 'Dropped while picking' });
  if (afternoon > 0) steps.push({ delta: -afternoon, reason: 'sold' });
  if (stock > 2 && chance(`returned ${day}`) < 0.06) steps.push({ delta: 1, reason: 'returned', note: 'Unopened' });
  if (stock > 2 && day % 14 === 5 && chance(`count ${day}`) < 0.4) {
    steps.push({ delta: chance(`found ${day}`) < 0.3 ? 1 : -1, reason: 'count', note: 'Counted twice', byManager: true });
  }
  return steps;
}

/** Between 7:00 and 18:00 UTC on the days before, within the last hours today; `part` of the day from 0 to below 1. */
function timeOf(now: Date, day: number, part: number): Date {
  if (day === 0) return new Date(now.getTime() - Math.ceil((1 - part) * 3 * HOUR_MS) - MINUTE_MS);
  const midnight = Math.floor(now.getTime() / DAY_MS - day) * DAY_MS;
  return new Date(midnight + Math.floor((7 + part * 11) * HOUR_MS));
}

function pick(warehouse: Warehouse, chance: number): Clerk {
  return warehouse.clerks[Math.floor(chance * warehouse.clerks.length)] ?? warehouse.manager;
}

function hash(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** RFC 9562, version 8: an identifier of one's own making. */
function toUuid(digest: Buffer): string {
  const bytes = Buffer.from(digest.subarray(0, 16));
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
