import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isRefusal } from '#app/errors.ts';
import { applyMovement, MAX_QUANTITY, PLAIN_TEXT, SKU_SYNTAX, stockLevel } from './item.ts';

const item = { sku: 'A-1', unit: 'piece', quantity: 5, status: 'active' } as const;
const delta = fc.oneof(fc.integer({ min: -20, max: 20 }), fc.integer({ min: -MAX_QUANTITY, max: MAX_QUANTITY })).filter((value) => value !== 0);

describe('applyMovement', () => {
  it('takes the last unit, and refuses one more as insufficient-stock', () => {
    assert.equal(applyMovement(item, -5), 0);
    const refusal = applyMovement(item, -6);
    assert.ok(isRefusal(refusal));
    assert.equal(refusal.status, 409);
    assert.equal(refusal.code, 'insufficient-stock');
    assert.match(refusal.detail, /A-1 has 5 \(piece\); 6 can't/);
  });

  it('refuses every movement of a retired item', () => {
    for (const change of [1, -1]) {
      const refusal = applyMovement({ ...item, status: 'retired' }, change);
      assert.ok(isRefusal(refusal));
      assert.equal(refusal.code, 'item-retired');
    }
  });

  it("refuses what the database's integer can't hold", () => {
    assert.equal(applyMovement({ ...item, quantity: MAX_QUANTITY - 1 }, 1), MAX_QUANTITY);
    const refusal = applyMovement({ ...item, quantity: MAX_QUANTITY }, 1);
    assert.ok(isRefusal(refusal));
    assert.equal(refusal.code, 'quantity-limit');
  });

  it('never goes below zero or above the limit, and the accepted deltas sum to the quantity', () => {
    fc.assert(
      fc.property(fc.array(delta, { maxLength: 60 }), (deltas) => {
        let quantity = 0;
        let sum = 0;
        for (const change of deltas) {
          const next = applyMovement({ ...item, quantity }, change);
          const fits = quantity + change >= 0 && quantity + change <= MAX_QUANTITY;
          assert.equal(isRefusal(next), !fits);
          if (isRefusal(next)) continue;
          quantity = next;
          sum += change;
        }
        assert.equal(quantity, sum);
        assert.ok(quantity >= 0 && quantity <= MAX_QUANTITY);
      }),
    );
  });
});

describe('stockLevel', () => {
  it('is out at 0, low up to and at the reorder level, and ok above it', () => {
    assert.equal(stockLevel({ quantity: 0, reorderLevel: 0 }), 'out');
    assert.equal(stockLevel({ quantity: 0, reorderLevel: 9 }), 'out');
    assert.equal(stockLevel({ quantity: 9, reorderLevel: 9 }), 'low');
    assert.equal(stockLevel({ quantity: 10, reorderLevel: 9 }), 'ok');
    assert.equal(stockLevel({ quantity: 1, reorderLevel: 0 }), 'ok');
  });

  it('never improves when stock leaves', () => {
    const rank = { out: 0, low: 1, ok: 2 };
    fc.assert(
      fc.property(fc.nat(1000), fc.nat(1000), fc.nat(1000), (less, more, reorderLevel) => {
        const [low, high] = less <= more ? [less, more] : [more, less];
        assert.ok(rank[stockLevel({ quantity: low, reorderLevel })] <= rank[stockLevel({ quantity: high, reorderLevel })]);
      }),
    );
  });
});

describe('SKU_SYNTAX', () => {
  it('accepts capital letters, digits and hyphens, up to 32', () => {
    for (const sku of ['A', '7', 'A-1', 'BOLT-M8-40', 'A--1', 'A-', 'X'.repeat(32)]) assert.ok(SKU_SYNTAX.test(sku), sku);
  });

  it('refuses everything else, a line break at the end included', () => {
    for (const sku of ['', '-', '-A', 'a', 'A 1', 'A/1', 'A.1', 'Ä', 'A\n', 'X'.repeat(33)]) assert.ok(!SKU_SYNTAX.test(sku), JSON.stringify(sku));
  });

  it('passes only what a URL needs no escape for', () => {
    fc.assert(fc.property(fc.string(), (text) => !SKU_SYNTAX.test(text) || encodeURIComponent(text) === text));
  });
});

describe('PLAIN_TEXT', () => {
  it('takes any script, emoji included', () => {
    for (const text of ['Größe M8 × 40', '螺栓', 'میخ‌کوب', 'Box 📦', '']) assert.ok(PLAIN_TEXT.test(text), text);
  });

  it('refuses control characters, line separators, reordering marks and lone surrogates (CWE-1007)', () => {
    for (const text of ['\0', 'a\nb', 'a\tb', '\u0085', '\u2028', '\u202e', '\u2066', '\ud800', '\udc00x']) {
      assert.ok(!PLAIN_TEXT.test(text), JSON.stringify(text));
    }
  });
});
