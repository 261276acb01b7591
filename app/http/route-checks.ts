// What a route must have before it serves anything; a route that lacks it stops the start.
import type { Command, Form, Page, PublicForm, PublicPage, Query, Responses } from '#app/feature.ts';
import { fieldsOf, requireStrict } from '#app/http/schema.ts';
import type { z } from 'zod';

const PLACEHOLDER = /\{([^{}]*)\}/g;
const PARAMETER_NAME = /^[A-Za-z][A-Za-z0-9]*$/;
const ACTION = /^[a-z][a-z-]*:[a-z][a-z-]*$/;

type AnyRoute = Query | Command | Page | Form | PublicPage | PublicForm;

/** @throws TypeError that says which route lacks what. */
export function requireRoutable(route: AnyRoute, path: string): void {
  const where = `${route.method.toUpperCase()} ${path}`;
  const demand = (holds: boolean, what: string): void => {
    if (!holds) throw new TypeError(`${where} ${what}`);
  };
  if (route.kind !== 'public-page' && route.kind !== 'public-form') demand(ACTION.test(route.action), 'has no action like "items:read".');
  demand(path.startsWith('/') && (path === '/' || !path.endsWith('/')), 'has a path that does not start with "/", or ends with it.');
  const schemas = schemasOf(route);
  for (const [part, schema] of Object.entries(schemas)) if (schema !== undefined) requireStrict(schema, `${where}: ${part}`);
  const names = placeholdersOf(path);
  const fields = schemas['params'] === undefined ? [] : Object.keys(fieldsOf(schemas['params'], `${where}: params`));
  demand(names.every((name) => PARAMETER_NAME.test(name)), 'has a path parameter that is not a plain name.');
  demand(names.length === fields.length && names.every((name) => fields.includes(name)), 'has other path parameters than its "params" schema.');
  if ('responses' in route) {
    demand(route.operationId !== '', 'has no operationId.');
    demand(Object.keys(route.responses).some((status) => status.startsWith('2')), 'has no successful response.');
  }
  if (route.kind === 'command' && route.method !== 'delete' && route.method !== 'post') demand(route.body !== undefined, 'has no body schema.');
  if (route.kind === 'form' || route.kind === 'public-form') demand('body' in route, 'has no body schema.');
}

function schemasOf(route: AnyRoute): Record<string, z.ZodType | undefined> {
  const { params, query, body } = route as { readonly params?: z.ZodType; readonly query?: z.ZodType; readonly body?: z.ZodType };
  const responses = 'responses' in route ? Object.entries<Responses[number]>(route.responses) : [];
  return { params, query, body, ...Object.fromEntries(responses.map(([status, { schema }]) => [`response ${status}`, schema])) };
}

export function placeholdersOf(path: string): string[] {
  return [...path.matchAll(PLACEHOLDER)].map((match) => match[1] ?? '');
}

/** OpenAPI's `{name}` in the router's `:name`. */
export function toRouterPath(path: string): string {
  return path.replaceAll(PLACEHOLDER, ':$1');
}
