// The threat model, held against the running service: its routes, its doors, its tables, and whom it connects to.
import assert from 'node:assert/strict';
import { Socket } from 'node:net';
import { resolve } from 'node:path';
import { after, before, mock, test } from 'node:test';
import { Router } from '@koa/router';
import { sql } from 'kysely';
import { compareRoutes, compareTables } from '../.github/threats/coverage.ts';
import { readModel } from '../.github/threats/model.ts';
import { readTree } from '../.github/rules/tree.ts';
import { ADMIN_PATHS } from '#app/admin.ts';
import { startTestService, type TestService } from '#app/testing/service.ts';

const { parts } = readModel(readTree(resolve(import.meta.dirname, '..')));
const elements = parts.flatMap((part) => part.elements);
/** For the placeholders of paths. */
const SOMETHING = '6f1c2f5e-3c1b-4c57-9c58-0d3c3f1a2b4c';

const routers: Router[] = [];
const reached = new Set<string>();
let service: TestService;
before(async () => {
  const prototype: { routes: () => unknown } = Router.prototype;
  const { routes } = prototype;
  mock.method(prototype, 'routes', function (this: Router) {
    routers.push(this);
    return routes.call(this);
  });
  const sockets = Socket.prototype as unknown as { connect: (...given: unknown[]) => Socket };
  const { connect } = sockets;
  mock.method(sockets, 'connect', function (this: Socket, ...given: unknown[]) {
    reached.add(addressOf(given));
    return connect.apply(this, given);
  });
  service = await startTestService();
});
after(() => service.close());

/** As `net` hands it on: port and host, or options. */
function addressOf(given: readonly unknown[]): string {
  const [first, host] = Array.isArray(given[0]) ? (given[0] as unknown[]) : given;
  const options = (typeof first === 'object' && first !== null ? first : { port: first, host }) as { readonly port?: number | string; readonly host?: string; readonly path?: string };
  return options.path ?? `${options.host ?? 'localhost'}:${options.port ?? ''}`;
}

function mountedRoutes(): readonly string[] {
  const mounted = routers.flatMap(({ stack }) => stack.flatMap(({ path, methods }) => methods.filter((method) => method !== 'HEAD').map((method) => `${method} ${String(path).replaceAll(/:(\w+)/g, '{$1}')}`)));
  return [...mounted, ...ADMIN_PATHS.map((path) => `GET ${path}`)];
}

test('every route of the running service belongs to one element of the threat model, and every route that it names is mounted', () => {
  const found = mountedRoutes();
  assert.ok(found.length > 15, found.join('\n'));
  assert.deepEqual(compareRoutes(parts, found), []);
  assert.deepEqual(compareRoutes(parts, [...found, 'GET /unknown']), ['GET /unknown belongs to no element']);
});

test('every table of the migrated schema belongs to one element of the threat model, and every table that it names is there', async () => {
  const { rows } = await sql<{ name: string }>`select table_name as name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'`.execute(service.database.owner);
  const found = rows.map(({ name }) => name);
  assert.ok(found.length >= 6, found.join('\n'));
  assert.deepEqual(compareTables(parts, found), []);
  await sql`create table unmodelled (tenant_id text not null)`.execute(service.database.owner);
  const { rows: more } = await sql<{ name: string }>`select table_name as name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'`.execute(service.database.owner);
  assert.deepEqual(compareTables(parts, more.map(({ name }) => name)), ['the table unmodelled belongs to no element']);
});

test('every element with routes says whom it admits, and who is nobody gets past no door but those', async () => {
  assert.deepEqual(elements.filter(({ routes, admits }) => routes.length > 0 && admits === undefined).map(({ id }) => id), []);
  for (const { id, routes, admits } of elements.filter((element) => element.admits === 'who is known')) {
    for (const route of routes) assert.ok(await turnsAway(route), `${id} says "${admits ?? ''}", and ${route} let nobody in`);
  }
  const open = elements.filter(({ admits, id }) => admits === 'anybody' && id !== 'admin').flatMap(({ routes }) => routes.filter((route) => route.startsWith('GET ')));
  assert.ok(open.length >= 4);
  assert.ok(!(await turnsAway('GET /nowhere')), 'a path that is not there is no door');
  for (const route of open) assert.ok(!(await turnsAway(route)), `${route} is said to be for anybody`);
});

/** 401, the way to sign in, or another protocol. */
async function turnsAway(route: string): Promise<boolean> {
  const [method = '', path = ''] = route.split(' ');
  const response = await fetch(service.url + path.replaceAll(/\{\w+\}/g, SOMETHING), { method, redirect: 'manual', headers: { accept: path.startsWith('/api/') ? '*/*' : 'text/html' } });
  await response.body?.cancel();
  const leadsToSignIn = response.status === 303 && /^\/(?:auth\/)?sign-in\?/.test(response.headers.get('location') ?? '');
  return leadsToSignIn || [401, 426].includes(response.status);
}

test('while it starts, signs somebody in and answers them, the process connects to what the flows name and to nothing else', async () => {
  const clerk = await service.as('clerk');
  const response = await clerk.fetch('/api/v1/sessions');
  assert.equal(response.status, 200);
  const { config, database, url, adminUrl } = service;
  const ofFlows: Readonly<Record<string, string | undefined>> = { DATABASE_URL: database.url, OIDC_ISSUER: config.identity.issuer };
  const settings = new Set(parts.flatMap(({ flows }) => flows.flatMap((flow) => flow.settings)));
  for (const setting of Object.keys(ofFlows)) assert.ok(settings.has(setting), setting);
  const known = new Set([...Object.values(ofFlows), url, adminUrl].flatMap((address) => (address === undefined ? [] : [new URL(address).host])));
  assert.deepEqual([...reached].filter((address) => !known.has(address)), []);
  assert.ok(reached.has(new URL(config.identity.issuer).host), 'the provider was not asked');
  assert.ok(database.url === undefined || reached.has(new URL(database.url).host), 'the server was not asked');
  const away = new Socket();
  away.on('error', () => undefined).connect(9, '127.0.0.1').destroy();
  assert.deepEqual([...reached].filter((address) => !known.has(address)), ['127.0.0.1:9']);
});
