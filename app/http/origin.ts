// Refuses changes that another site makes a browser send with the person's cookie (CWE-352).
import type { IncomingHttpHeaders } from 'node:http';
import { AppError } from '#app/errors.ts';
import type { HttpMiddleware } from '#app/http/context.ts';

const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);
/** `none`: the person did it by hand, by reloading for example; no site can cause it. */
export const OWN_SITES: ReadonlySet<string> = new Set(['same-origin', 'none']);

export function requireOwnOrigin(publicUrl: string): HttpMiddleware {
  return (ctx, next) => {
    if (!SAFE_METHODS.has(ctx.method) && !comesFromOwnOrigin(ctx.req.headers, publicUrl)) {
      throw new AppError('A change with a cookie must come from a page of this site.', { status: 403, code: 'cross-site-request' });
    }
    return next();
  };
}

/**
 * Denies by default: what Fetch Metadata and Origin say must both be ours, and with neither a cookie counts for nothing. Pages
 * without TLS and old browsers send Origin alone. A bearer token can't be sent by another site's page, so it needs no check.
 */
export function comesFromOwnOrigin(headers: IncomingHttpHeaders, publicUrl: string): boolean {
  if (headers.cookie === undefined) return true;
  const { origin, 'sec-fetch-site': site } = headers;
  if (site === undefined) return origin === publicUrl;
  return typeof site === 'string' && OWN_SITES.has(site) && (origin === undefined || origin === publicUrl);
}
