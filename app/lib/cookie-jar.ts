// A small cookie jar around fetch, for programs that walk through sign-in as a browser would.
interface Cookie {
  readonly host: string;
  readonly name: string;
  readonly value: string;
  readonly path: string;
  readonly expiresAt: number;
}

export interface Followed {
  readonly response: Response;
  /** Where the walk ended: the address of the response, or the one that `stop` held back. */
  readonly url: URL;
}

const MOST_REDIRECTS = 20;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

export class CookieJar {
  /** Kept by host *and* port, unlike in a browser: services of one machine stay apart. */
  readonly #cookies = new Map<string, Cookie>();

  /** Redirects are handed back, not followed. */
  async fetch(url: string | URL, init: RequestInit = {}): Promise<Response> {
    const target = new URL(url);
    const headers = new Headers(init.headers);
    const cookies = this.read(target);
    if (cookies !== '') headers.set('cookie', cookies);
    const response = await fetch(target, { ...init, headers, redirect: 'manual' });
    for (const line of response.headers.getSetCookie()) this.#store(target, line);
    return response;
  }

  /** Follows redirects as GET requests, up to one whose address `stop` claims, which is not requested. */
  async follow(url: string | URL, init: RequestInit = {}, stop: (url: URL) => boolean = () => false): Promise<Followed> {
    let target = new URL(url);
    let response = await this.fetch(target, init);
    for (let hop = 0; hop < MOST_REDIRECTS; hop += 1) {
      const location = REDIRECTS.has(response.status) ? response.headers.get('location') : null;
      if (location === null) return { response, url: target };
      target = new URL(location, target);
      if (stop(target)) return { response, url: target };
      await response.body?.cancel();
      response = await this.fetch(target, { headers: withoutBody(init.headers) });
    }
    throw new Error(`more than ${MOST_REDIRECTS} redirects, the last to ${target.origin}${target.pathname}`);
  }

  /** The Cookie header for an address; longer paths first (RFC 6265, 5.4). */
  read(url: string | URL): string {
    const target = new URL(url);
    const now = Date.now();
    return [...this.#cookies.values()]
      .filter(({ host, path, expiresAt }) => host === target.host && expiresAt > now && covers(path, target.pathname))
      .sort((left, right) => right.path.length - left.path.length)
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ');
  }

  #store({ host, pathname }: URL, line: string): void {
    const [pair = '', ...rest] = line.split(';');
    const split = pair.indexOf('=');
    if (split < 1) return;
    const attributes = new Map(rest.map(readAttribute));
    const given = attributes.get('path');
    const cookie: Cookie = {
      host,
      name: pair.slice(0, split).trim(),
      value: pair.slice(split + 1).trim(),
      path: given?.startsWith('/') === true ? given : pathname.slice(0, Math.max(1, pathname.lastIndexOf('/'))),
      expiresAt: readExpiry(attributes),
    };
    const key = JSON.stringify([host, cookie.path, cookie.name]);
    if (cookie.expiresAt <= Date.now()) this.#cookies.delete(key);
    else this.#cookies.set(key, cookie);
  }
}

function withoutBody(given: RequestInit['headers']): Headers {
  const headers = new Headers(given);
  for (const name of ['content-type', 'content-length']) headers.delete(name);
  return headers;
}

function readAttribute(text: string): [name: string, value: string] {
  const split = text.indexOf('=');
  return split < 0 ? [text.trim().toLowerCase(), ''] : [text.slice(0, split).trim().toLowerCase(), text.slice(split + 1).trim()];
}

/** Max-Age wins over Expires (RFC 6265, 5.3); neither means until the jar is dropped. */
function readExpiry(attributes: ReadonlyMap<string, string>): number {
  const maxAge = attributes.get('max-age');
  if (maxAge !== undefined && /^-?\d+$/.test(maxAge)) return Date.now() + Number(maxAge) * 1000;
  const expires = Date.parse(attributes.get('expires') ?? '');
  return Number.isNaN(expires) ? Infinity : expires;
}

/** RFC 6265, 5.1.4. */
function covers(path: string, pathname: string): boolean {
  return pathname === path || pathname.startsWith(path.endsWith('/') ? path : `${path}/`);
}
