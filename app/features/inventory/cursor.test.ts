import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isRefusal } from '#app/errors.ts';
import {
  decodeItemCursor,
  decodeLedgerCursor,
  decodeRecentCursor,
  encodeItemCursor,
  encodeLedgerCursor,
  encodeRecentCursor,
} from './cursor.ts';
import { MAX_QUANTITY } from './item.ts';
import type { ItemOrder } from './store.ts';

const sku = fc.stringMatching(/^[A-Z0-9][A-Z0-9-]{0,7}$/);
const direction = fc.constantFrom('asc', 'desc');

function forge(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function assertRefused(value: unknown): void {
  assert.ok(isRefusal(value));
  assert.equal(value.status, 400);
  assert.equal(value.code, 'invalid-cursor');
  assert.equal(value.errors?.[0]?.parameter, 'cursor');
}

describe('item cursor', () => {
  it('comes back as it went, in every order', () => {
    const cases = fc.oneof(
      fc.record({ sort: fc.constant('sku' as const), key: sku }),
      fc.record({ sort: fc.constant('name' as const), key: fc.constantFrom('Bolt', 'Größe "L" \\ 📦', 'x'.repeat(120)) }),
      fc.record({ sort: fc.constant('quantity' as const), key: fc.nat(MAX_QUANTITY) }),
      fc.record({ sort: fc.constant('updated_at' as const), key: fc.nat(Number.MAX_SAFE_INTEGER).map((ms) => ms % 253_402_300_800_000) }),
    );
    fc.assert(
      fc.property(cases, direction, sku, ({ sort, key }, way, itemSku) => {
        const order: ItemOrder = { sort, direction: way };
        const text = encodeItemCursor(order, { key, sku: itemSku });
        assert.match(text, /^[\w-]{1,1024}$/);
        assert.deepEqual(decodeItemCursor(text, order), { key, sku: itemSku });
      }),
    );
  });

  it('is refused by another sort, another direction and another kind of list', () => {
    const text = encodeItemCursor({ sort: 'name', direction: 'asc' }, { key: 'Bolt', sku: 'A' });
    assertRefused(decodeItemCursor(text, { sort: 'sku', direction: 'asc' }));
    assertRefused(decodeItemCursor(text, { sort: 'name', direction: 'desc' }));
    assertRefused(decodeLedgerCursor(text, 'A'));
    assertRefused(decodeRecentCursor(text));
  });

  it('is refused when it holds what the database would choke on', () => {
    const asc = 'asc' as const;
    assertRefused(decodeItemCursor(forge(['name', asc, 'a\0', 'A']), { sort: 'name', direction: asc }));
    assertRefused(decodeItemCursor(forge(['name', asc, '', 'A']), { sort: 'name', direction: asc }));
    assertRefused(decodeItemCursor(forge(['quantity', asc, MAX_QUANTITY + 1, 'A']), { sort: 'quantity', direction: asc }));
    assertRefused(decodeItemCursor(forge(['quantity', asc, 1.5, 'A']), { sort: 'quantity', direction: asc }));
    assertRefused(decodeItemCursor(forge(['quantity', asc, '1', 'A']), { sort: 'quantity', direction: asc }));
    assertRefused(decodeItemCursor(forge(['updated_at', asc, 8.64e15, 'A']), { sort: 'updated_at', direction: asc }));
    assertRefused(decodeItemCursor(forge(['sku', asc, 'A', 'a b']), { sort: 'sku', direction: asc }));
    assertRefused(decodeItemCursor(forge(['sku', asc, 'A', 'A', 'A']), { sort: 'sku', direction: asc }));
  });

  it('is refused, and nothing is thrown, for any other text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.base64String(), fc.json().map((json) => Buffer.from(json).toString('base64url'))), (text) => {
        assertRefused(decodeItemCursor(text, { sort: 'sku', direction: 'asc' }));
        assertRefused(decodeLedgerCursor(text, 'A'));
        assertRefused(decodeRecentCursor(text));
      }),
    );
  });

  it('has one spelling: padding, the other alphabet and trailing bits are refused', () => {
    const order = { sort: 'sku', direction: 'asc' } as const;
    const text = encodeItemCursor(order, { key: 'A', sku: 'A' });
    assert.ok(!isRefusal(decodeItemCursor(text, order)));
    for (const other of [`${text}=`, ` ${text}`, `${text}\n`, `${text}!`]) assertRefused(decodeItemCursor(other, order));
  });
});

describe('movement cursors', () => {
  it('come back as they went', () => {
    fc.assert(
      fc.property(sku, fc.integer({ min: 1, max: MAX_QUANTITY }), fc.date({ min: new Date(0), max: new Date('9999-12-31'), noInvalidDate: true }), (itemSku, itemVersion, occurredAt) => {
        assert.deepEqual(decodeLedgerCursor(encodeLedgerCursor(itemSku, { itemVersion }), itemSku), { itemVersion });
        const recent = { occurredAt, sku: itemSku, itemVersion };
        assert.deepEqual(decodeRecentCursor(encodeRecentCursor(recent)), recent);
      }),
    );
  });

  it("of one item are refused by another's ledger", () => {
    assertRefused(decodeLedgerCursor(encodeLedgerCursor('A', { itemVersion: 3 }), 'B'));
  });
});
