import assert from 'node:assert/strict';
import http from 'node:http';
import { test } from 'node:test';
import { createOpenApi } from '#app/http/openapi.ts';
import { createSampleFeature } from '#app/testing/sample-feature.ts';
import { createRequest, type FuzzRequest, type FuzzSource } from './requests.ts';
import { findRoutes } from './routes.ts';
import type { Schema } from './schema-values.ts';

const { components, paths } = createOpenApi([createSampleFeature()], 'http://provider.test');
const source: FuzzSource = {
  routes: [
    { kind: 'operation', method: 'POST', path: '/api/v1/notes', params: {}, query: {}, demandsVersion: false, upgrades: false, roles: ['clerk'], body: { type: 'json', schema: paths['/api/v1/notes']?.['post']?.requestBody?.content['application/json']?.schema ?? {} } },
    { kind: 'page', method: 'GET', path: '/notes/{id}', params: { id: { type: 'string', pattern: '^[a-z]{1,5}$' } }, query: { find: { type: 'string' } }, demandsVersion: false, upgrades: false, roles: ['viewer', 'clerk'] },
  ],
  users: [{ id: 'clerk', roles: ['clerk'] }, { id: 'viewer', roles: ['viewer'] }],
  origin: 'http://stockade.test',
  known: new Map([['id', ['known-1']]]),
  resolve: (reference) => components.schemas[reference.slice(reference.lastIndexOf('/') + 1)] as Schema,
};
const COUNT = 2_000;
const requests = Array.from({ length: COUNT }, (_, index) => createRequest(7, index, source));
const shown = ({ method, target, headers, body, caller }: FuzzRequest): string => JSON.stringify([method, target, headers, body?.toString('base64'), caller]);

test('the same seed and index make the same request, others another', () => {
  assert.deepEqual(requests.map(shown), requests.map((_, index) => shown(createRequest(7, index, source))));
  assert.notDeepEqual(requests.map(shown), requests.map((_, index) => shown(createRequest(8, index, source))));
  assert.ok(new Set(requests.map(shown)).size > COUNT * 0.8);
});

test('many are right, many are not, and every role and nobody asks', () => {
  const mutated = requests.filter(({ isMutated }) => isMutated).length;
  assert.ok(mutated > COUNT * 0.4 && mutated < COUNT * 0.7, String(mutated));
  assert.deepEqual([...new Set(requests.map(({ caller }) => ('user' in caller ? `${caller.kind} ${caller.user}` : caller.kind)))].sort(), ['bearer clerk', 'bearer viewer', 'broken', 'nobody', 'session clerk', 'session viewer']);
  assert.ok(requests.some(({ target }) => target === '/notes/known-1'));
  assert.ok(requests.some(({ method }) => method === 'PROPFIND'));
});

test('each can be put on the wire', () => {
  for (const { method, target, headers } of requests) {
    assert.doesNotThrow(() => http.request({ method, path: target, headers: headers.flat(), createConnection: () => undefined, host: '' }).on('error', () => undefined).destroy(), target);
  }
});

test('the routes are those that the service mounts, with their inputs', async () => {
  const { routes, document } = await findRoutes();
  const documented = Object.entries(document.paths).flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`));
  const found = routes.map(({ method, path }) => `${method} ${path}`);
  assert.deepEqual(documented.filter((route) => !found.includes(route)), []);
  assert.ok(found.includes('GET /docs') && found.includes('POST /auth/sign-out'));
  for (const { method, path, body } of routes) {
    if (document.paths[path]?.[method.toLowerCase()]?.requestBody !== undefined) assert.equal(body?.type, 'json', path);
  }
});
