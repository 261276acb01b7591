// What the live stream tells the board, read from outside and therefore checked; pure.
import { levelOf, type Level } from './stock.ts';

export interface BoardItem {
  readonly sku: string;
  readonly name: string;
  readonly location: string;
  readonly unit: string;
  readonly quantity: number;
  readonly reorderLevel: number;
  readonly status: string;
  readonly version: number;
}

export interface BoardMovement {
  readonly id: string;
  readonly sku: string;
  readonly delta: number;
  readonly reason: string;
  readonly note?: string;
  readonly actor: { readonly name: string };
  readonly occurredAt: string;
}

export interface BoardEvent {
  readonly item: BoardItem;
  readonly movement?: BoardMovement;
}

/** The payload of a CloudEvent in JSON; undefined for what this page does not know. */
export function readBoardEvent(text: string): BoardEvent | undefined {
  let event: unknown;
  try {
    event = JSON.parse(text);
  } catch {
    return undefined;
  }
  const data = isRecord(event) ? event['data'] : undefined;
  if (!isRecord(data) || !isRecord(data['item']) || typeof data['item']['sku'] !== 'string' || typeof data['item']['version'] !== 'number') return undefined;
  return data as unknown as BoardEvent;
}

export interface Counts {
  readonly active: number;
  readonly units: number;
  readonly low: number;
  readonly out: number;
}

/** How the tiles change with an event; `levelBefore` is undefined where the page doesn't show the item. */
export function countChange(type: string, { item, movement }: BoardEvent, levelBefore: Level | undefined): Counts {
  const levelNow = levelOf(item);
  if (type.includes('.created.')) return addLevel({ active: 1, units: item.quantity, low: 0, out: 0 }, levelNow, 1);
  if (type.includes('.retired.')) return addLevel({ active: -1, units: -item.quantity, low: 0, out: 0 }, levelBefore ?? 'out', -1);
  const before = movement === undefined ? (levelBefore ?? levelNow) : levelOf({ ...item, quantity: item.quantity - movement.delta });
  return addLevel(addLevel({ active: 0, units: movement?.delta ?? 0, low: 0, out: 0 }, before, -1), levelNow, 1);
}

function addLevel(counts: Counts, level: Level, amount: number): Counts {
  return { ...counts, low: counts.low + (level === 'low' ? amount : 0), out: counts.out + (level === 'out' ? amount : 0) };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
