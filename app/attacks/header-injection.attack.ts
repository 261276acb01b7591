// Header injection, response splitting and forged Host: what goes into an answer's head out of a request.
// Tested by attack.proof.ts: behind a front that reflects, each of these succeeds.
import { fillPath, operationsOf } from './api.ts';
import { type AttackClass, bodyOf, headerOf, nameOf, type Outcome, Sightings } from './attack.ts';
import { type FrontAnswer, type Leak, rewrite } from './front.ts';
import type { Lines, Request, Target } from './target.ts';

const BREAKS = ['%0d%0aX-Injected:%20yes', '%0aX-Injected:%20yes', '%0dX-Injected:%20yes', '%0d%0a%0d%0a<h1>X-Injected</h1>', '%E5%98%8A%E5%98%8DX-Injected:%20yes', '%u000dX-Injected:yes', '%23%0d%0aX-Injected:yes', '%0d%0aSet-Cookie:%20session=injected', '%00%0d%0aX-Injected:yes', '%C0%8D%C0%8AX-Injected:yes'];

const WITHOUT_ENCODING: Leak = {
  without: 'encoding what goes into a head',
  async answer(request, { forward }) {
    const answer = await forward(request);
    return /%0[ad]|%E5%98|%u000d|%C0%8D/i.test(request.target + (request.headers['if-none-match'] ?? '')) ? rewrite(answer, { headers: { 'x-injected': 'yes' } }) : answer;
  },
};

async function breakLines(target: Target): Promise<Outcome> {
  const sightings = new Sightings();
  const browser = await target.browser('manager');
  const paths = target.routes.filter(({ method, path }) => method === 'GET' && !/\/(?:stream|socket)$/.test(path)).map(({ path }) => fillPath(path, {}));
  for (const path of new Set(paths)) {
    for (const text of BREAKS) {
      const requests: readonly Request[] = [{ path: path + text, headers: browser }, { path: `${path}?return_to=/x${text}&q=${text}&cursor=${text}`, headers: browser }];
      for (const request of requests) {
        const answer = await target.ask(request);
        sightings.note(answer, headerOf(answer, 'x-injected') !== undefined || headerOf(answer, 'set-cookie')?.includes('=injected') === true ? `${nameOf(request)} set a header` : undefined);
      }
    }
  }
  return sightings.outcome();
}

const MARK = 'reflected-mark';

/** Values that a server likes to send back. */
async function reflect(target: Target): Promise<Outcome> {
  const sightings = new Sightings();
  const names = ['X-Request-Id', 'X-Correlation-Id', 'Idempotency-Key', 'Traceparent', 'Origin', 'Access-Control-Request-Headers', 'Access-Control-Request-Method', 'Accept-Language', 'If-None-Match', 'Range', 'X-Forwarded-Host', 'X-Forwarded-Proto', 'X-Forwarded-Prefix', 'Forwarded', 'X-Original-Host', 'X-Host', 'Via', 'User-Agent', 'Cookie', 'Referer'];
  const token = await target.bearer('viewer');
  const [path = '/docs'] = operationsOf(target).filter(({ method, path: own }) => method === 'GET' && !own.includes('{')).map(({ path: own }) => own);
  for (const name of names) {
    for (const place of ['/docs', '/sign-in', '/nothing', path, '/auth/sign-in']) {
      for (const method of ['GET', 'OPTIONS']) {
        const answer = await target.ask({ method, path: place, headers: [...token, [name, `${MARK}"><script>`], ['Accept', 'text/html, */*']] });
        const inHead = 'failure' in answer ? undefined : Object.entries(answer.headers).find(([, value]) => String(value).includes(MARK));
        sightings.note(answer, inHead !== undefined ? `${name} comes back in ${inHead[0]}` : bodyOf(answer).includes(`${MARK}">`) ? `${name} comes back in ${place}` : undefined);
      }
    }
  }
  return sightings.outcome();
}

/** CWE-644: addresses that are made out of Host end up in mails, links and redirects. */
async function forgeHost(target: Target): Promise<Outcome> {
  const sightings = new Sightings();
  const browser = await target.browser('manager');
  const hosts: readonly Lines[] = [[['Host', 'evil.test']], [['Host', 'evil.test:80']], [['X-Forwarded-Host', 'evil.test']], [['Forwarded', 'host=evil.test;proto=https']], [['X-Host', 'evil.test']], [['X-Forwarded-Server', 'evil.test']], [['Host', `${new URL(target.origin).host}.evil.test`]], [['X-Original-URL', 'http://evil.test/']], [['X-Forwarded-Prefix', '//evil.test']]];
  const paths = target.routes.filter(({ method, path }) => method === 'GET' && !/\/(?:stream|socket)$/.test(path)).map(({ path }) => fillPath(path, {}));
  for (const path of new Set([...paths, '/nothing', '/openapi.json'])) {
    for (const host of hosts) {
      const answer = await target.ask({ path, headers: [...browser, ...host, ['Accept', 'text/html, */*']] });
      const location = headerOf(answer, 'location');
      sightings.note(answer, location?.includes('evil.test') === true ? `${path} leads to ${location}` : bodyOf(answer).includes('evil.test') ? `${path} shows the host of ${JSON.stringify(host)}` : undefined);
    }
  }
  return sightings.outcome();
}

function linkTo(answer: FrontAnswer, host: string): FrontAnswer {
  return rewrite(answer, { body: answer.body.toString().replace('<head>', `<head><base href="http://${host}/">`), headers: answer.status === 303 ? { location: `http://${host}/` } : {} });
}

export const attackClass: AttackClass = {
  title: 'Header injection',
  source: 'CWE-113, CWE-644',
  setup: 'open',
  attacks: [
    { name: 'line breaks in every path and query, in ten encodings', expected: 'no header of the attacker’s', leak: WITHOUT_ENCODING, run: breakLines },
    { name: 'headers that a server likes to send back', expected: 'not sent back', leak: { without: 'making ids itself', answer: async (request, { forward }) => rewrite(await forward(request), { headers: { 'x-request-id': request.headers['x-request-id'] ?? '' } }) }, run: reflect },
    { name: 'another Host, and what proxies call it', expected: 'links of PUBLIC_URL alone', leak: { without: 'a name of its own', answer: async (request, { forward }) => linkTo(await forward(request), request.headers['x-forwarded-host'] ?? request.headers['host'] ?? '') }, run: forgeHost },
  ],
};
