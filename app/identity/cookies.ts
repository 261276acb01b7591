// The two cookies of identity, and how they are written: host-bound where there is TLS, never readable by scripts.
import type { IncomingMessage } from 'node:http';

/** How this origin may name its cookies: `__Host-` demands TLS, which a laptop's loopback has not (RFC 6265bis, 4.1.3.2). */
export interface CookieScheme {
  readonly secure: boolean;
}

export function cookieName(name: string, { secure }: CookieScheme): string {
  return secure ? `__Host-${name}` : name;
}

/** `Lax`, not `Strict`: the provider's redirect to the callback is a cross-site navigation that must carry it. */
export function writeCookie(name: string, value: string, maxAgeSeconds: number, scheme: CookieScheme): string {
  return `${cookieName(name, scheme)}=${value}; Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Lax${scheme.secure ? '; Secure' : ''}`;
}

export function clearCookie(name: string, scheme: CookieScheme): string {
  return writeCookie(name, '', 0, scheme);
}

/** Every cookie of the request by its full name; of two with one name, the first (RFC 6265, 5.4). */
export function readCookies(request: Pick<IncomingMessage, 'headers'>): ReadonlyMap<string, string> {
  const cookies = new Map<string, string>();
  for (const pair of (request.headers.cookie ?? '').split(';')) {
    const separator = pair.indexOf('=');
    const name = trimBlanks(pair.slice(0, separator));
    if (name !== '' && separator > 0 && !cookies.has(name)) cookies.set(name, trimBlanks(pair.slice(separator + 1)));
  }
  return cookies;
}

/**
 * Spaces and tabs alone, as browsers do (RFC 6265bis, 5.6). `trim` takes U+00A0 as well: to a browser `<U+00A0>__Host-session` has no
 * prefix, so that any host of the domain may set it, and we would read the session's own name.
 */
function trimBlanks(text: string): string {
  let [start, end] = [0, text.length];
  while (isBlank(text[start])) start += 1;
  while (end > start && isBlank(text[end - 1])) end -= 1;
  return text.slice(start, end);
}

function isBlank(character: string | undefined): boolean {
  return character === ' ' || character === '\t';
}
