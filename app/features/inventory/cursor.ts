// Opaque cursors: base64url of a JSON list that says where a page ended; whatever comes back is checked like any input.
import { z } from 'zod';
import { refuse, type Refusal } from '#app/errors.ts';
import { MAX_QUANTITY, PLAIN_TEXT, SKU_SYNTAX } from './item.ts';
import type { ItemOrder, ItemPosition, LedgerPosition, RecentPosition } from './store.ts';

const SKU = z.string().regex(SKU_SYNTAX);
const VERSION = z.int().min(1).max(MAX_QUANTITY);
/** Up to the year 9999: later ones are no timestamps for PostgreSQL's text form. */
const MILLISECONDS = z.int().min(0).max(253_402_300_799_999);

const ITEM_KEYS = {
  sku: SKU,
  name: z.string().min(1).max(120).regex(PLAIN_TEXT),
  quantity: z.int().min(0).max(MAX_QUANTITY),
  updated_at: MILLISECONDS,
} as const;

export function encodeItemCursor(order: ItemOrder, position: ItemPosition): string {
  return encode([order.sort, order.direction, position.key, position.sku]);
}

/** The cursor of another sort or direction points nowhere in this list, and is refused. */
export function decodeItemCursor(text: string, order: ItemOrder): ItemPosition | Refusal {
  const shape = z.tuple([z.literal(order.sort), z.literal(order.direction), ITEM_KEYS[order.sort], SKU]);
  const parsed = shape.safeParse(decode(text));
  if (!parsed.success) return refuseCursor();
  const [, , key, sku] = parsed.data;
  return { key, sku };
}

export function encodeLedgerCursor(sku: string, position: LedgerPosition): string {
  return encode(['ledger', sku, position.itemVersion]);
}

export function decodeLedgerCursor(text: string, sku: string): LedgerPosition | Refusal {
  const parsed = z.tuple([z.literal('ledger'), z.literal(sku), VERSION]).safeParse(decode(text));
  return parsed.success ? { itemVersion: parsed.data[2] } : refuseCursor();
}

export function encodeRecentCursor(position: RecentPosition): string {
  return encode(['recent', position.occurredAt.getTime(), position.sku, position.itemVersion]);
}

export function decodeRecentCursor(text: string): RecentPosition | Refusal {
  const parsed = z.tuple([z.literal('recent'), MILLISECONDS, SKU, VERSION]).safeParse(decode(text));
  if (!parsed.success) return refuseCursor();
  const [, occurredAt, sku, itemVersion] = parsed.data;
  return { occurredAt: new Date(occurredAt), sku, itemVersion };
}

function encode(parts: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

function decode(text: string): unknown {
  const bytes = Buffer.from(text, 'base64url');
  // Buffer skips what is not in the alphabet; one position has one spelling here.
  if (bytes.toString('base64url') !== text) return undefined;
  try {
    return JSON.parse(bytes.toString());
  } catch {
    return undefined;
  }
}

function refuseCursor(): Refusal {
  return refuse(400, 'invalid-cursor', 'The cursor was not given out for this list and order; start again without one.', [
    { parameter: 'cursor', detail: 'Not a cursor of this list and order.' },
  ]);
}
