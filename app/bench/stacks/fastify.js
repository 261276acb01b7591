// Fastify with the plugins that come closest to what the service has on: headers, rate limit, schemas, tokens, roles, metrics, one log line a request.
import helmet from '@fastify/helmet';
import jwt from '@fastify/jwt';
import rateLimit from '@fastify/rate-limit';
import Fastify from 'fastify';
import { collectDefaultMetrics, Histogram, Registry } from 'prom-client';
import { openStore } from './store.js';

const store = openStore();
const registry = new Registry();
collectDefaultMetrics({ register: registry });
const seconds = new Histogram({ name: 'http_request_duration_seconds', help: 'Duration of requests', labelNames: ['method', 'route', 'status'], registers: [registry] });

const app = Fastify({ logger: { level: 'info', base: { service: 'fastify' } }, disableRequestLogging: true, trustProxy: 1, requestIdHeader: 'x-request-id', genReqId: () => crypto.randomUUID() });
await app.register(helmet, {
  contentSecurityPolicy: {
    useDefaults: false,
    directives: { defaultSrc: ["'none'"], scriptSrc: ["'self'"], styleSrc: ["'self'"], imgSrc: ["'self'"], connectSrc: ["'self'"], formAction: ["'self'"], frameAncestors: ["'none'"], baseUri: ["'none'"], upgradeInsecureRequests: [] },
  },
  crossOriginEmbedderPolicy: true,
  strictTransportSecurity: { maxAge: 63_072_000, includeSubDomains: true },
  xFrameOptions: { action: 'deny' },
});
// Never reached by the bench, and counted at every request all the same.
await app.register(rateLimit, { max: 10_000_000, timeWindow: '1 minute' });
await app.register(jwt, {
  secret: { public: process.env.BENCH_PUBLIC_KEY },
  verify: { algorithms: ['RS256'], allowedIss: process.env.OIDC_ISSUER, allowedAud: process.env.OIDC_AUDIENCE, requiredClaims: ['exp', 'sub'], checkTyp: 'at+jwt', clockTolerance: 5_000, cache: process.env.BENCH_TOKEN_CACHE === 'on' },
  formatUser: ({ sub, tenant, roles }) => ({ id: sub, tenantId: tenant, roles }),
});

app.addHook('onSend', async (request, reply) => {
  reply.header('x-request-id', request.id).header('cache-control', 'no-store');
});
app.addHook('onResponse', async (request, reply) => {
  const route = request.routeOptions.url;
  seconds.observe({ method: request.method, route, status: reply.statusCode }, reply.elapsedTime / 1_000);
  request.log.info({ method: request.method, route, status: reply.statusCode, durationMs: Math.round(reply.elapsedTime * 10) / 10, tenantId: request.user?.tenantId }, 'request');
});

const allow = (...roles) => async (request, reply) => {
  await request.jwtVerify();
  if (!request.user.roles.some((role) => roles.includes(role))) return reply.code(403).send({ status: 403, title: 'Forbidden' });
};
const params = { type: 'object', required: ['sku'], additionalProperties: false, properties: { sku: { type: 'string', pattern: '^[A-Z0-9][A-Z0-9-]{0,31}$' } } };
const text = { type: 'string' };
const integer = { type: 'integer' };
const item = { type: 'object', properties: { sku: text, name: text, location: text, unit: text, quantity: integer, reorderLevel: integer, status: text, version: integer, createdAt: text, updatedAt: text } };

app.get('/api/v1/items/:sku', { onRequest: allow('viewer', 'clerk', 'manager', 'auditor'), schema: { params, querystring: { type: 'object', additionalProperties: false }, response: { 200: item } } }, async (request, reply) => {
  const found = await store.readItem(request.user.tenantId, request.params.sku);
  if (found === undefined) return reply.code(404).send({ status: 404, title: 'Not found' });
  reply.header('etag', `"${found.version}"`);
  return found;
});

const movement = {
  type: 'object',
  required: ['delta', 'reason'],
  additionalProperties: false,
  properties: { delta: integer, reason: { enum: ['received', 'sold', 'returned', 'damaged', 'count'] }, note: { type: 'string', minLength: 1, maxLength: 200 } },
};
app.post('/api/v1/items/:sku/movements', { onRequest: allow('clerk', 'manager'), schema: { params, body: movement } }, async (request, reply) => {
  const { id: subjectId, tenantId } = request.user;
  const { answer } = await store.move({ tenantId, subjectId, sku: request.params.sku, key: request.headers['idempotency-key'], body: JSON.stringify(request.body) });
  return reply.code(201).type('application/json').send(answer);
});
app.get('/metrics', async (_request, reply) => reply.type(registry.contentType).send(await registry.metrics()));

await app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' });
process.send?.('ready');
