import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { defineCommand, defineQuery } from '#app/feature.ts';
import { requireRoutable, toRouterPath } from '#app/http/route-checks.ts';
import { requireStrict } from '#app/http/schema.ts';

const responses = { 204: { description: 'Done.' } } as const;
const base = { operationId: 'x', path: '/x/{id}', summary: 'X', action: 'x:y', responses, handle: () => Promise.resolve({ status: 204 } as const) } as const;
const id = z.strictObject({ id: z.string() });
const check = (route: Parameters<typeof requireRoutable>[0]) => {
  requireRoutable(route, route.path);
};

test('a whole route passes', () => {
  check(defineQuery({ ...base, params: id }));
  check(defineCommand({ ...base, method: 'put', params: id, body: z.strictObject({ a: z.string() }) }));
});

test('a route without what every route must have stops the start, and the message says which', () => {
  assert.throws(() => { check(defineQuery(base)); }, /GET \/x\/\{id\} has other path parameters/);
  assert.throws(() => { check(defineQuery({ ...base, params: z.strictObject({ other: z.string() }) })); }, /other path parameters/);
  assert.throws(() => { check(defineQuery({ ...base, params: id, action: '' as 'a:b' })); }, /no action/);
  assert.throws(() => { check(defineQuery({ ...base, params: id, operationId: '' })); }, /no operationId/);
  assert.throws(() => { check(defineQuery({ ...base, params: id, path: '/x/{id}/' })); }, /ends with/);
  assert.throws(() => { check(defineQuery({ ...base, params: id, responses: {} as typeof responses })); }, /no successful response/);
  assert.throws(() => { check(defineCommand({ ...base, method: 'patch', params: id })); }, /no body schema/);
});

test('ASVS 1.5.2, 15.3.3: an object that lets unknown fields pass is found wherever it is (CWE-915)', () => {
  const lax = z.object({ a: z.string() });
  const places: z.ZodType[] = [
    lax,
    z.looseObject({}),
    z.strictObject({ inner: lax }),
    z.array(lax),
    lax.optional(),
    lax.nullable().default(null),
    z.union([z.string(), lax]),
    z.discriminatedUnion('kind', [z.strictObject({ kind: z.literal('a') }), z.object({ kind: z.literal('b') })]),
    z.tuple([z.string(), lax]),
    z.record(z.string(), lax),
    lax.transform((value) => value.a),
    z.lazy(() => lax),
    lax.refine(() => true),
    z.intersection(z.strictObject({ b: z.string() }), lax),
  ];
  for (const [index, schema] of places.entries()) assert.throws(() => { requireStrict(schema, 'body'); }, /^TypeError: body.* lets unknown fields pass/, String(index));
  requireStrict(z.strictObject({ a: z.array(z.strictObject({ b: z.string().optional() })).min(1), c: z.record(z.string(), z.int()) }), 'body');
});

test('braces become the router’s colon', () => {
  assert.equal(toRouterPath('/items/{sku}/movements/{id}'), '/items/:sku/movements/:id');
});
