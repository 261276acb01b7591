// Refuses changes that another site makes a browser send: with the person's cookie, or to sign them in as somebody else (CWE-352).
import type { IncomingHttpHeaders } from 'node:http';
import { AppError } from '#app/errors.ts';
import type { HttpMiddleware } from '#app/http/context.ts';

const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);
/** `none`: the person did it by hand, by reloading for example; no site can cause it. */
export const OWN_SITES: ReadonlySet<string> = new Set(['same-origin', 'none']);

export function requireOwnOrigin(publicUrl: string): HttpMiddleware {
  return (ctx, next) => {
    if (!SAFE_METHODS.has(ctx.method) && !comesFromOwnOrigin(ctx.req.headers, publicUrl)) {
      throw new AppError('A change must come from a page of this site, or from a program with a token.', { status: 403, code: 'cross-site-request' });
    }
    return next();
  };
}

/**
 * Denies by default: what Fetch Metadata and Origin say must both be ours, and with neither a cookie counts for nothing. Pages
 * without TLS and old browsers send Origin alone. Without a cookie a bearer token, which no other site's page can send, needs no
 * check, nor does a program, which has no page; but a page's form might sign its reader in as the attacker.
 */
export function comesFromOwnOrigin(headers: IncomingHttpHeaders, publicUrl: string): boolean {
  const { origin, 'sec-fetch-site': site } = headers;
  if (headers.cookie === undefined && (headers.authorization !== undefined || (origin === undefined && site === undefined))) return true;
  if (site === undefined) return origin === publicUrl;
  return typeof site === 'string' && OWN_SITES.has(site) && (origin === undefined || origin === publicUrl);
}
