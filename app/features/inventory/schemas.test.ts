import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { z } from 'zod';
import { MAX_QUANTITY } from './item.ts';
import { itemChangesSchema, itemPageSchema, itemSchema, limitField, movementSchema, newItemSchema, newMovementSchema } from './schemas.ts';

const draft = { sku: 'A-1', name: 'Bolt', location: 'Aisle 1', unit: 'box', reorderLevel: 2 };

describe('schemas', () => {
  it('trim free text, and refuse what is then empty, too long or not printable', () => {
    assert.equal(newItemSchema.parse({ ...draft, name: '  Bolt  ' }).name, 'Bolt');
    for (const name of ['', '   ', 'x'.repeat(121), 'a\0b', 'a\nb', '\u202eb', 7, null]) {
      assert.equal(newItemSchema.safeParse({ ...draft, name }).success, false, JSON.stringify(name));
    }
  });

  it('refuse fields that they do not know, so that nobody sets a quantity or a tenant', () => {
    for (const extra of [{ quantity: 5 }, { tenantId: 'globex' }, { version: 2 }]) {
      assert.equal(newItemSchema.safeParse({ ...draft, ...extra }).success, false);
      assert.equal(itemChangesSchema.safeParse({ name: 'Bolt', ...extra }).success, false);
      assert.equal(newMovementSchema.safeParse({ delta: 1, reason: 'sold', ...extra }).success, false);
    }
    assert.equal(itemChangesSchema.safeParse({ name: 'Bolt', sku: 'B' }).success, false);
  });

  it('ASVS 2.2.3: ask of a change that it changes something', () => {
    assert.equal(itemChangesSchema.safeParse({}).success, false);
    assert.equal(itemChangesSchema.safeParse({ reorderLevel: 0 }).success, true);
  });

  it('ASVS 1.4.2: take only whole deltas other than 0 that an integer column holds', () => {
    for (const delta of [1, -1, MAX_QUANTITY, -MAX_QUANTITY]) {
      assert.equal(newMovementSchema.safeParse({ delta, reason: 'count' }).success, true, String(delta));
    }
    for (const delta of [0, -0, 1.5, MAX_QUANTITY + 1, 1e300, Number.NaN, '1', null]) {
      assert.equal(newMovementSchema.safeParse({ delta, reason: 'count' }).success, false, String(delta));
    }
    assert.equal(newMovementSchema.safeParse({ delta: 1, reason: 'stolen' }).success, false);
  });

  it('bound a page to 1 to 100 entries, 25 without a word', () => {
    assert.equal(limitField.parse(undefined), 25);
    assert.equal(limitField.parse('100'), 100);
    for (const limit of ['0', '101', '-1', '1.5', 'x', '', '0x10', '1e1', ' 10', '+5']) assert.equal(limitField.safeParse(limit).success, false, limit);
  });

  it('hold for their own examples', () => {
    for (const schema of [itemSchema, movementSchema, newItemSchema, itemChangesSchema, newMovementSchema]) {
      const examples = schema.meta()?.['examples'] as readonly unknown[] | undefined;
      assert.ok(examples !== undefined && examples.length > 0);
      for (const example of examples) schema.parse(example);
    }
  });

  it('can each be written as JSON Schema that says what validation does', () => {
    for (const schema of [newItemSchema, itemChangesSchema, newMovementSchema]) {
      const text = JSON.stringify(z.toJSONSchema(schema, { io: 'input' }));
      assert.match(text, /"additionalProperties":false/);
      assert.match(text, /"pattern":"\^\[\^/, 'what free text may not hold');
    }
    assert.match(JSON.stringify(z.toJSONSchema(itemChangesSchema, { io: 'input' })), /"minProperties":1/);
    assert.match(JSON.stringify(z.toJSONSchema(newMovementSchema, { io: 'input' })), /"not":\{"const":0\}/);
    assert.match(JSON.stringify(z.toJSONSchema(itemPageSchema, { io: 'output' })), /"nextCursor":\{/);
  });
});
