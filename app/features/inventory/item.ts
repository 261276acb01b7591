// What an item is and how its stock may move; pure.
import { refuse, type Refusal } from '#app/errors.ts';

export const ITEM_STATUSES = ['active', 'retired'] as const;
export type ItemStatus = (typeof ITEM_STATUSES)[number];
/** Restricted: only who is cleared for it knows that it is there (`rules` in feature.ts). */
export const SENSITIVITIES = ['normal', 'restricted'] as const;
export type Sensitivity = (typeof SENSITIVITIES)[number];
export const REASONS = ['received', 'sold', 'returned', 'damaged', 'count'] as const;
export type Reason = (typeof REASONS)[number];

/** Largest stock and largest single movement: PostgreSQL's integer. */
export const MAX_QUANTITY = 2_147_483_647;

/** Readable aloud, and nothing to escape in a URL. */
export const SKU_SYNTAX = /^[A-Z0-9][A-Z0-9-]{0,31}$/;

export interface Item {
  readonly sku: string;
  readonly name: string;
  /** Where it lies, for example an aisle and a shelf. */
  readonly location: string;
  /** What one of the quantity is: "piece", "box". */
  readonly unit: string;
  readonly quantity: number;
  readonly reorderLevel: number;
  readonly status: ItemStatus;
  /** Set when it is created, and never changed: who has listened has known it. */
  readonly sensitivity: Sensitivity;
  /** Counts every change, movements included; the ETag. */
  readonly version: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export interface Movement {
  readonly id: string;
  readonly sku: string;
  readonly delta: number;
  readonly reason: Reason;
  readonly note: string | undefined;
  /** The platform's id of whoever moved it. */
  readonly actor: string;
  readonly quantityAfter: number;
  readonly occurredAt: Date;
  /** The item's version that this movement made; orders the ledger of one item. */
  readonly itemVersion: number;
}

/** For people and programs: with who moved it, as far as that is still known. */
export type NamedMovement = Omit<Movement, 'actor'> & { readonly actor: { readonly id?: string; readonly name: string } };

/**
 * No control characters, line separators, lone surrogates or marks that reorder text (CWE-1007). Written as ranges, since it is
 * in the OpenAPI document, and many of its readers know no `\p{Cc}`.
 */
// eslint-disable-next-line no-control-regex -- they are what it refuses
export const PLAIN_TEXT = /^[^\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]*$/u;

/** The quantity after a movement, or why it can't happen. `delta` is an integer and not 0. */
export function applyMovement(item: Pick<Item, 'sku' | 'quantity' | 'status' | 'unit'>, delta: number): number | Refusal {
  if (item.status === 'retired') return refuse(409, 'item-retired', `Item ${item.sku} is retired; its stock can't move.`);
  const quantity = item.quantity + delta;
  if (quantity < 0) {
    return refuse(409, 'insufficient-stock', `Item ${item.sku} has ${item.quantity} (${item.unit}); ${-delta} can't be taken.`);
  }
  if (quantity > MAX_QUANTITY) {
    return refuse(409, 'quantity-limit', `Item ${item.sku} has ${item.quantity} (${item.unit}); it can hold at most ${MAX_QUANTITY}.`);
  }
  return quantity;
}

export type StockLevel = 'out' | 'low' | 'ok';

/** `low` is at or below the reorder level: the moment to order, as a reorder point is understood. */
export function stockLevel(item: Pick<Item, 'quantity' | 'reorderLevel'>): StockLevel {
  if (item.quantity === 0) return 'out';
  return item.quantity <= item.reorderLevel ? 'low' : 'ok';
}
