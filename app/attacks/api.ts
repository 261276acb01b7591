// The API as an attacker reads it out of /openapi.json: its operations, bodies that they take, and what lists show to whom.
// Tested by attack.proof.ts: what it finds and makes is what is attacked.
import { randomInt } from 'node:crypto';
import { DEVELOPMENT_USERS } from '#app/identity/development-users.ts';
import type { Answer } from '#app/testing/fuzz/client.ts';
import { randomOf } from '#app/testing/fuzz/random.ts';
import { createValue, type Schema } from '#app/testing/fuzz/schema-values.ts';
import { bodyOf, headerOf, statusOf } from './attack.ts';
import type { Lines, Request, Route, Target } from './target.ts';

export type Fields = Record<string, unknown>;

const MOST_TRIES = 40;
const MOST_PAGES = 20;
export const ANY_VERSION: Lines = [['If-Match', '*']];

/** Streams and upgrades have attacks of their own. */
export function operationsOf({ routes }: Target): readonly Route[] {
  return routes.filter(({ kind, path, upgrades }) => kind === 'operation' && !upgrades && !path.endsWith('/stream'));
}

/** Managers of the two tenants may do the most. */
export const TENANTS = [...new Set(DEVELOPMENT_USERS.map(({ tenantId }) => tenantId))];
export function managerOf(tenant: string): string {
  return DEVELOPMENT_USERS.find(({ tenantId, roles }) => tenantId === tenant && roles.includes('manager'))?.id ?? '';
}

/** What no earlier run has used, of characters that nearly every field takes. */
export function createMarker(): string {
  return `ATTACK-${randomInt(2 ** 40).toString(36).toUpperCase()}`;
}

export function resolve(target: Pick<Target, 'resolve'>, schema: Schema): Schema {
  return typeof schema['$ref'] === 'string' ? resolve(target, target.resolve(schema['$ref'])) : schema;
}

export function propertiesOf(target: Pick<Target, 'resolve'>, schema: Schema | undefined): Readonly<Record<string, Schema>> {
  return schema === undefined ? {} : ((resolve(target, schema)['properties'] ?? {}) as Readonly<Record<string, Schema>>);
}

function valueOf(target: Target, schema: Schema, name = ''): unknown {
  return createValue(schema, { known: new Map(), resolve: target.resolve }, randomOf(randomInt(2 ** 30), 0), name);
}

/** Fields of the body's form, `text` in each that takes it as far as its schema tells. */
export function createFields(target: Target, schema: Schema | undefined, text: string): Fields {
  if (schema === undefined) return {};
  const fields = valueOf(target, schema) as Fields;
  const required = (resolve(target, schema)['required'] ?? []) as readonly string[];
  for (const [name, property] of Object.entries(propertiesOf(target, schema))) {
    if (isFreeText(target, property) && (name in fields || !required.includes(name))) fields[name] = text;
  }
  return fields;
}

export function isFreeText(target: Pick<Target, 'resolve'>, schema: Schema): boolean {
  const { type, format, enum: choices, const: only } = resolve(target, schema);
  return type === 'string' && format === undefined && choices === undefined && only === undefined;
}

export interface Sent {
  readonly request: Request;
  readonly fields: Fields;
  readonly answer: Answer;
}

/** Asks until the body is well-formed: what an answer's `errors` point at is made anew. */
export async function askWell(target: Target, route: Route, path: string, credential: Lines, { text = createMarker(), fixed = {} }: { readonly text?: string; readonly fixed?: Fields } = {}): Promise<Sent> {
  let fields: Fields = { ...createFields(target, route.body?.schema, text), ...fixed };
  for (let tries = 0; ; tries += 1) {
    const request: Request = { method: route.method, path, headers: [...credential, ...(route.demandsVersion ? ANY_VERSION : []), ['Accept', route.kind === 'operation' ? 'application/json' : 'application/problem+json, text/html;q=0.9']], ...bodyFor(route, fields) };
    const answer = await target.ask(request);
    const wrong = route.body === undefined ? [] : faultyFields(answer);
    if (wrong.length === 0 || tries >= MOST_TRIES) return { request, fields, answer };
    const properties = propertiesOf(target, route.body?.schema);
    const again = Object.fromEntries(wrong.flatMap((name) => (name in fixed || properties[name] === undefined ? [] : [[name, valueOf(target, properties[name], name)]])));
    fields = Object.keys(again).length === 0 ? { ...createFields(target, route.body?.schema, text), ...fixed } : { ...fields, ...again };
  }
}

