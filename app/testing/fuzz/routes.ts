// Every route of the service as it is mounted, with what its inputs look like: a route that is added is found here by itself.
import { Registry } from 'prom-client';
import { pino } from 'pino';
import { z } from 'zod';
import { ROLES, type Role } from '#app/feature.ts';
import { createFeatures, findFeatures, type LoadedFeature } from '#app/features.ts';
import { createOpenApi, type OpenApiDocument, type OpenApiOperation } from '#app/http/openapi.ts';
import { API_PREFIX } from '#app/http/operation-routes.ts';
import { createRoutes } from '#app/server.ts';
import { startSampleService } from '#app/testing/sample-service.ts';
import type { Schema } from './schema-values.ts';

export interface FuzzRoute {
  readonly kind: 'operation' | 'page' | 'form' | 'platform' | 'asset';
  readonly method: string;
  /** With braces: `/items/{sku}`. */
  readonly path: string;
  readonly params: Readonly<Record<string, Schema>>;
  readonly query: Readonly<Record<string, Schema>>;
  readonly demandsVersion: boolean;
  /** Whose requests may succeed. */
  readonly roles: readonly Role[];
  /** Leads to a WebSocket. */
  readonly upgrades: boolean;
  readonly body?: { readonly type: 'json' | 'form'; readonly schema: Schema };
}

export interface FoundRoutes {
  readonly routes: readonly FuzzRoute[];
  readonly document: OpenApiDocument;
  readonly features: readonly LoadedFeature[];
}

const ANY_TEXT: Schema = { type: 'string' };

/** From the router itself, so that none is forgotten; what is inside comes from the OpenAPI document and the pages' schemas. `platform` comes beside the features. */
export async function findRoutes(platform: readonly LoadedFeature[] = []): Promise<FoundRoutes> {
  const found = await findFeatures();
  let features: readonly LoadedFeature[] = [];
  const service = await startSampleService(({ db }) => {
    features = [...platform, ...createFeatures(found, { database: db, environment: {}, production: false, signInFactors: 1, publicUrl: 'http://stockade.test', log: pino({ level: 'silent' }), metrics: new Registry(), countSignIns: () => () => undefined, clock: () => new Date() })];
    return Promise.resolve({ features });
  });
  try {
    const document = createOpenApi(features, 'http://provider.test');
    const mounted = createRoutes(service.parts).stack.flatMap(({ path, methods }) => (typeof path === 'string' ? methods.filter((method) => method !== 'HEAD').map((method) => ({ method, path: path.replaceAll(/:(\w+)/g, '{$1}') })) : []));
    return { routes: mounted.map(({ method, path }) => describeRoute(method, path, document, features)), document, features };
  } finally {
    await service.close();
  }
}

function describeRoute(method: string, path: string, document: OpenApiDocument, features: readonly LoadedFeature[]): FuzzRoute {
  const base = { method, path, params: Object.fromEntries([...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => [name, ANY_TEXT])), query: {}, demandsVersion: false, upgrades: false, roles: rolesOf(method, path, features) };
  const operation = document.paths[path]?.[method.toLowerCase()];
  if (operation !== undefined) return { ...base, ...describeOperation(operation) };
  const page = features.flatMap(({ feature }) => feature.pages).find((each) => each.path === path && each.method.toUpperCase() === method);
  if (page === undefined) return { ...base, kind: 'platform', query: path === '/auth/sign-in' ? { return_to: ANY_TEXT } : path === '/auth/callback' ? { state: ANY_TEXT, code: ANY_TEXT } : {} };
  const params = { ...base.params, ...propertiesOf(page.params as z.ZodType | undefined) };
  if (page.kind === 'page') return { ...base, kind: 'page', params, query: propertiesOf(page.query as z.ZodType | undefined) };
  return { ...base, kind: 'form', params, body: { type: 'form', schema: toSchema(page.body as z.ZodType) } };
}

function describeOperation(operation: OpenApiOperation): Pick<FuzzRoute, 'kind' | 'params' | 'query' | 'demandsVersion' | 'upgrades'> & Partial<Pick<FuzzRoute, 'body'>> {
  const of = (place: 'path' | 'query') => Object.fromEntries((operation.parameters ?? []).filter((parameter) => parameter.in === place).map(({ name, schema }) => [name, schema]));
  const schema = operation.requestBody?.content['application/json']?.schema;
  return {
    kind: 'operation',
    params: of('path'),
    query: of('query'),
    upgrades: operation.responses['101'] !== undefined,
    demandsVersion: operation.parameters?.some(({ name }) => name === 'If-Match') ?? false,
    ...(schema === undefined ? {} : { body: { type: 'json' as const, schema } }),
  };
}

function rolesOf(method: string, path: string, features: readonly LoadedFeature[]): readonly Role[] {
  for (const { feature, module } of features) {
    const route = [...feature.operations.map((each) => ({ ...each, path: API_PREFIX + each.path })), ...feature.pages].find((each) => each.path === path && each.method.toUpperCase() === method);
    if (route !== undefined) return module.grants[route.action] ?? [];
  }
  return ROLES;
}

/** What the handler gets, which names the types; what a form sends is its text. */
export function toSchema(schema: z.ZodType): Schema {
  return z.toJSONSchema(schema, { io: 'output', unrepresentable: 'any' });
}

function propertiesOf(schema: z.ZodType | undefined): Readonly<Record<string, Schema>> {
  return schema === undefined ? {} : ((toSchema(schema)['properties'] ?? {}) as Readonly<Record<string, Schema>>);
}
