// Open redirects: everything that names where to go next, filled with what browsers and parsers read as another site.
// Tested by attack.proof.ts: behind a front that goes where it is told, each of these succeeds.
import { CookieJar } from '#app/lib/cookie-jar.ts';
import { askWell, fillPath, propertiesOf } from './api.ts';
import { type AttackClass, bodyOf, headerOf, nameOf, type Outcome, Sightings, statusOf } from './attack.ts';
import { type Leak, rewrite } from './front.ts';
import type { Lines, Target } from './target.ts';

/** PortSwigger's URL validation bypass cheat sheet, and WHATWG URL's own ways to leave an origin. */
const ELSEWHERE = ['https://evil.test/', 'https:evil.test', 'HTTPS://evil.test', '//evil.test', '///evil.test', '////evil.test', '/\\evil.test', '\\\\evil.test', '/\t/evil.test', '/\n/evil.test', '/\r\n/evil.test', '\t//evil.test', ' //evil.test', '/.//evil.test', '/..//evil.test', '/x/..//evil.test', '/%2f/evil.test', '/%5cevil.test', '//evil.test%2f@stockade.test', 'https://stockade.test@evil.test', '@evil.test', '.evil.test', 'javascript:alert(1)', 'JaVaScRiPt:alert(1)', 'data:text/html,x', '\u0000//evil.test', '/\u3002//evil.test', '//evil\u3002test', '/%09/evil.test', '/;@evil.test', 'https:///evil.test', 'http:/\\evil.test', '/\u2028/evil.test', '//127.0.0.1.evil.test'];
const NAMES = ['return_to', 'returnTo', 'return', 'next', 'redirect', 'redirect_uri', 'url', 'target', 'continue', 'goto', 'dest', 'post_logout_redirect_uri'];

const WITHOUT_ORIGIN: Leak = {
  without: 'staying on this origin',
  async answer(request, { forward }) {
    const asked = new URLSearchParams(request.target.split('?')[1] ?? request.body.toString());
    const wanted = NAMES.map((name) => asked.get(name)).find((value) => value !== null);
    const answer = await forward(request);
    if (typeof wanted !== 'string' || /[\r\n\0\u0100-\uffff]/.test(wanted)) return answer;
    return rewrite(answer, { status: 303, headers: { location: wanted } });
  },
};

/** Where a browser at `origin` would be led, or nothing where it stays. */
export function leadsElsewhere(location: string | undefined, origin: string, allowed: readonly string[] = []): boolean {
  if (location === undefined) return false;
  const url = URL.parse(location, origin);
  return url === null || (url.origin !== origin && !allowed.includes(url.origin));
}

/** Attributes of a page that take a browser somewhere. */
export function linksElsewhere(html: string, origin: string, allowed: readonly string[] = []): string | undefined {
  return [...html.matchAll(/\b(?:href|src|action|formaction)="([^"]*)"|http-equiv="refresh" content="[^"]*url=([^"]*)"/gi)].map(([, one, other]) => (one ?? other ?? '').replaceAll('&amp;', '&')).find((link) => leadsElsewhere(link, origin, allowed));
}

async function askEverywhere(target: Target): Promise<Outcome> {
  const sightings = new Sightings();
  const allowed = [target.issuer];
  const pages = target.routes.filter(({ method, path, kind }) => method === 'GET' && !path.includes('{') && kind !== 'operation' && kind !== 'asset' && path !== '/auth/callback' && !path.startsWith('/api/'));
  for (const { path, query } of pages) {
    for (const name of NAMES.filter((each) => each in query || each === 'return_to' || each === 'next')) {
      for (const value of ELSEWHERE) {
        const request = { path: `${path}?${name}=${encodeURIComponent(value.toWellFormed())}`, headers: [['Accept', 'text/html, */*'], ['Referer', value.replaceAll(/[^\x21-\x7e]/g, '')]] as Lines };
        const answer = await target.ask(request);
        const location = headerOf(answer, 'location');
        const link = statusOf(answer) === 200 ? linksElsewhere(bodyOf(answer), target.origin, allowed) : undefined;
        sightings.note(answer, leadsElsewhere(location, target.origin, allowed) ? `${nameOf(request)} leads to ${String(location)}` : link === undefined ? undefined : `${nameOf(request)} links to ${link}`);
      }
    }
  }
  return sightings.outcome();
}

/** The whole way: what was asked for waits in a cookie until the provider has answered. */
async function signInAndGo(target: Target): Promise<Outcome> {
  const sightings = new Sightings();
  for (const value of ELSEWHERE) {
    const asked = await target.ask({ path: `/auth/sign-in?return_to=${encodeURIComponent(value)}` });
    const cookies = (headerOf(asked, 'set-cookie') ?? '').split(', ').map((line) => line.split(';')[0] ?? '').join('; ');
    const location = headerOf(asked, 'location');
    const jar = new CookieJar();
    const isCallback = ({ pathname }: URL): boolean => pathname === '/auth/callback';
    if (location === undefined || leadsElsewhere(location, target.origin, [target.issuer])) {
      sightings.note(asked, `the sign-in itself leads to ${String(location)}`);
      continue;
    }
    const chooser = await jar.follow(new URL(location, target.origin), {}, isCallback);
    const { url } = await jar.follow(chooser.url, { method: 'POST', body: new URLSearchParams({ user: 'viewer' }) }, isCallback);
    const answer = await target.ask({ path: url.pathname + url.search, headers: [['Cookie', cookies]] });
    const end = headerOf(answer, 'location');
    sightings.note(answer, statusOf(answer) !== 303 || leadsElsewhere(end, target.origin) ? `return_to=${JSON.stringify(value)} ends at ${String(end)} (${statusOf(answer)})` : undefined);
  }
  return sightings.outcome();
}

async function sendForms(target: Target): Promise<Outcome> {
  const sightings = new Sightings();
  // As another browser than at the sign-in: who asks for a change is sent to sign in again, and back to the page that Referer names.
  const again = (await target.browser('manager')).filter(([name]) => name !== 'User-Agent');
  for (const route of target.routes.filter(({ kind }) => kind === 'form' || kind === 'public-form')) {
    const name = NAMES.find((each) => each in propertiesOf(target, route.body?.schema));
    for (const value of ELSEWHERE) {
      const headers: Lines = [...(route.kind === 'form' ? again : [['Origin', target.origin] as const]), ['Referer', /^https?:\/\//.test(value) ? value : `https://x/${encodeURI(value.toWellFormed())}`]];
      const { answer, request } = await askWell(target, route, fillPath(route.path, {}), headers, name === undefined ? {} : { fixed: { [name]: value } });
      const location = headerOf(answer, 'location');
      const link = location === undefined ? linksElsewhere(bodyOf(answer), target.origin, [target.issuer]) : undefined;
      sightings.note(answer, leadsElsewhere(location, target.origin, [target.issuer]) ? `${nameOf(request)} leads to ${String(location)}` : link === undefined ? undefined : `${nameOf(request)} links to ${link}`);
    }
  }
  return sightings.outcome();
}

export const attackClass: AttackClass = {
  title: 'Open redirects',
  source: 'CWE-601',
  setup: 'open',
  attacks: [
    { name: 'pages and ways in, by every name that such a parameter has', expected: 'a path of this origin', leak: WITHOUT_ORIGIN, run: askEverywhere },
    { name: 'through a whole sign-in', expected: 'a path of this origin', leak: WITHOUT_ORIGIN, run: signInAndGo },
    { name: 'by forms, and by the page that they say they came from', expected: 'a path of this origin', leak: WITHOUT_ORIGIN, run: sendForms },
  ],
};
