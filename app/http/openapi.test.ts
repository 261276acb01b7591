import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { z } from 'zod';
import { createOpenApi, type OpenApiDocument } from '#app/http/openapi.ts';
import { createSchemaCollection } from '#app/http/openapi-schemas.ts';
import { type SampleService, startSampleService } from '#app/testing/sample-service.ts';

let service: SampleService;
let document: OpenApiDocument;
before(async () => {
  service = await startSampleService();
  document = (await (await service.send('/openapi.json')).json()) as OpenApiDocument;
});
after(() => service.close());

function* walk(node: unknown): Generator<Record<string, unknown>> {
  if (typeof node !== 'object' || node === null) return;
  if (!Array.isArray(node)) yield node as Record<string, unknown>;
  for (const inner of Object.values(node)) yield* walk(inner);
}

const operations = () => Object.entries(document.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => ({ path, method, operation })));

test('it is served to everybody, cacheable, with an ETag', async () => {
  const response = await service.send('/openapi.json');
  assert.match(response.headers.get('cache-control') ?? '', /^public/);
  const again = await service.send('/openapi.json', { headers: { 'if-none-match': response.headers.get('etag') ?? '' } });
  assert.equal(again.status, 304);
});

test('every reference resolves, and nothing points into $defs', () => {
  let references = 0;
  for (const { $ref } of walk(document)) {
    if (typeof $ref !== 'string') continue;
    references += 1;
    assert.match($ref, /^#\/components\//);
    const target = $ref.slice(2).split('/').reduce<unknown>((node, key) => (node as Record<string, unknown> | undefined)?.[key], document);
    assert.ok(target !== undefined, $ref);
  }
  assert.ok(references > 10);
});

test('operation ids are unique, tags are declared, every operation has a success', () => {
  const ids = operations().map(({ operation }) => operation.operationId);
  assert.equal(new Set(ids).size, ids.length);
  assert.ok(ids.includes('createNote') && ids.includes('openStream') && ids.includes('openSocket'));
  const tags = new Set(document.tags.map(({ name }) => name));
  for (const { operation } of operations()) {
    assert.ok(operation.tags.every((tag) => tags.has(tag)));
    assert.ok(Object.keys(operation.responses).some((status) => /^[12]/.test(status)));
  }
});

test('path parameters are those of the path, and required; parameters are unique', () => {
  for (const { path, operation } of operations()) {
    const parameters = operation.parameters ?? [];
    const inPath = parameters.filter((one) => one.in === 'path');
    assert.deepEqual(inPath.map(({ name }) => name).sort(), [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort());
    assert.ok(inPath.every(({ required }) => required === true));
    const keys = parameters.map((one) => `${one.in} ${one.name.toLowerCase()}`);
    assert.equal(new Set(keys).size, keys.length);
  }
});

test('every error is a Problem, and each operation has just those that can happen', () => {
  for (const { operation } of operations()) {
    for (const [status, { content }] of Object.entries(operation.responses)) {
      if (Number(status) >= 400) assert.deepEqual(content, { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } });
    }
  }
  const statuses = (path: string, method: string) => Object.keys(document.paths[path]?.[method]?.responses ?? {}).map(Number);
  assert.deepEqual(statuses('/api/v1/notes', 'get'), [200, 304, 400, 401, 403, 406, 429, 500, 503]);
  assert.deepEqual(statuses('/api/v1/notes', 'post'), [201, 400, 401, 403, 406, 409, 413, 415, 422, 429, 500, 503]);
  assert.deepEqual(statuses('/api/v1/notes/{id}', 'patch'), [200, 400, 401, 403, 404, 406, 412, 413, 415, 428, 429, 500, 503]);
});

test('a schema with an id is a component, and objects refuse other fields', () => {
  assert.deepEqual(document.paths['/api/v1/notes']?.['post']?.responses['201']?.content, { 'application/json': { schema: { $ref: '#/components/schemas/Note' } } });
  const note = document.components.schemas['Note'];
  assert.ok(note);
  assert.deepEqual(note['required'], ['id', 'text', 'version']);
  assert.equal(note['additionalProperties'], false);
  assert.ok(document.components.schemas['sample.note.created.v1']);
});

test('query parameters with a default are not required', () => {
  const limit = document.paths['/api/v1/notes']?.['get']?.parameters?.find(({ name }) => name === 'limit');
  assert.equal(limit?.required, false);
  assert.deepEqual(limit.schema, { type: 'integer', minimum: 1, maximum: 50, default: 10 });
});

test('without features there is a document of the platform alone', () => {
  assert.deepEqual(Object.keys(createOpenApi([], 'https://provider.test/').paths), ['/api/v1/stream', '/api/v1/socket']);
});

test('two schemas under one id stop the start', () => {
  const collection = createSchemaCollection();
  collection.convert(z.strictObject({ a: z.string() }).meta({ id: 'TwiceUsed' }), 'input');
  assert.throws(() => collection.convert(z.strictObject({ a: z.string() }).extend({ b: z.string() }).meta({ id: 'TwiceUsed' }), 'input'), /TwiceUsed/);
});

test('ASVS 2.1.1: the document has the very rules that a request is checked by', async () => {
  const content = document.paths['/api/v1/notes']?.['post']?.requestBody?.content['application/json'];
  const schema = content?.schema as { readonly properties?: Readonly<Record<string, { readonly minLength?: number; readonly maxLength?: number; readonly pattern?: string }>>; readonly additionalProperties?: boolean; readonly required?: readonly string[] } | undefined;
  const { id, text } = schema?.properties ?? {};
  assert.deepEqual([schema?.required, schema?.additionalProperties], [['id', 'text'], false]);
  const [least, most] = [text?.minLength ?? -1, text?.maxLength ?? -1];
  const post = async (length: number, name: string) => (await service.send('/api/v1/notes', { method: 'POST', as: 'clerk', json: { id: name, text: 'x'.repeat(length) } })).status;
  assert.deepEqual([await post(least - 1, 'too-short'), await post(least, 'shortest'), await post(most, 'longest'), await post(most + 1, 'too-long')], [400, 201, 201, 400]);
  const pattern = new RegExp(id?.pattern ?? '(?!)');
  for (const name of ['a-1', 'UPPER', 'with space', 'x'.repeat(20), 'x'.repeat(21)]) assert.equal((await post(1, name)) === 201, pattern.test(name) && name !== 'a-1', name);
});
