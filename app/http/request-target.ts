// Refuses requests that two servers in a row could understand differently (CWE-444).
import type { IncomingMessage } from 'node:http';
import { AppError } from '#app/errors.ts';
import type { HttpMiddleware } from '#app/http/context.ts';

const ABSOLUTE_FORM = /^https?:\/\//i;
// eslint-disable-next-line security/detect-unsafe-regex -- no part can match what its neighbour matches: linear
const HOST = /^(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::\d{1,5})?$/;

/** Once, and with nothing but a host: Node itself takes the first of several and checks no character. */
export function requireClearTarget(): HttpMiddleware {
  return (ctx, next) => {
    const fault = findTargetFault(ctx.req);
    if (fault !== undefined) throw new AppError(fault, { status: 400, code: 'malformed-request' });
    if (ctx.method === 'TRACE' || ctx.method === 'CONNECT') {
      throw new AppError('This method is not served.', { status: 405, code: 'method-not-allowed', headers: { allow: 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS' } });
    }
    // The absolute form names the same host by now: routing goes by the path alone.
    if (ABSOLUTE_FORM.test(ctx.url)) {
      const target = new URL(ctx.url);
      ctx.url = target.pathname + target.search;
    }
    return next();
  };
}

function findTargetFault(request: IncomingMessage): string | undefined {
  const target = request.url ?? '';
  const hosts = request.rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === 'host').length;
  const host = request.headers.host;
  if (hosts > 1) return 'The Host header must be there once.';
  if (host === undefined) {
    if (request.httpVersion !== '1.0') return 'The Host header is missing.';
  } else if (!HOST.test(host)) return 'The Host header is malformed.';
  if (ABSOLUTE_FORM.test(target)) {
    if (!URL.canParse(target) || new URL(target).host.toLowerCase() !== withoutDefaultPort(target, host)) return 'The request names two hosts.';
  } else if (!target.startsWith('/') && !(target === '*' && request.method === 'OPTIONS')) return 'The request target must be a path.';
  if (!isPlainPath(target.split('?')[0] ?? '')) return 'The path is not well-formed percent-encoded UTF-8.';
  return undefined;
}

function withoutDefaultPort(target: string, host: string | undefined): string | undefined {
  const scheme = target.slice(0, target.indexOf(':'));
  return host === undefined ? undefined : new URL(`${scheme}://${host}`).host.toLowerCase();
}

function isPlainPath(path: string): boolean {
  if (/[#\\]/.test(path)) return false;
  try {
    // eslint-disable-next-line no-control-regex -- control characters mean nothing in a path, and something to what reads it later
    return !/[\u0000-\u001f\u007f]/.test(decodeURIComponent(path));
  } catch {
    return false;
  }
}
