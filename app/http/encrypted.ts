// What reached the proxies without TLS is not served, whatever they pass on (CWE-319).
import type { IncomingMessage } from 'node:http';
import { refuse, type Refusal } from '#app/errors.ts';
import type { HttpMiddleware } from '#app/http/context.ts';
import { asError } from '#app/http/problem.ts';

export interface EncryptedOptions {
  readonly publicUrl: string;
  /** Without one, whoever asks writes the header. */
  readonly trustedProxies: number;
}

/**
 * A person's page is led to TLS. A program is refused, since what it sent was readable on the way: led on, it would never learn
 * that it gives its token away with every request.
 */
export function requireEncrypted(options: EncryptedOptions): HttpMiddleware {
  return (ctx, next) => {
    const refusal = refusePlain(ctx.req, options);
    if (refusal === undefined) return next();
    if (ctx.path.startsWith('/api/') || !['GET', 'HEAD'].includes(ctx.method)) throw asError(refusal);
    ctx.body = null;
    ctx.status = 308;
    ctx.set('Location', options.publicUrl + ctx.path + ctx.search);
    return undefined;
  };
}

/** The proxy nearest to us has the last word, as with addresses; one that says nothing is not taken for plain. */
export function refusePlain({ headers }: Pick<IncomingMessage, 'headers'>, { publicUrl, trustedProxies }: EncryptedOptions): Refusal | undefined {
  if (trustedProxies === 0 || !publicUrl.startsWith('https://')) return undefined;
  const scheme = String(headers['x-forwarded-proto'] ?? '').split(',').at(-1)?.trim().toLowerCase();
  return scheme === 'http' || scheme === 'ws' ? refuse(403, 'tls-required', 'This was sent without TLS: use https, and replace any credential that was sent.') : undefined;
}
