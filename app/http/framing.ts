// Finds what leaves room for two readings of where a request ends or who sends it, beyond what Node's parser refuses (CWE-444).
// Tested by raw-corpus.test.ts: each fault by its bytes.
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

/** Of these Node silently takes the first, where another server may take the last. */
const SINGLE: ReadonlySet<string> = new Set(['host', 'authorization', 'content-type', 'content-length', 'transfer-encoding', 'content-encoding']);
/** Content has no meaning in them, so that a server before this one may take it for the next request (RFC 9110, 9.3.1). */
const WITHOUT_CONTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'CONNECT']);

export function findFramingFault(request: IncomingMessage): string | undefined {
  const { headers, httpVersion, method = '' } = request;
  // Node's parser takes HTTP/0.9 and HTTP/2.0 by their numbers as well, and reads them as 1.1.
  if (httpVersion !== '1.1' && httpVersion !== '1.0') return 'This version of HTTP is not served over this connection.';
  const doubled = findDoubled(request.rawHeaders);
  if (doubled !== undefined) return `The header ${doubled} must be there once, with its hyphen.`;
  const coding = headers['transfer-encoding'];
  if (coding !== undefined && (httpVersion === '1.0' || coding.toLowerCase() !== 'chunked')) return 'The body is in a transfer coding that is not understood.';
  if (WITHOUT_CONTENT.has(method) && (coding !== undefined || Number(headers['content-length'] ?? 0) !== 0)) return `A ${method} has no body here.`;
  return undefined;
}

function findDoubled(rawHeaders: readonly string[]): string | undefined {
  const seen = new Set<string>();
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const given = rawHeaders[index]?.toLowerCase() ?? '';
    // What speaks CGI makes one name of both (RFC 3875, 4.1.18).
    const name = given.replaceAll('_', '-');
    if (!SINGLE.has(name)) continue;
    if (seen.has(name) || name !== given) return name;
    seen.add(name);
  }
  return undefined;
}

const closing = new WeakSet<Duplex>();

/** Nothing more of this connection may be run (RFC 9112, 9.6), though Node hands over what has been read with the same bytes. */
export function runNothingMore(socket: Duplex): void {
  closing.add(socket);
}

export function runsNothingMore(socket: Duplex): boolean {
  return closing.has(socket);
}
