import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderDocs } from '#app/http/docs.ts';
import { sampleOf, typeOf } from '#app/http/docs-schemas.ts';
import { createOpenApi } from '#app/http/openapi.ts';
import { toMarkup } from '#app/lib/html.ts';
import { createSampleFeature } from '#app/testing/sample-feature.ts';

const document = createOpenApi([createSampleFeature()], 'http://provider.test');
const page = toMarkup(renderDocs(document, 'https://stockade.test'));

test('the page shows every operation and every schema, under an anchor that its contents link', () => {
  const ids = [...page.matchAll(/id="([^"]+)"/g)].map((match) => match[1]);
  assert.equal(new Set(ids).size, ids.length);
  for (const methods of Object.values(document.paths)) for (const { operationId } of Object.values(methods)) assert.ok(ids.includes(operationId), operationId);
  for (const name of Object.keys(document.components.schemas)) assert.ok(ids.includes(`schema-${name}`), name);
  for (const [, anchor] of page.matchAll(/href="#([^"]+)"/g)) assert.ok(ids.includes(anchor));
});

test('nothing in it comes from elsewhere, and nothing in it runs', () => {
  assert.doesNotMatch(page, /<script|<style|style=|\son\w+=|src=/);
  for (const [, href] of page.matchAll(/href="([^"]+)"/g)) assert.match(href ?? '', /^[/#]/);
});

test('the curl example of a command has a body of the right shape, quoted for a shell', () => {
  assert.match(page, /curl -X POST &#39;https:\/\/stockade\.test\/api\/v1\/notes&#39; \\\n {2}-H &quot;Authorization: Bearer \$TOKEN&quot;/);
  assert.match(page, /-d &#39;\{&quot;id&quot;:&quot;…&quot;,&quot;text&quot;:&quot;…&quot;\}&#39;/);
  assert.match(page, /-H &#39;If-Match: &quot;1&quot;&#39;/);
});

test('types are words', () => {
  const words = (schema: Parameters<typeof typeOf>[0]) => toMarkup(typeOf(schema)).replaceAll(/<[^>]+>/g, '');
  assert.equal(words({ type: 'array', items: { $ref: '#/components/schemas/Note' } }), 'list of Note');
  assert.equal(words({ enum: ['a', 'b'] }), 'one of &quot;a&quot;, &quot;b&quot;');
  assert.equal(words({ anyOf: [{ type: 'string' }, { type: 'null' }] }), 'string or null');
  assert.equal(words({ type: 'integer', minimum: Number.MIN_SAFE_INTEGER, maximum: 5 }), 'integermaximum 5');
});

test('a sample is the schema’s own example where it has one', () => {
  assert.equal(sampleOf({ type: 'string', examples: ['A-1'] }, {}), 'A-1');
  assert.deepEqual(sampleOf({ type: 'object', properties: { a: { type: 'integer' }, b: { type: 'array', items: { enum: ['x', 'y'] } } } }, {}), { a: 1, b: ['x'] });
});