function faultyFields(answer: Answer): readonly string[] {
  return statusOf(answer) === 400 ? [...bodyOf(answer).matchAll(/"pointer":"#\/?([\w-]*)/g)].map(([, name = '']) => name) : [];
}

export function bodyFor({ body }: Pick<Route, 'body'>, fields: Fields): Pick<Request, 'json' | 'form'> {
  if (body === undefined) return {};
  return body.type === 'json' ? { json: fields } : { form: Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, typeof value === 'string' ? value.toWellFormed() : JSON.stringify(value)])) };
}

export function fillPath(path: string, params: Readonly<Record<string, string>>): string {
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? 'x'));
}

/** Where things are made: every POST of the API without a path parameter that takes a body. */
export function creationsOf(target: Target): readonly Route[] {
  return operationsOf(target).filter(({ method, path, body }) => method === 'POST' && !path.includes('{') && body !== undefined);
}

export interface Planted {
  readonly route: Route;
  readonly location: string;
  readonly fields: Fields;
  readonly marker: string;
}

/** One of everything that can be made, and one for each choice that a field of it has (`restricted` and the like). */
export async function plant(target: Target, user: string, text?: (marker: string) => string): Promise<readonly Planted[]> {
  const planted: Planted[] = [];
  for (const route of creationsOf(target)) {
    const choices = Object.entries(propertiesOf(target, route.body?.schema)).flatMap(([name, property]) => ((resolve(target, property)['enum'] ?? []) as readonly unknown[]).map((value) => ({ [name]: value })));
    for (const fixed of choices.length === 0 ? [{}] : choices) {
      const marker = createMarker();
      const { fields, answer } = await askWell(target, route, route.path, await target.bearer(user), { text: text?.(marker) ?? marker, fixed });
      const location = headerOf(answer, 'location');
      if (statusOf(answer) === 201 && location !== undefined) planted.push({ route, location, fields, marker });
    }
  }
  return planted;
}

export interface Collection {
  readonly list: Route;
  /** Routes whose only parameter names one thing of the list. */
  readonly items: readonly Route[];
  readonly parameter: string;
}

/** Lists whose things have routes of their own: `/things` and `/things/{id}/…`, pages with the same parameter among them. */
export function collectionsOf(target: Target): readonly Collection[] {
  const lists = operationsOf(target).filter(({ method, path }) => method === 'GET' && !path.includes('{'));
  return lists.flatMap((list) => {
    const own = operationsOf(target).find(({ path }) => path.startsWith(`${list.path}/{`));
    const parameter = /\{(\w+)\}/.exec(own?.path ?? '')?.[1];
    if (parameter === undefined) return [];
    const items = target.routes.filter(({ kind, path, upgrades }) => !upgrades && (path.match(/\{/g) ?? []).length === 1 && path.includes(`{${parameter}}`) && (kind === 'operation' ? path.startsWith(`${list.path}/`) : kind === 'page' || kind === 'form'));
    return [{ list, items, parameter }];
  });
}

/** What the list shows to somebody: the names of the things, or nothing where they may not read it. */
export async function listNames(target: Target, { list, parameter }: Collection, credential: Lines): Promise<ReadonlySet<string>> {
  const names = new Set<string>();
  let cursor: string | undefined;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const query = new URLSearchParams({ ...('limit' in list.query ? { limit: '100' } : {}), ...(cursor === undefined ? {} : { cursor }) });
    const answer = await target.ask({ path: `${list.path}?${String(query)}`, headers: credential });
    if (statusOf(answer) !== 200) return names;
    const body = JSON.parse(bodyOf(answer)) as Fields;
    for (const one of Object.values(body).find(Array.isArray) as readonly Fields[]) if (typeof one[parameter] === 'string') names.add(one[parameter]);
    cursor = typeof body['nextCursor'] === 'string' ? body['nextCursor'] : undefined;
    if (cursor === undefined) return names;
  }
  return names;
}
