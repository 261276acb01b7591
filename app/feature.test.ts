// The constructors of operations and pages: what they fill in, and what the compiler makes of a handler.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { requireRoutable } from '#app/http/route-checks.ts';
import { defineCommand, defineForm, definePage, defineQuery } from '#app/feature.ts';

const described = { operationId: 'x', path: '/x', summary: 'X', action: 'things:read' } as const;
const params = z.object({ id: z.coerce.number() });

test('a query is a GET, a page is a GET, a form is a POST', () => {
  const query = defineQuery({ ...described, responses: { 204: { description: 'None.' } }, handle: () => Promise.resolve({ status: 204 }) });
  const page = definePage({ path: '/', action: 'things:read', handle: () => Promise.resolve({ redirect: '/x' }) });
  const form = defineForm({ path: '/', action: 'things:write', body: z.object({}), handle: () => Promise.resolve({ redirect: '/x' }) });
  assert.deepEqual([query.kind, query.method], ['query', 'get']);
  assert.deepEqual([page.kind, page.method], ['page', 'get']);
  assert.deepEqual([form.kind, form.method], ['form', 'post']);
});

test('a handler’s input has the types of its schemas, and its answer must be one of its responses', () => {
  const command = defineCommand({
    ...described,
    method: 'post',
    params,
    body: z.strictObject({ name: z.string() }),
    responses: { 201: { description: 'Created.', schema: z.object({ name: z.string(), id: z.number() }) } },
    handle: (context) => {
      const id: number = context.params.id;
      const name: string = context.body.name;
      return Promise.resolve({ status: 201, body: { id, name } });
    },
  });
  assert.equal(command.kind, 'command');
  defineQuery({
    ...described,
    responses: { 200: { description: 'Found.', schema: z.object({ id: z.number() }) } },
    // @ts-expect-error -- the schema has a number there, and the compiler must say so
    handle: () => Promise.resolve({ status: 200, body: { id: 'one' } }),
  });
});

test('a route without an action is none: the compiler says so, and the service does not start with one that got past it', () => {
  const responses = { 204: { description: 'None.' } } as const;
  const handle = () => Promise.resolve({ status: 204 } as const);
  const undecided = { operationId: 'x', path: '/x', summary: 'X' } as const;
  // @ts-expect-error -- nobody has said who may
  const query = defineQuery({ ...undecided, responses, handle });
  // @ts-expect-error -- nobody has said who may
  const command = defineCommand({ ...undecided, method: 'post', responses, handle });
  // @ts-expect-error -- nobody has said who may
  const page = definePage({ path: '/x', handle: () => Promise.resolve({ redirect: '/y' }) });
  // @ts-expect-error -- nobody has said who may
  const form = defineForm({ path: '/x', body: z.object({}), handle: () => Promise.resolve({ redirect: '/y' }) });
  for (const route of [query, command, page, form]) assert.throws(() => { requireRoutable(route, '/x'); }, /action/);
});
