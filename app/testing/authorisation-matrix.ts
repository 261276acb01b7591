// Who may do what, as a table: every route of a feature, each role, and somebody of another tenant, asked over HTTP.
// Tested by the matrices that use it, each of which was seen red with a cell turned round.
import type { Feature } from '#app/feature.ts';
import { ROLES, type Role } from '#app/feature.ts';
import type { TestService, Visitor } from '#app/testing/service.ts';

export interface MatrixRequest {
  /** For the placeholders of paths. */
  readonly params: Readonly<Record<string, string>>;
  /** JSON of commands, fields of forms, by operationId or path. */
  readonly bodies: Readonly<Record<string, object>>;
}

interface Route {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly json: boolean;
  readonly body: object | undefined;
}

/** `yes` and `no` for the roles of the tenant, and the status that a manager of another tenant gets. */
export async function askEveryRoute(service: TestService, feature: Pick<Feature, 'operations' | 'pages'>, { params, bodies }: MatrixRequest, others: Readonly<Record<Role | 'other', string>>): Promise<string> {
  const routes = routesOf(feature, bodies);
  const columns = [...ROLES, 'other'] as const;
  const visitors = new Map<string, Visitor>();
  for (const column of columns) visitors.set(column, await service.as(others[column]));
  const lines = [['route', ...columns]];
  for (const route of routes) {
    const cells: string[] = [];
    for (const column of columns) {
      const visitor = visitors.get(column);
      const status = visitor === undefined ? 0 : await ask(visitor, route, params);
      cells.push(column === 'other' ? String(status) : status === 401 || status === 403 ? 'no' : 'yes');
    }
    lines.push([route.name, ...cells]);
  }
  return formatTable(lines);
}

function routesOf({ operations, pages }: Pick<Feature, 'operations' | 'pages'>, bodies: MatrixRequest['bodies']): readonly Route[] {
  return [
    ...operations.map(({ method, path, operationId }) => ({ name: `${method.toUpperCase()} /api/v1${path}`, method, path: `/api/v1${path}`, json: true, body: bodies[operationId] })),
    ...pages.map(({ method, path }) => ({ name: `${method.toUpperCase()} ${path}`, method, path, json: false, body: bodies[path] })),
  ];
}

async function ask(visitor: Visitor, { method, path, json, body }: Route, params: MatrixRequest['params']): Promise<number> {
  const url = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => params[name] ?? '');
  const headers: Record<string, string> = { accept: json ? 'application/json' : 'text/html', 'if-match': '"1"' };
  if (body !== undefined) headers['content-type'] = json ? 'application/json' : 'application/x-www-form-urlencoded';
  const response = await visitor.fetch(url, { method: method.toUpperCase(), headers, ...(body === undefined ? {} : { body: json ? JSON.stringify(body) : new URLSearchParams(body as Record<string, string>) }) });
  await response.body?.cancel();
  return response.status;
}

/** As a person writes it: columns by blanks. */
function formatTable(lines: readonly (readonly string[])[]): string {
  const widths = (lines[0] ?? []).map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines.map((line) => line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ').trimEnd()).join('\n');
}
