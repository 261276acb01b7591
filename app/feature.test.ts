// The constructors of operations and pages: what they fill in, and what the compiler makes of a handler.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
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
