// Refuses requests that two servers in a row could understand differently (CWE-444), and ends their connection.
import type { IncomingMessage } from 'node:http';
import { AppError, type Refusal, refuse } from '#app/errors.ts';
import type { HttpMiddleware } from '#app/http/context.ts';
import { findFramingFault, runNothingMore, runsNothingMore } from '#app/http/framing.ts';

const SOCKET_KEY = /^[A-Za-z0-9+/]{22}==$/;
const ABSOLUTE_FORM = /^https?:\/\//i;
// eslint-disable-next-line security/detect-unsafe-regex -- no part can match what its neighbour matches: linear
const HOST = /^(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::\d{1,5})?$/;

/** Once, and with nothing but a host: Node itself takes the first of several and checks no character. */
export function requireClearTarget(): HttpMiddleware {
  return (ctx, next) => {
    const { socket } = ctx.req;
    const isLast = runsNothingMore(socket);
    // Before anything that its body could be blamed for: what is not served is not read.
    if (!isLast && (ctx.method === 'TRACE' || ctx.method === 'CONNECT')) {
      runNothingMore(socket);
      throw new AppError('This method is not served.', { status: 405, code: 'method-not-allowed', headers: { allow: 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS', connection: 'close' } });
    }
    const fault = isLast ? 'What came before this request ends the connection.' : findRequestFault(ctx.req);
    if (fault !== undefined) {
      runNothingMore(socket);
      throw new AppError(fault, { status: 400, code: 'malformed-request', headers: { connection: 'close' } });
    }
    // The absolute form names the same host by now: routing goes by the path alone.
    if (ABSOLUTE_FORM.test(ctx.url)) {
      const target = new URL(ctx.url);
      ctx.url = target.pathname + target.search;
    }
    return next();
  };
}

/** For upgrades, which reach no middleware; what is no WebSocket's opening ws itself would answer with text (RFC 6455, 4.2.1). */
export function refuseUnclearUpgrade(request: IncomingMessage): Refusal | undefined {
  const { method, headers } = request;
  const fault = findRequestFault(request);
  if (fault !== undefined) return refuse(400, 'malformed-request', fault);
  if (method !== 'GET') return refuse(405, 'method-not-allowed', 'A WebSocket is opened by GET.');
  if (headers['sec-websocket-version'] !== '13') return refuse(426, 'upgrade-required', 'This path speaks version 13 of the WebSocket protocol.');
  if (!SOCKET_KEY.test(headers['sec-websocket-key'] ?? '')) return refuse(400, 'malformed-request', 'The Sec-WebSocket-Key header must be 16 bytes in base64.');
  return undefined;
}

function findRequestFault(request: IncomingMessage): string | undefined {
  return findFramingFault(request) ?? findTargetFault(request);
}

/** Nearly every request names the host of the one before. */
let lastClearHost: string | undefined;

function isClearHost(host: string): boolean {
  if (host === lastClearHost) return true;
  if (!HOST.test(host) || !URL.canParse(`http://${host}`)) return false;
  lastClearHost = host;
  return true;
}

function findTargetFault(request: IncomingMessage): string | undefined {
  const target = request.url ?? '';
  const host = request.headers.host;
  if (host === undefined) {
    if (request.httpVersion !== '1.0') return 'The Host header is missing.';
  } else if (!isClearHost(host)) return 'The Host header is malformed.';
  // RFC 3986, 2: what is above ASCII or a fragment has no place in a target, and each parser treats it in its own way.
  if (!/^[\x21-\x7e]*$/.test(target) || target.includes('#')) return 'The request target has characters that none may have.';
  if (ABSOLUTE_FORM.test(target)) {
    if (!namesHost(target, host)) return 'The request names two hosts.';
  } else if (!target.startsWith('/') && !(target === '*' && request.method === 'OPTIONS')) return 'The request target must be a path.';
  if (!isPlainPath(target.split('?')[0] ?? '')) return 'The path is not well-formed percent-encoded UTF-8.';
  return undefined;
}

/** By the same host, and with no name and password before it (RFC 9110, 4.2.4). */
function namesHost(target: string, host: string | undefined): boolean {
  if (host === undefined || !URL.canParse(target)) return false;
  const named = new URL(target);
  return named.username === '' && named.password === '' && named.host === new URL(`${named.protocol}//${host}`).host;
}

function isPlainPath(path: string): boolean {
  if (path.includes('\\')) return false;
  if (!path.includes('%')) return true;
  try {
    // eslint-disable-next-line no-control-regex -- control characters mean nothing in a path, and something to what reads it later
    return !/[\u0000-\u001f\u007f]/.test(decodeURIComponent(path));
  } catch {
    return false;
  }
}
