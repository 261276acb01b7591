// Lets pages of other origins use the API (CORS, Fetch Standard 3.2), where the configuration names them: by default nobody.
import type { HttpMiddleware } from '#app/http/context.ts';

const METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE';
/** What our operations read, beyond what any page may send. */
const REQUEST_HEADERS = 'Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Traceparent, X-Request-Id';
const EXPOSED_HEADERS = 'ETag, Idempotency-Replayed, Location, RateLimit, RateLimit-Policy, Retry-After, X-Request-Id';
const PREFLIGHT_SECONDS = '600';

/** Never with credentials: a page elsewhere brings a bearer token, and the cookie stays with our own pages. */
export function allowOrigins(origins: readonly string[], prefix: string): HttpMiddleware {
  if (origins.length === 0) return (_ctx, next) => next();
  const allowed = new Set(origins);
  return (ctx, next) => {
    if (!ctx.path.startsWith(prefix)) return next();
    // For caches, of the answers to others as well.
    ctx.vary('Origin');
    const { origin, 'access-control-request-method': wanted } = ctx.req.headers;
    if (origin === undefined || !allowed.has(origin)) return next();
    ctx.set({ 'Access-Control-Allow-Origin': origin, 'Access-Control-Expose-Headers': EXPOSED_HEADERS });
    if (ctx.method === 'OPTIONS' && wanted !== undefined) {
      ctx.set({ 'Access-Control-Allow-Methods': METHODS, 'Access-Control-Allow-Headers': REQUEST_HEADERS, 'Access-Control-Max-Age': PREFLIGHT_SECONDS });
    }
    return next();
  };
}
