// Server-side request forgery: an address of the attacker's in every field, parameter and header; nobody may call there.
// Tested by attack.proof.ts: behind a front that fetches what it is shown, each of these succeeds.
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { askWell, bodyFor, createFields, fillPath, isFreeText, operationsOf, propertiesOf } from './api.ts';
import { type AttackClass, type Outcome, Sightings } from './attack.ts';
import type { Leak } from './front.ts';
import { sendRaw } from './request-smuggling.attack.ts';
import type { Lines, Target } from './target.ts';

interface Listener {
  readonly url: string;
  readonly calls: readonly string[];
  close(): void;
}

/** Who calls here was made to. */
async function listen(): Promise<Listener> {
  const calls: string[] = [];
  const server = http.createServer((request, response) => {
    calls.push(request.url ?? '');
    request.resume();
    response.end('{}');
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Several ways to write one address, for filters that look for one. */
function spell(url: string, place: string): readonly string[] {
  const { port } = new URL(url);
  const path = encodeURIComponent(place).replaceAll('%', '-');
  return [`${url}/${path}`, `http://2130706433:${port}/${path}`, `http://127.1:${port}/${path}`, `http://[::ffff:7f00:1]:${port}/${path}`, `http://localhost:${port}/${path}`, `//127.0.0.1:${port}/${path}`];
}

/** Until the service has had the time to call: it has answered another request meanwhile. */
async function settle(target: Target, listener: Listener, sightings: Sightings): Promise<Outcome> {
  await target.ask({ path: '/docs' });
  for (const call of new Set(listener.calls)) sightings.note('called', `it called ${call}`);
  listener.close();
  return sightings.outcome();
}

async function inFields(target: Target): Promise<Outcome> {
  const [sightings, listener] = [new Sightings(), await listen()];
  const [token, browser] = [await target.bearer('manager'), await target.browser('manager')];
  for (const route of target.routes.filter(({ body }) => body !== undefined)) {
    const path = fillPath(route.path, {});
    for (const url of spell(listener.url, `${route.method} ${route.path}`)) {
      const texts = Object.entries(propertiesOf(target, route.body?.schema)).filter(([, schema]) => isFreeText(target, schema)).map(([name]) => name);
      const fields = { ...createFields(target, route.body?.schema, url), ...Object.fromEntries(texts.map((name) => [name, url])) };
      const request = { method: route.method, path, headers: [...(route.kind === 'operation' ? token : browser), ['If-Match', '*']] as Lines, ...bodyFor(route, fields) };
      sightings.note(await target.ask(request), undefined);
    }
    // Once with what the service takes, so that it is not refused before anybody could call.
    const { answer } = await askWell(target, route, path, route.kind === 'operation' ? token : await target.newBrowser('viewer'), { text: listener.url });
    sightings.note(answer, undefined);
  }
  return settle(target, listener, sightings);
}

const NAMES = ['url', 'uri', 'return_to', 'next', 'callback', 'webhook', 'image', 'feed', 'host', 'proxy', 'iss', 'issuer', 'request_uri', 'jwks_uri', 'redirect_uri', 'target', 'state', 'code', 'q', 'cursor'];
const HEADERS = ['Referer', 'X-Forwarded-For', 'X-Forwarded-Host', 'X-Original-URL', 'X-Rewrite-URL', 'True-Client-IP', 'Client-IP', 'Forwarded', 'Origin', 'Host', 'X-Wap-Profile', 'Contact', 'From', 'CF-Connecting-IP', 'X-Callback-URL', 'Destination', 'Profile', 'Link', 'Content-Location'];

async function inAddresses(target: Target): Promise<Outcome> {
  const [sightings, listener] = [new Sightings(), await listen()];
  const browser = await target.browser('manager');
  const paths = [...new Set(target.routes.filter(({ method, path }) => method === 'GET' && !/\/(?:stream|socket)$/.test(path)).map(({ path }) => fillPath(path, {})))];
  const [url = ''] = spell(listener.url, 'address');
  for (const path of paths) {
    sightings.note(await target.ask({ path: `${path}?${NAMES.map((name) => `${name}=${encodeURIComponent(url)}`).join('&')}`, headers: browser }), undefined);
    for (const name of NAMES) sightings.note(await target.ask({ path: `${path}?${name}=${encodeURIComponent(url)}`, headers: browser }), undefined);
    for (const name of HEADERS) sightings.note(await target.ask({ path, headers: [...browser, [name, name === 'Host' ? new URL(url).host : url]] }), undefined);
  }
  for (const line of [`GET ${url} HTTP/1.1`, `CONNECT ${new URL(url).host} HTTP/1.1`, `GET @${new URL(url).host}/ HTTP/1.1`]) await sendRaw(target.address, { bytes: `${line}\r\nHost: ${new URL(target.origin).host}\r\nConnection: close\r\n\r\n` }, 2_000);
  return settle(target, listener, sightings);
}

/** Addresses that a token carries (RFC 8725, 3.10), and a logout token. */
async function inTokens(target: Target): Promise<Outcome> {
  const [sightings, listener] = [new Sightings(), await listen()];
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const now = Math.floor(Date.now() / 1_000);
  for (const header of [{ jku: `${listener.url}/jku` }, { x5u: `${listener.url}/x5u` }, { kid: `${listener.url}/kid` }, { jwk: { kty: 'RSA', x5u: `${listener.url}/jwk` } }]) {
    for (const iss of [target.issuer, listener.url]) {
      const token = `${part({ alg: 'RS256', typ: 'at+jwt', ...header })}.${part({ iss, aud: `${target.origin}/api`, sub: 'x', iat: now, exp: now + 60, jti: 'x' })}.${'A'.repeat(342)}`;
      sightings.note(await target.ask({ path: operationsOf(target)[0]?.path ?? '/', headers: [['Authorization', `Bearer ${token}`]] }), undefined);
      sightings.note(await target.ask({ method: 'POST', path: '/auth/back-channel-logout', form: { logout_token: token } }), undefined);
    }
  }
  return settle(target, listener, sightings);
}

const FETCHING: Leak = {
  without: 'keeping to addresses of its own',
  async answer(request, { forward }) {
    const shown = decodeURIComponent(request.target) + JSON.stringify(request.headers) + decodeURIComponent(request.body.toString()) + Buffer.from(/Bearer ([\w-]+)/.exec(request.headers['authorization'] ?? '')?.[1] ?? '', 'base64url').toString();
    const url = /http:\/\/127\.0\.0\.1:\d+\/(?:-?[\w%-]+)/.exec(shown)?.[0];
    if (url !== undefined) await fetch(url).then((response) => response.text(), () => undefined);
    return forward(request);
  },
};

export const attackClass: AttackClass = {
  title: 'Server-side request forgery',
  source: 'API7:2023, CWE-918',
  setup: 'open',
  attacks: [
    { name: 'an address in every field of every body', expected: 'nobody calls', leak: FETCHING, run: inFields },
    { name: 'an address in parameters, headers and the request line', expected: 'nobody calls', leak: FETCHING, run: inAddresses },
    { name: 'addresses in access tokens and logout tokens', expected: 'nobody calls', leak: FETCHING, run: inTokens },
  ],
};
