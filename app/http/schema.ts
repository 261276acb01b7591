// What the platform demands of a schema at start-up: it exists, and every object in it refuses unknown fields.
// Tested by route-checks.test.ts: which are what uses it.
import { z } from 'zod';

/** @throws TypeError that names the place, so that a lax schema never serves a request (CWE-915). */
export function requireStrict(schema: z.ZodType, where: string): void {
  visit(schema, where, new Set());
}

function visit(schema: z.core.$ZodType, where: string, seen: Set<z.core.$ZodType>): void {
  if (seen.has(schema)) return;
  seen.add(schema);
  if (schema instanceof z.ZodObject) {
    if (!(schema.def.catchall instanceof z.ZodNever)) throw new TypeError(`${where} lets unknown fields pass: use z.strictObject.`);
    for (const [name, field] of Object.entries<z.core.$ZodType>(schema.shape)) visit(field, `${where}.${name}`, seen);
    return;
  }
  for (const [key, part] of Object.entries(schema._zod.def)) {
    // A lazy schema is a getter function; everything else that holds schemas holds them as values or in lists.
    const inner: unknown = key === 'getter' && typeof part === 'function' ? (part as () => unknown)() : part;
    for (const one of Array.isArray(inner) ? (inner as unknown[]) : [inner]) if (isSchema(one)) visit(one, where, seen);
  }
}

function isSchema(value: unknown): value is z.core.$ZodType {
  return typeof value === 'object' && value !== null && '_zod' in value;
}

/** The fields of an object schema, through whatever wraps it. */
export function fieldsOf(schema: z.ZodType, where: string): Readonly<Record<string, z.ZodType>> {
  const inner = unwrap(schema);
  if (!(inner instanceof z.ZodObject)) throw new TypeError(`${where} must be a z.strictObject.`);
  return inner.shape;
}

export function isList(schema: z.ZodType): boolean {
  return unwrap(schema) instanceof z.ZodArray;
}

function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  const definition = schema._zod.def;
  if ('innerType' in definition && isSchema(definition.innerType)) return unwrap(definition.innerType);
  if ('in' in definition && isSchema(definition.in)) return unwrap(definition.in);
  return schema;
}
