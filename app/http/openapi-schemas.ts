// zod schemas as the document's JSON Schemas; those with an id become components, once each.
// Tested by openapi.test.ts: the document is made of them.
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';

export type JsonSchema = Readonly<Record<string, unknown>>;

export interface SchemaCollection {
  /** A reference where the schema has an id (`.meta({ id })`), else the schema itself. */
  convert(schema: z.ZodType, side: 'input' | 'output'): JsonSchema;
  components(): Readonly<Record<string, JsonSchema>>;
}

const REFERENCE = '#/$defs/';

export function createSchemaCollection(): SchemaCollection {
  const components = new Map<string, JsonSchema>();
  return {
    convert(schema, side) {
      // Wrapped, because zod keeps the outermost schema in place even when it has an id.
      const { properties, $defs = {} } = z.toJSONSchema(z.object({ schema }), { io: side, target: 'draft-2020-12', unrepresentable: 'any' });
      for (const [id, definition] of Object.entries($defs)) addOnce(components, id, pointToComponents(definition) as JsonSchema);
      return pointToComponents(properties?.['schema'] ?? {}) as JsonSchema;
    },
    components: () => Object.fromEntries([...components].sort(([one], [other]) => (one < other ? -1 : 1))),
  };
}

/** @throws TypeError when two different schemas have one id. */
function addOnce(components: Map<string, JsonSchema>, id: string, { id: _id, ...schema }: JsonSchema): void {
  const known = components.get(id);
  if (known !== undefined && !isDeepStrictEqual(known, schema)) throw new TypeError(`Two schemas have the id ${id}.`);
  components.set(id, schema);
}

function pointToComponents(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(pointToComponents);
  if (typeof node !== 'object' || node === null) return node;
  return Object.fromEntries(
    Object.entries(node).map(([key, value]) => (key === '$ref' && typeof value === 'string' && value.startsWith(REFERENCE) ? [key, `#/components/schemas/${value.slice(REFERENCE.length)}`] : [key, pointToComponents(value)])),
  );
}
