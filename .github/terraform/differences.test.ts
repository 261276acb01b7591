import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compare, differencesOf, type Plan } from './differences.ts';

const planOf = (change: Partial<NonNullable<Plan['resource_changes']>[number]['change']>): Plan => ({ resource_changes: [{ address: 'aws_a.b["c"]', type: 'aws_a', name: 'b', mode: 'managed', change: { actions: ['update'], before: null, after: null, ...change } }] });
const attributes = (plan: Plan) => differencesOf('main', plan).map(({ resource, attribute }) => `${resource}.${attribute}`);

test('a plan that changes nothing has no difference', () => {
  assert.deepEqual(attributes(planOf({ actions: ['no-op'], before: { a: 1 }, after: { a: 1 } })), []);
  assert.deepEqual(attributes(planOf({ actions: ['read'] })), []);
});

test('each attribute that would change is one, however deep, and what is known later too', () => {
  assert.deepEqual(attributes(planOf({ before: { a: 1, b: [{ c: 1, d: 2 }], e: 5 }, after: { a: 2, b: [{ c: 1, d: 3 }], e: 5 } })), ['aws_a.b.a', 'aws_a.b.b.d']);
  assert.deepEqual(attributes(planOf({ before: { a: 1 }, after: { a: 1 }, after_unknown: { f: true, g: [{ h: true }] } })), ['aws_a.b.f', 'aws_a.b.g.h']);
  assert.deepEqual(attributes(planOf({ before: { a: [1] }, after: { a: [1, 2] } })), ['aws_a.b.a']);
});

test('what would be made or removed is one as a whole', () => {
  assert.deepEqual(attributes(planOf({ actions: ['create'], after: { a: 1 } })), ['aws_a.b.(create)']);
  assert.deepEqual(attributes(planOf({ actions: ['delete'], before: { a: 1 } })), ['aws_a.b.(delete)']);
});

test('of what would be made anew, what demands it is the difference', () => {
  assert.deepEqual(attributes(planOf({ actions: ['delete', 'create'], before: { a: 1, id: 'x' }, after: { a: 2 }, after_unknown: { id: true }, replace_paths: [['a'], ['b', 0, 'c']] })), ['aws_a.b.a', 'aws_a.b.b.c']);
});

test('an output that would change is one', () => {
  assert.deepEqual(attributes({ output_changes: { url: { actions: ['update'], before: 'a', after: 'b' }, same: { actions: ['no-op'], before: 'a', after: 'a' } } }), ['output.url.value']);
});

test('what nobody knows of is unexplained, and what is known and gone has vanished', () => {
  const [a, b] = [{ root: 'main', resource: 'aws_a.b', attribute: 'c' }, { root: 'main', resource: 'aws_a.b', attribute: 'd' }];
  assert.deepEqual(compare([a], [{ ...b, what: 'moto forgets it' }]), { unexplained: ['main aws_a.b.c'], vanished: ['main aws_a.b.d'] });
  assert.deepEqual(compare([a], [{ ...a, what: 'moto forgets it' }]), { unexplained: [], vanished: [] });
});
