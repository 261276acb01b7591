// Values that a JSON Schema describes, chosen by chance: mostly right ones, since only those reach a handler.
import fc from 'fast-check';
import type { Random } from './random.ts';
import { TEXTS } from './texts.ts';

export type Schema = Readonly<Record<string, unknown>>;

export interface ValueSource {
  /** What the service itself has answered under this name: keys, cursors. */
  readonly known: ReadonlyMap<string, readonly string[]>;
  readonly resolve: (reference: string) => Schema;
}

const MOST_DEPTH = 6;
const WORDS = ['a', 'Aisle 3', 'Größe', '日本', 'x y', 'O’Brien', '0', '1e1', 'null', '🙂', 'A-1', 'true'] as const;
const SAMPLES = 40;
const samples = new Map<string, readonly string[]>();

export function createValue(schema: Schema, source: ValueSource, random: Random, name = '', depth = 0): unknown {
  const { $ref, enum: choices, const: only, examples, type } = schema;
  if (typeof $ref === 'string') return createValue(source.resolve($ref), source, random, name, depth + 1);
  if (only !== undefined) return only;
  if (Array.isArray(choices)) return random.some(choices as unknown[]);
  // Where text is free, nothing before the handler refuses them.
  if (type === 'string' && random.chance(15)) return random.pick(TEXTS);
  const known = source.known.get(name) ?? [];
  // In a body less often, since much of what is made must not be there yet.
  if (known.length > 0 && random.chance(depth === 0 ? 70 : 20)) return random.some(known);
  if (Array.isArray(examples) && random.chance(30)) return random.some(examples as unknown[]);
  const branches = [schema['oneOf'], schema['anyOf'], schema['allOf']].find(Array.isArray) as readonly Schema[] | undefined;
  if (branches !== undefined) return createValue(random.some(branches) ?? {}, source, random, name, depth + 1);
  switch (Array.isArray(type) ? random.some(type as unknown[]) : type) {
    case 'integer':
    case 'number':
      return createNumber(schema, random);
    case 'boolean':
      return random.chance(50);
    case 'null':
      return null;
    case 'array':
      return depth > MOST_DEPTH ? [] : Array.from({ length: random.below(4) }, () => createValue(asSchema(schema['items']), source, random, name, depth + 1));
    case 'object':
      return createObject(schema, source, random, depth);
    default:
      return createText(schema, random);
  }
}

function createObject(schema: Schema, source: ValueSource, random: Random, depth: number): Record<string, unknown> {
  const required = Array.isArray(schema['required']) ? (schema['required'] as readonly string[]) : [];
  const fields = Object.entries(asSchema(schema['properties'])).filter(([name]) => required.includes(name) || (depth <= MOST_DEPTH && random.chance(50)));
  return Object.fromEntries(fields.map(([name, field]) => [name, createValue(asSchema(field), source, random, name, depth + 1)]));
}

function createNumber(schema: Schema, random: Random): number {
  const least = typeof schema['minimum'] === 'number' ? schema['minimum'] : -1_000;
  const most = typeof schema['maximum'] === 'number' ? schema['maximum'] : 1_000;
  if (random.chance(10)) return random.pick([least, most, 0]);
  const small = Math.min(most, Math.max(least, random.below(40) - 10));
  return small === 0 ? Math.min(most, 1) : small;
}

function createText(schema: Schema, random: Random): string {
  const { pattern, format, minLength, maxLength } = schema;
  if (format === 'date-time') return new Date(1_700_000_000_000 + random.below(1_000_000_000)).toISOString();
  if (format === 'uuid') return `00000000-0000-4000-8000-${String(random.below(1_000_000)).padStart(12, '0')}`;
  const most = typeof maxLength === 'number' ? maxLength : 200;
  const least = typeof minLength === 'number' ? minLength : 0;
  if (typeof pattern === 'string' && random.chance(60)) return (random.some(sampleOf(pattern)) ?? '').slice(0, most);
  const text = Array.from({ length: 1 + random.below(3) }, () => random.pick(WORDS)).join(' ');
  return text.padEnd(least, 'x').slice(0, random.chance(5) ? most : Math.min(most, 40));
}

/** The generator is slow, and a few dozen texts of each pattern are many. */
function sampleOf(pattern: string): readonly string[] {
  let texts = samples.get(pattern);
  if (texts === undefined) {
    try {
      texts = fc.sample(fc.stringMatching(new RegExp(pattern, 'u'), { size: 'small' }), { numRuns: SAMPLES, seed: 1 });
    } catch {
      // A pattern that fast-check can't turn round: words serve.
      texts = [];
    }
    samples.set(pattern, texts);
  }
  return texts;
}

function asSchema(value: unknown): Schema {
  return typeof value === 'object' && value !== null ? (value as Schema) : {};
}
