// One request by its seed and index: mostly a right one, else one with a few things wrong in places that matter.
import type { Role } from '#app/feature.ts';
import { type Random, randomOf } from './random.ts';
import type { FuzzRoute } from './routes.ts';
import { createValue, type ValueSource } from './schema-values.ts';
import { mutate } from './mutations.ts';

export type Caller = { readonly kind: 'nobody' } | { readonly kind: 'broken' } | { readonly kind: 'bearer' | 'session'; readonly user: string };

/** Before it is bytes: what mutations change. */
export interface Draft {
  method: string;
  path: string;
  query: [name: string, value: string][];
  /** Without who asks. */
  headers: [name: string, value: string][];
  fields: Record<string, unknown> | undefined;
  body: Buffer | undefined;
}

export interface FuzzRequest {
  readonly seed: number;
  readonly index: number;
  readonly route: FuzzRoute;
  readonly caller: Caller;
  readonly isMutated: boolean;
  readonly method: string;
  readonly target: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer | undefined;
}

export interface FuzzSource extends ValueSource {
  readonly routes: readonly [FuzzRoute, ...FuzzRoute[]];
  readonly users: readonly { readonly id: string; readonly roles: readonly Role[] }[];
  readonly origin: string;
}

export function createRequest(seed: number, index: number, source: FuzzSource): FuzzRequest {
  const random = randomOf(seed, index);
  const route = random.pick(source.routes);
  const caller = createCaller(route, source, random);
  const draft = createDraft(route, caller, source, random);
  const isMutated = random.chance(55);
  if (isMutated) for (let count = 1 + random.below(3); count > 0; count -= 1) mutate(draft, random);
  const body = draft.body ?? encode(draft, route);
  const search = draft.query.map(([name, value]) => (value === '' ? name : `${name}=${value}`)).join('&');
  return {
    seed,
    index,
    route,
    caller,
    isMutated,
    method: draft.method,
    // What Node's client can't put on the wire; the raw corpus can.
    target: `${draft.path}${search === '' ? '' : `?${search}`}`.replaceAll(/[^\x21-\xff]/gu, (character) => encodeURIComponent(character.toWellFormed())),
    headers: draft.headers,
    body,
  };
}

function createCaller(route: FuzzRoute, { users }: FuzzSource, random: Random): Caller {
  const roll = random.below(100);
  if (roll < 8) return { kind: 'nobody' };
  if (roll < 12) return { kind: 'broken' };
  const wantsPerson = route.kind === 'page' || route.kind === 'form';
  // Each role asks for everything; those who may do it more often, since the others get no further than the door.
  const allowed = users.filter(({ roles }) => roles.some((role) => route.roles.includes(role)));
  const user = random.some(random.chance(60) && allowed.length > 0 ? allowed : users)?.id ?? '';
  return { kind: random.chance(wantsPerson ? 85 : 25) ? 'session' : 'bearer', user };
}

function createDraft(route: FuzzRoute, caller: Caller, source: FuzzSource, random: Random): Draft {
  const path = route.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(toText(createValue(route.params[name] ?? {}, source, random, name))));
  const query = Object.entries(route.query)
    .filter(() => random.chance(40))
    .map(([name, schema]): [string, string] => [name, encodeURIComponent(toText(createValue(schema, source, random, name)))]);
  const headers: [string, string][] = [['Accept', route.kind === 'operation' ? 'application/json, text/event-stream;q=0.5' : 'text/html, */*;q=0.5']];
  if (route.demandsVersion) headers.push(['If-Match', random.chance(50) ? '*' : `"${1 + random.below(30)}"`]);
  if (route.method === 'POST' && random.chance(40)) headers.push(['Idempotency-Key', `fuzz-${random.below(5_000)}`]);
  if (route.upgrades && random.chance(70)) headers.push(['Connection', 'Upgrade'], ['Upgrade', 'websocket'], ['Sec-WebSocket-Version', '13'], ['Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ=='], ['Origin', source.origin]);
  else if (caller.kind === 'session' && route.method !== 'GET') headers.push(['Origin', source.origin]);
  const value = route.body === undefined ? undefined : createValue(route.body.schema, source, random);
  return { method: route.method, path, query, headers, fields: typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined, body: undefined };
}

function encode({ fields, headers }: Draft, { body }: FuzzRoute): Buffer | undefined {
  if (fields === undefined) return undefined;
  if (!headers.some(([name]) => name.toLowerCase() === 'content-type')) {
    headers.push(['Content-Type', body?.type === 'form' ? 'application/x-www-form-urlencoded' : 'application/json']);
  }
  if (body?.type !== 'form') return Buffer.from(JSON.stringify(fields));
  const pairs = Object.entries(fields).flatMap(([name, value]) => (Array.isArray(value) ? (value as unknown[]) : [value]).map((each) => [name, toText(each)] as const));
  return Buffer.from(pairs.map(([name, value]) => `${encodeURIComponent(name.toWellFormed())}=${encodeURIComponent(value.toWellFormed())}`).join('&'));
}

function toText(value: unknown): string {
  const text = typeof value === 'string' ? value : ((JSON.stringify(value) as string | undefined) ?? '');
  return text.toWellFormed();
}
