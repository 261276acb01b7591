// Unsafe consumption of an API and SSRF by configuration: an identity provider that lies, redirects, and never stops talking.
// Tested by attack.proof.ts: behind a front that follows and believes, each of these succeeds.
import { type AttackClass, bodyOf, headerOf, type Outcome, Sightings, statusOf } from './attack.ts';
import { rewrite, withHeaders } from './front.ts';
import type { Misbehaviour } from './hostile-provider.ts';
import type { Lines, Target } from './target.ts';

const MISBEHAVIOURS: readonly Misbehaviour[] = ['redirect', 'html', 'other-issuer', 'endless'];
const LONGEST_MS = 12_000;
const PATH = '/api/v1/sessions';
const MARKUP = '<img src=x onerror=xssmark>';

/** `where`: what of the provider's answers goes wrong; a token cannot be verified then, and nobody is let in. */
async function misbehave(target: Target, where: 'metadata' | 'keys'): Promise<Outcome> {
  const sightings = new Sightings();
  const { provider } = target;
  if (provider === undefined) return { verdict: 'failed', seen: 'there is no provider' };
  for (const how of MISBEHAVIOURS.slice(0, where === 'keys' ? 2 : undefined)) {
    const strays = provider.strays();
    provider.plan[where] = how;
    const from = performance.now();
    const answer = await target.ask({ path: PATH, headers: await target.bearer('manager') });
    const ms = performance.now() - from;
    provider.plan[where] = 'none';
    // Keys and metadata that were had before are used for a while: then nobody is asked, and nothing can go wrong.
    sightings.note(answer, provider.strays() > strays ? `${how}: the redirect was followed` : statusOf(answer) === 500 || statusOf(answer) === 0 ? `${how}: ${statusOf(answer)}` : statusOf(answer) === 200 && how !== 'redirect' && how !== 'html' && ms > LONGEST_MS ? `${how}: let in after ${Math.round(ms)} ms` : ms > LONGEST_MS ? `${how}: answered after ${Math.round(ms)} ms` : undefined);
  }
  return sightings.outcome();
}

interface SignIn {
  readonly status: number;
  readonly cookie: string | undefined;
}

async function signInAs(target: Target, claims: Readonly<Record<string, unknown>>, { nonce, signature = 'good' as const }: { readonly nonce?: string; readonly signature?: 'good' | 'none' | 'stranger' } = {}): Promise<SignIn> {
  const { provider } = target;
  if (provider === undefined) throw new Error('There is no provider.');
  const asked = await target.ask({ path: '/auth/sign-in' });
  const location = new URL(headerOf(asked, 'location') ?? '');
  const cookies = (headerOf(asked, 'set-cookie') ?? '').split(';')[0] ?? '';
  provider.plan.claims = { nonce: nonce ?? location.searchParams.get('nonce'), ...claims };
  provider.plan.signature = signature;
  const query = new URLSearchParams({ code: 'x', state: location.searchParams.get('state') ?? '', iss: provider.issuer });
  const answer = await target.ask({ path: `/auth/callback?${String(query)}`, headers: [['Cookie', cookies]] });
  return { status: statusOf(answer), cookie: /session=[\w-]{20,}/.exec(headerOf(answer, 'set-cookie') ?? '')?.[0] };
}

const GOOD = { sub: 'hostile-person', tenant: 'acme', roles: ['viewer'], name: 'Somebody' };

async function lie(target: Target): Promise<Outcome> {
  const sightings = new Sightings();
  if ((await signInAs(target, GOOD)).cookie === undefined) return { verdict: 'failed', seen: 'a good ID token signs nobody in' };
  const tries: readonly (readonly [string, () => Promise<SignIn>])[] = [
    ['not signed', () => signInAs(target, GOOD, { signature: 'none' })],
    ['signed by a stranger', () => signInAs(target, GOOD, { signature: 'stranger' })],
    ['another nonce', () => signInAs(target, GOOD, { nonce: 'x' })],
    ['another audience', () => signInAs(target, { ...GOOD, aud: 'other' })],
    ['no tenant', () => signInAs(target, { ...GOOD, tenant: undefined })],
    ['a tenant that is a list', () => signInAs(target, { ...GOOD, tenant: ['acme', 'globex'] })],
    ['a tenant with a quote', () => signInAs(target, { ...GOOD, tenant: "acme' or '1'='1" })],
    ['a tenant that is a path', () => signInAs(target, { ...GOOD, tenant: '../globex' })],
    ['roles that are none', () => signInAs(target, { ...GOOD, roles: ['root', '__proto__', 'constructor'] })],
    ['roles that are an object', () => signInAs(target, { ...GOOD, roles: { 0: 'manager', length: 1, includes: 'manager' } })],
    ['no subject', () => signInAs(target, { ...GOOD, sub: '' })],
    ['a subject with a line break', () => signInAs(target, { ...GOOD, sub: 'a\r\nb' })],
    ['a subject of a thousand characters', () => signInAs(target, { ...GOOD, sub: 'a'.repeat(1_000) })],
  ];
  for (const [name, attempt] of tries) {
    const { status, cookie } = await attempt();
    sightings.note(String(status), cookie !== undefined ? `${name}: signed in` : status >= 500 ? `${name}: ${status}` : undefined);
  }
  return sightings.outcome();
}

