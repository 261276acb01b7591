// Cross-site request forgery: what another site's page can make a browser send, with the person's cookie and without one.
// Tested by attack.proof.ts: behind a front that says every request comes from an own page, each of these succeeds.
import { askWell, fillPath, operationsOf } from './api.ts';
import { type AttackClass, codeOf, headerOf, nameOf, type Outcome, Sightings, statusOf } from './attack.ts';
import { type Leak, withHeaders } from './front.ts';
import type { Lines, Route, Target } from './target.ts';

const EVIL = 'https://evil.test';
/** What a browser says of a page that is not ours: old and new ones, sandboxed frames, other hosts of the domain, and those that say nothing. */
const FOREIGN: readonly Lines[] = [
  [['Origin', EVIL]],
  [['Origin', EVIL], ['Sec-Fetch-Site', 'cross-site']],
  [['Origin', 'null'], ['Sec-Fetch-Site', 'cross-site']],
  [['Origin', 'null']],
  [['Sec-Fetch-Site', 'same-site']],
  [['Sec-Fetch-Site', 'cross-site']],
  [['Referer', `${EVIL}/`]],
  [['Origin', EVIL], ['Sec-Fetch-Site', 'same-origin']],
  [],
];

const WITHOUT_ORIGINS: Leak = {
  without: 'asking which page sends it',
  answer: (request, { forward, origin }) => forward(withHeaders(request, { origin, 'sec-fetch-site': 'same-origin', referer: undefined })),
};

const changesOf = (target: Target): readonly Route[] => [...operationsOf(target).filter(({ method }) => method !== 'GET'), ...target.routes.filter(({ kind, method, path }) => kind === 'form' || (kind === 'platform' && method === 'POST' && path === '/auth/sign-out'))];

async function forge(target: Target): Promise<Outcome> {
  const sightings = new Sightings();
  for (const route of changesOf(target)) {
    // Of its own, since a forgery that succeeds may end it.
    const cookie = await target.signIn('manager');
    const credential: Lines = [['Cookie', cookie], ['User-Agent', 'node']];
    const path = fillPath(route.path, { sku: 'NONE', id: '00000000-0000-4000-8000-000000000000' });
    for (const page of FOREIGN) {
      const { answer, request } = await askWell(target, route, path, [...credential, ...page]);
      sightings.note(answer, codeOf(answer) === 'cross-site-request' || statusOf(answer) === 403 ? undefined : `${statusOf(answer)} for ${nameOf(request)} with ${JSON.stringify(page)}`);
    }
  }
  return sightings.outcome();
}

/** What a form of HTML can send as JSON, without a preflight. */
async function sendSimply(target: Target): Promise<Outcome> {
  const sightings = new Sightings();
  for (const route of operationsOf(target).filter(({ body }) => body !== undefined)) {
    const cookie: Lines = [['Cookie', await target.signIn('manager')], ['User-Agent', 'node']];
    const { request } = await askWell(target, route, fillPath(route.path, {}), await target.bearer('viewer'));
    for (const type of ['text/plain', 'text/plain;application/json', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', '']) {
      for (const page of [[['Origin', target.origin], ['Sec-Fetch-Site', 'same-origin']], [['Origin', EVIL]]] as readonly Lines[]) {
        const answer = await target.ask({ ...request, headers: [...cookie, ...page, ['If-Match', '*'], ...(type === '' ? [] : [['Content-Type', type] as const])], body: JSON.stringify(request.json), json: undefined, ...(type === '' ? { headers: [...cookie, ...page, ['If-Match', '*'], ['Content-Type', '']] } : {}) });
        sightings.note(answer, statusOf(answer) === 415 || statusOf(answer) === 403 || statusOf(answer) === 400 ? undefined : `${statusOf(answer)} for ${nameOf(request)} as ${type}`);
      }
    }
  }
  return sightings.outcome();
}

/** By links and images, which bring a cookie that is `Lax`. */
async function changeByReading(target: Target): Promise<Outcome> {
  const sightings = new Sightings();
  for (const { method, path, kind } of changesOf(target)) {
    const credential: Lines = [...(await target.browser('manager')).filter(([name]) => name !== 'Origin' && name !== 'Sec-Fetch-Site'), ['Sec-Fetch-Site', 'cross-site']];
    const filled = fillPath(path, {});
    for (const request of [
      { path: `${filled}?_method=${method}`, headers: credential },
      { path: filled, headers: [...credential, ['X-HTTP-Method-Override', method], ['X-Method-Override', method], ['X-HTTP-Method', method]] as Lines },
      { method: 'HEAD', path: filled, headers: [...credential, ['X-HTTP-Method-Override', method]] as Lines },
      { method: 'OPTIONS', path: filled, headers: [...credential, ['X-HTTP-Method-Override', method]] as Lines },
    ]) {
      const answer = await target.ask(request);
      const status = statusOf(answer);
      const served = target.routes.some((route) => route.method === 'GET' && route.path === path);
      // Where the path is also read, an answer is the reading's; 204 is what OPTIONS says, 303 the way of a form.
      const fault = headerOf(answer, 'idempotency-replayed') !== undefined || status === 201 || status === 202 || (status === 204 && request.method !== 'OPTIONS') || (status === 303 && !served) || (status === 200 && !served) ? `${status} for ${nameOf(request)} in place of ${method} (${kind})` : undefined;
      sightings.note(answer, fault);
    }
  }
  return sightings.outcome();
}

/** Signing somebody in as the attacker: their browser sends no cookie, and none is needed. */
async function signInForThem(target: Target): Promise<Outcome> {
  const sightings = new Sightings();
  for (const route of target.routes.filter(({ kind }) => kind === 'public-form')) {
    for (const page of FOREIGN.filter((lines) => lines.some(([name]) => name === 'Origin' || name === 'Sec-Fetch-Site'))) {
      const { answer, request } = await askWell(target, route, route.path, page);
      sightings.note(answer, statusOf(answer) === 403 ? undefined : `${statusOf(answer)} for ${nameOf(request)} with ${JSON.stringify(page)}`);
    }
  }
  return sightings.outcome();
}

export const attackClass: AttackClass = {
  title: 'Cross-site requests',
  source: 'CWE-352, API2:2023',
  setup: 'open',
  attacks: [
    { name: 'every change, with the person’s cookie, from pages of other sites', expected: '403', leak: WITHOUT_ORIGINS, run: forge },
    {
      name: 'JSON under the types that a form may send',
      expected: '415 or 403',
      run: sendSimply,
      leak: { without: 'looking at the type', answer: (request, { forward, origin }) => forward(withHeaders(request, { origin, 'sec-fetch-site': 'same-origin', 'content-type': 'application/json' })) },
    },
    {
      name: 'changes by GET, with the method in a header or in the query',
      expected: 'nothing changes',
      run: changeByReading,
      leak: {
        without: 'taking the method as it is',
        async answer(request, context) {
          const method = request.headers['x-http-method-override'] ?? /_method=(\w+)/.exec(request.target)?.[1];
          return method === undefined ? context.forward(request) : context.forward(withHeaders({ ...request, method, target: request.target.replace(/\?.*/, '') }, { origin: context.origin, 'sec-fetch-site': 'same-origin' }));
        },
      },
    },
    { name: 'signing somebody in as the attacker, with a form of another site', expected: '403', leak: { without: 'asking which page sends it', answer: (request, { forward }) => forward(withHeaders(request, { origin: undefined, 'sec-fetch-site': undefined })) }, run: signInForThem },
  ],
};
