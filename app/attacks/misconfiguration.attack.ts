// Security misconfiguration: methods nobody needs, other origins let in, errors that tell, pages that can be framed.
// Tested by attack.proof.ts: behind a front that forgets its headers, each of these succeeds.
import { fillPath } from './api.ts';
import { type AttackClass, bodyOf, headerOf, nameOf, type Outcome, Sightings, statusOf } from './attack.ts';
import { type FrontAnswer, type Leak, rewrite } from './front.ts';
import type { Lines, Request, Target } from './target.ts';

const METHODS = ['TRACE', 'TRACK', 'DEBUG', 'PROPFIND', 'PROPPATCH', 'MKCOL', 'COPY', 'MOVE', 'LOCK', 'UNLOCK', 'SEARCH', 'PURGE', 'LINK', 'QUERY'];
const TELLS = /\bat (?:async )?[\w.<>]+ \((?:file|node):|node_modules|\/app\/[\w-]+\/[\w-]+\.ts|SyntaxError|TypeError|ReferenceError|ZodError|syntax error at or near|pg_catalog|relation "|ECONNREFUSED|sqlstate/i;

const pathsOf = (target: Target): readonly string[] => [...new Set([...target.routes.map(({ path }) => fillPath(path, {})), '/nothing', '/api/v1/nothing', '/assets/nothing'])].filter((path) => !/\/(?:stream|socket)$/.test(path));

async function useMethods(target: Target): Promise<Outcome> {
  const sightings = new Sightings();
  const token = await target.bearer('manager');
  for (const path of pathsOf(target)) {
    for (const method of METHODS) {
      const answer = await target.ask({ method, path, headers: [...token, ['X-Secret', 'trace-mark']] });
      sightings.note(answer, bodyOf(answer).includes('trace-mark') || bodyOf(answer).includes('Bearer ') ? `${method} ${path} sends the request back` : statusOf(answer) > 0 && statusOf(answer) < 400 ? `${method} ${path} is served (${statusOf(answer)})` : undefined);
    }
  }
  return sightings.outcome();
}

async function crossOrigins(target: Target): Promise<Outcome> {
  const sightings = new Sightings();
  const { host } = new URL(target.origin);
  const browser = (await target.browser('manager')).filter(([name]) => name === 'Cookie');
  for (const origin of ['https://evil.test', 'null', `https://${host}.evil.test`, `https://evil${host}`, `${target.origin}.evil.test`, 'http://localhost', 'file://', 'chrome-extension://x']) {
    for (const path of pathsOf(target)) {
      for (const method of ['GET', 'OPTIONS']) {
        const answer = await target.ask({ method, path, headers: [...browser, ['Origin', origin], ['Access-Control-Request-Method', 'DELETE'], ['Access-Control-Request-Headers', 'authorization'], ['Access-Control-Request-Private-Network', 'true']] });
        const allowed = headerOf(answer, 'access-control-allow-origin');
        sightings.note(answer, allowed === undefined && headerOf(answer, 'access-control-allow-credentials') === undefined && headerOf(answer, 'access-control-allow-private-network') === undefined ? undefined : `${origin} may read ${path} (${String(allowed)})`);
      }
    }
  }
  return sightings.outcome();
}

async function provokeErrors(target: Target): Promise<Outcome> {
  const sightings = new Sightings();
  const token = await target.bearer('manager');
  const broken: readonly string[] = ['{', '{"a":', '[]', 'null', '"x"', '\u0000', '{"__proto__":null}', `{"a":${'9'.repeat(400)}}`, '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'];
  for (const { method, path, kind } of target.routes.filter((route) => !/\/(?:stream|socket)$/.test(route.path))) {
    // Of its own where a form may end it.
    const browser = kind === 'operation' ? [] : method === 'POST' ? await target.newBrowser('manager') : await target.browser('manager');
    const filled = [fillPath(path, {}), fillPath(path, { id: '\'"\\', sku: '%', subject: '\u0001' }), `${fillPath(path, {})}?limit=-1&cursor=%27&sort=%00&q=%ff`];
    const requests = filled.flatMap((place): readonly Request[] => (method === 'GET' || method === 'DELETE' ? [{ method, path: place }] : broken.map((body) => ({ method, path: place, body }))));
    for (const request of requests) {
      const type: Lines = request.body === undefined ? [] : [['Content-Type', kind === 'operation' ? 'application/json' : 'application/x-www-form-urlencoded']];
      const answer = await target.ask({ ...request, headers: [...(kind === 'operation' ? token : browser), ...type, ['Accept', kind === 'operation' ? 'application/json' : 'text/html, */*']] });
      const told = kind === 'asset' || path === '/openapi.json' || path === '/docs' ? undefined : TELLS.exec(bodyOf(answer))?.[0];
      sightings.note(answer, statusOf(answer) >= 500 ? `${statusOf(answer)} for ${nameOf(request)}` : told === undefined ? undefined : `${nameOf(request)} tells "${told}"`);
    }
  }
  return sightings.outcome();
}

const NEEDED: readonly (readonly [string, RegExp])[] = [
  ['content-security-policy', /frame-ancestors 'none'/],
  ['content-security-policy', /script-src 'self'(?!.*unsafe)/],
  ['content-security-policy', /base-uri 'none'/],
  ['x-frame-options', /^deny$/i],
  ['x-content-type-options', /^nosniff$/],
  ['cross-origin-opener-policy', /^same-origin$/],
  ['cross-origin-resource-policy', /^same-origin$/],
  ['referrer-policy', /^(?:same-origin|no-referrer|strict-origin)/],
];

/** Clickjacking (CWE-1021), sniffing and leaks by Referer: on every answer, errors among them. */
async function lookAtHeaders(target: Target): Promise<Outcome> {
  const sightings = new Sightings();
  const browser = await target.browser('manager');
  for (const path of pathsOf(target)) {
    for (const [method, headers] of [['GET', browser], ['GET', []], ['POST', browser], ['TRACE', []]] as readonly (readonly [string, Lines])[]) {
      const answer = await target.ask({ method, path, headers: [...headers, ['Accept', 'text/html, */*']] });
      const missing = NEEDED.find(([name, form]) => !form.test(headerOf(answer, name) ?? ''));
      const told = ['server', 'x-powered-by', 'x-aspnet-version', 'x-runtime'].find((name) => headerOf(answer, name) !== undefined);
      const cookie = headerOf(answer, 'set-cookie');
      const fault = missing !== undefined ? `${method} ${path} (${statusOf(answer)}) lacks ${missing[0]} ${String(missing[1])}` : told !== undefined ? `${path} tells ${told}` : cookie !== undefined && !/HttpOnly/.test(cookie) ? `${path} sets a cookie that scripts read` : undefined;
      sightings.note(answer, fault);
    }
  }
  return sightings.outcome();
}

const plus = (headers: (request: { readonly headers: Readonly<Record<string, string>> }) => FrontAnswer['headers'], without: string): Leak => ({ without, answer: async (request, { forward }) => rewrite(await forward(request), { headers: headers(request) }) });

export const attackClass: AttackClass = {
  title: 'Misconfiguration',
  source: 'API8:2023, CWE-16',
  setup: 'open',
  attacks: [
    { name: 'methods that nobody needs, on every path', expected: 'refused, nothing sent back', leak: { without: 'a list of methods', answer: async (request, { forward }) => (METHODS.includes(request.method) ? { status: 200, headers: {}, body: Buffer.from(Object.values(request.headers).join('\n')) } : forward(request)) }, run: useMethods },
    { name: 'pages of other origins, with the cookie and by preflight', expected: 'no permission', leak: plus(({ headers }) => ({ 'access-control-allow-origin': headers['origin'] ?? '*', 'access-control-allow-credentials': 'true' }), 'naming the origins'), run: crossOrigins },
    { name: 'broken input for every route: do errors tell', expected: 'no 5xx, no trace, path or statement', leak: { without: 'one shape for errors', answer: async (request, { forward }) => { const answer = await forward(request); return answer.status >= 400 ? rewrite(answer, { body: 'TypeError: x\n    at handle (file:///srv/app/http/server.ts:1:1)' }) : answer; } }, run: provokeErrors },
    { name: 'frames, sniffing, Referer and banners, on every answer', expected: 'every header there, no banner', leak: plus(() => ({ 'content-security-policy': "frame-ancestors *; script-src 'self'", 'x-frame-options': undefined }), 'its headers'), run: lookAtHeaders },
  ],
};