/** What the provider says of a person stands on pages. */
async function sayMarkup(target: Target): Promise<Outcome> {
  const sightings = new Sightings();
  for (const name of [MARKUP, `"><script>xssmark</script>`, `' onmouseover=xssmark`, '\u202eevil', `javascript:xssmark`]) {
    const { cookie } = await signInAs(target, { ...GOOD, name });
    const lines: Lines = [['Cookie', cookie ?? ''], ['Accept', 'text/html']];
    for (const { path } of target.routes.filter((route) => route.method === 'GET' && !route.path.includes('{') && (route.kind === 'page' || route.path === '/docs'))) {
      const answer = await target.ask({ path, headers: lines });
      const found = /<[^>]*xssmark|\u202e/.exec(bodyOf(answer))?.[0];
      sightings.note(answer, found === undefined ? undefined : `${path} has ${found} out of a claim`);
    }
  }
  return sightings.outcome();
}

/** CWE-918: nothing that anybody sends is an address to go to. */
async function endForOthers(target: Target): Promise<Outcome> {
  const sightings = new Sightings();
  const { provider } = target;
  if (provider === undefined) return { verdict: 'failed', seen: 'there is no provider' };
  const { cookie = '' } = await signInAs(target, GOOD);
  const event = { 'http://schemas.openid.net/event/backchannel-logout': {} };
  const tokens: readonly (readonly [string, string])[] = [
    ['no event', await provider.sign({ aud: 'attack', sub: GOOD.sub, jti: 'a' }, 'logout+jwt')],
    ['an ID token', await provider.sign({ aud: 'attack', sub: GOOD.sub, jti: 'b', nonce: 'x', events: event }, 'JWT')],
    ['an access token', await provider.accessToken(GOOD.sub, `${target.origin}/api`)],
    ['another audience', await provider.sign({ aud: 'other', sub: GOOD.sub, jti: 'c', events: event }, 'logout+jwt')],
    ['no jti', await provider.sign({ aud: 'attack', sub: GOOD.sub, events: event }, 'logout+jwt')],
    ['the event in the prototype', await provider.sign({ aud: 'attack', sub: GOOD.sub, jti: 'd', events: { constructor: {} } }, 'logout+jwt')],
    ['not signed', `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from(JSON.stringify({ iss: provider.issuer, aud: 'attack', sub: GOOD.sub, jti: 'e', iat: Math.floor(Date.now() / 1_000), exp: Math.floor(Date.now() / 1_000) + 60, events: event })).toString('base64url')}.`],
  ];
  for (const [name, token] of tokens) {
    const answer = await target.ask({ method: 'POST', path: '/auth/back-channel-logout', form: { logout_token: token } });
    const still = await target.ask({ path: PATH, headers: [['Cookie', cookie]] });
    sightings.note(answer, statusOf(answer) < 400 ? `${name}: taken` : statusOf(still) !== 200 ? `${name}: it ended a session` : undefined);
  }
  return sightings.outcome();
}

const STRAY = '/inside';

export const attackClass: AttackClass = {
  title: 'A hostile identity provider',
  source: 'API10:2023, API7:2023, CWE-918',
  setup: 'hostile',
  attacks: [
    { name: 'metadata that redirects inside, never ends, is a page, or another’s', expected: 'no redirect followed, answered in bounded time', run: (target) => misbehave(target, 'metadata'), leak: { without: 'stopping at a redirect', answer: async (request, { forward, issuer }) => { await (await fetch(issuer + STRAY)).text(); return forward(request); } } },
    { name: 'keys that redirect inside, or are a page', expected: 'no redirect followed', run: (target) => misbehave(target, 'keys'), leak: { without: 'stopping at a redirect', answer: async (request, { forward, issuer }) => { await (await fetch(issuer + STRAY)).text(); return forward(request); } } },
    { name: 'ID tokens that are forged, another’s, or about nobody', expected: 'nobody is signed in', run: lie, leak: { without: 'verifying', answer: async (request, { forward }) => { const answer = await forward(request); return request.target.startsWith('/auth/callback') ? rewrite(answer, { status: 303, headers: { 'set-cookie': ['session=let-in-without-a-look'] } }) : answer; } } },
    { name: 'markup in what it says of a person', expected: 'text, never markup', run: sayMarkup, leak: { without: 'escaping', answer: async (request, { forward, tokens }) => { const answer = await forward(withHeaders(request, request.target.startsWith('/auth') ? {} : { cookie: undefined, authorization: `Bearer ${(await tokens())[0] ?? ''}` })); return String(answer.headers['content-type']).startsWith('text/html') ? rewrite(answer, { body: answer.body.toString().replace('</body>', `${MARKUP}</body>`) }) : answer; } } },
    { name: 'logout tokens that are none', expected: '400, and the session goes on', run: endForOthers, leak: { without: 'verifying', answer: (request, { forward }) => (request.target.endsWith('/back-channel-logout') ? Promise.resolve({ status: 204, headers: {}, body: Buffer.alloc(0) }) : forward(request)) } },
  ],
};
