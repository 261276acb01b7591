// JSON Schemas as a person reads them: a type in words, a table of fields, an example.
// Tested by docs.test.ts: the page is made of them.
import { prose, table } from '#app/http/docs-parts.ts';
import type { JsonSchema } from '#app/http/openapi-schemas.ts';
import { html, type Html } from '#app/lib/html.ts';

export type SchemaNames = Readonly<Record<string, JsonSchema>>;
const COMPONENT = '#/components/schemas/';
const CONSTRAINTS = ['format', 'minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'minLength', 'maxLength', 'pattern', 'minItems', 'maxItems', 'default'];
/** What zod writes for every integer: it says nothing. */
const WITHOUT_MEANING: ReadonlySet<unknown> = new Set([Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER]);

export function toAnchor(name: string): string {
  return `schema-${name}`;
}

export function schemaSection(name: string | undefined, schema: JsonSchema): Html {
  const properties = Object.entries((schema['properties'] ?? {}) as Record<string, JsonSchema>);
  const required = (schema['required'] ?? []) as readonly string[];
  const fields = table(
    'Fields',
    ['Field', 'Type', 'Description'],
    properties.map(([field, inner]) => [html`<code>${field}</code>${required.includes(field) && html` <span class="docs-required">required</span>`}`, typeOf(inner), typeof inner['description'] === 'string' ? prose(inner['description']) : '']),
  );
  if (name === undefined) return fields;
  return html`<section class="docs-schema" id="${toAnchor(name)}"><h3>${name}</h3>${typeof schema['description'] === 'string' && prose(schema['description'])}${properties.length > 0 ? fields : html`<p>${typeOf(schema)}</p>`}</section>`;
}

export function typeOf(schema: JsonSchema): Html {
  const name = referenceOf(schema);
  if (name !== undefined) return html`<a href="${`#${toAnchor(name)}`}">${name}</a>`;
  const alternatives = schema['anyOf'] ?? schema['oneOf'] ?? schema['allOf'];
  if (isSchemaList(alternatives)) return html`${alternatives.map((one, index) => html`${index > 0 && (schema['allOf'] ? ' and ' : ' or ')}${typeOf(one)}`)}`;
  if (Array.isArray(schema['enum'])) return html`one of ${(schema['enum'] as unknown[]).map((value, index) => html`${index > 0 && ', '}<code>${JSON.stringify(value)}</code>`)}`;
  if ('const' in schema) return html`<code>${JSON.stringify(schema['const'])}</code>`;
  if (schema['type'] === 'array') return html`list of ${typeOf((schema['items'] ?? {}) as JsonSchema)}`;
  const limits = CONSTRAINTS.filter((key) => key in schema && !WITHOUT_MEANING.has(schema[key]));
  return html`${typeof schema['type'] === 'string' ? schema['type'] : 'any'}${limits.map((key) => html`<br /><span class="docs-limit">${key} <code>${JSON.stringify(schema[key])}</code></span>`)}`;
}

/** A value of this schema's shape: its own example where it has one. */
export function sampleOf(schema: JsonSchema, names: SchemaNames): unknown {
  const name = referenceOf(schema);
  if (name !== undefined) return sampleOf(names[name] ?? {}, names);
  const [example] = (schema['examples'] ?? []) as readonly unknown[];
  if (example !== undefined) return example;
  for (const key of ['const', 'default']) if (key in schema) return schema[key];
  if (Array.isArray(schema['enum'])) return schema['enum'][0] as unknown;
  const alternatives = schema['anyOf'] ?? schema['oneOf'];
  if (isSchemaList(alternatives)) return sampleOf(alternatives[0] ?? {}, names);
  switch (schema['type']) {
    case 'object':
      return Object.fromEntries(Object.entries((schema['properties'] ?? {}) as Record<string, JsonSchema>).map(([field, inner]) => [field, sampleOf(inner, names)]));
    case 'array':
      return [sampleOf((schema['items'] ?? {}) as JsonSchema, names)];
    case 'integer':
    case 'number':
      return typeof schema['minimum'] === 'number' && !WITHOUT_MEANING.has(schema['minimum']) ? schema['minimum'] : 1;
    case 'boolean':
      return true;
    default:
      return '…';
  }
}

function referenceOf(schema: JsonSchema): string | undefined {
  const reference = schema['$ref'];
  return typeof reference === 'string' && reference.startsWith(COMPONENT) ? reference.slice(COMPONENT.length) : undefined;
}

function isSchemaList(value: unknown): value is readonly JsonSchema[] {
  return Array.isArray(value);
}
