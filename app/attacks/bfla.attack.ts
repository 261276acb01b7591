// Broken function level authorisation: every route as each role, and as nobody.
// Tested by attack.proof.ts: behind a front that lets a manager's token stand in for any, each of these succeeds.
import { DEVELOPMENT_USERS } from '#app/identity/development-users.ts';
import { fillPath, operationsOf } from './api.ts';
import { type AttackClass, codeOf, headerOf, nameOf, type Outcome, Sightings, statusOf } from './attack.ts';
import { type Leak, withHeaders } from './front.ts';
import type { Lines, Request, Route, Target } from './target.ts';

const WITHOUT_ROLES: Leak = {
  without: 'asking what one may do',
  async answer(request, { forward, tokens }) {
    const manager = (await tokens())[DEVELOPMENT_USERS.findIndex(({ roles }) => roles.includes('manager'))] ?? '';
    return forward(withHeaders(request, { cookie: undefined, authorization: `Bearer ${manager}` }));
  },
};

function requestOf({ method, path, kind }: Route, credential: Lines): Request {
  return { method, path: fillPath(path, {}), headers: [...credential, ['Accept', kind === 'operation' ? 'application/json, text/event-stream' : 'text/html, */*'], ['If-Match', '"0"']], ...(method === 'GET' || method === 'DELETE' ? {} : kind === 'operation' ? { json: {} } : { form: {} }) };
}

async function askAsRoles(target: Target): Promise<Outcome> {
  const sightings = new Sightings();
  const people = DEVELOPMENT_USERS.filter(({ tenantId }) => tenantId === 'acme');
  for (const route of [...operationsOf(target), ...target.routes.filter(({ kind }) => kind === 'page' || kind === 'form')]) {
    for (const { id, roles } of people) {
      if (roles.some((role) => route.roles.includes(role))) continue;
      const request = requestOf(route, route.kind === 'operation' ? await target.bearer(id) : await target.browser(id));
      const answer = await target.ask(request);
      sightings.note(answer, statusOf(answer) === 403 ? undefined : `${id} got ${statusOf(answer)} for ${nameOf(request)}`);
    }
  }
  return sightings.outcome();
}

/** What the platform serves to anybody. */
function isPublic({ kind, path }: Route): boolean {
  return kind === 'public-page' || kind === 'public-form' || kind === 'asset' || (kind === 'platform' && !path.startsWith('/api/'));
}

async function askAsNobody(target: Target, credential: Lines): Promise<Outcome> {
  const sightings = new Sightings();
  for (const route of target.routes.filter((each) => !isPublic(each) && !each.upgrades)) {
    const request = requestOf(route, credential);
    const answer = await target.ask(request);
    const toSignIn = statusOf(answer) === 303 && /^\/(?:auth\/)?sign-in\?/.test(headerOf(answer, 'location') ?? '');
    sightings.note(answer, statusOf(answer) === 401 || toSignIn ? undefined : `nobody got ${statusOf(answer)} ${codeOf(answer) ?? ''} for ${nameOf(request)}`);
  }
  return sightings.outcome();
}

/** Paths that a router and a check by prefix may read differently. */
function respell(path: string): readonly string[] {
  const [, first = '', ...rest] = path.split('/');
  return [path.toUpperCase(), `${path}/`, `/${path}`, `/.${path}`, `/x/..${path}`, `/x/%2e%2e${path}`, `${path}%20`, `${path}%00`, `${path};x=y`, `${path}.json`, `${path}?`, `/%${first.charCodeAt(0).toString(16)}${first.slice(1)}/${rest.join('/')}`, path.replace(/\/(?=[^/]*$)/, '%2f'), path.replace(/\/(?=[^/]*$)/, '//'), path.replace(/\/(?=[^/]*$)/, '\\')];
}

async function askRespelled(target: Target): Promise<Outcome> {
  const sightings = new Sightings();
  for (const route of operationsOf(target).filter(({ path, method }) => method === 'GET' && !path.includes('{'))) {
    for (const path of respell(route.path)) {
      for (const more of [[], [['X-Original-URL', route.path]], [['X-Rewrite-URL', route.path]]] as readonly Lines[]) {
        const request = { path: more.length === 0 ? path : '/docs/none', headers: [['Accept', 'application/json'], ...more] as Lines };
        const answer = await target.ask(request);
        sightings.note(answer, statusOf(answer) < 400 && statusOf(answer) !== 0 ? `nobody got ${statusOf(answer)} for ${nameOf(request)}` : undefined);
      }
    }
  }
  return sightings.outcome();
}

export const attackClass: AttackClass = {
  title: 'Functions of others',
  source: 'API5:2023, CWE-285',
  setup: 'open',
  attacks: [
    { name: 'every route, as each role that it is not for', expected: '403', leak: WITHOUT_ROLES, run: askAsRoles },
    { name: 'every route that is not public, as nobody', expected: '401, or to the sign-in', leak: WITHOUT_ROLES, run: (target) => askAsNobody(target, []) },
    { name: 'every route, with cookies and tokens that are none', expected: '401, or to the sign-in', leak: WITHOUT_ROLES, run: (target) => askAsNobody(target, [['Authorization', 'Bearer null'], ['X-User', 'manager'], ['X-Forwarded-User', 'manager'], ['X-Roles', 'manager']]) },
    {
      name: 'paths spelled so that a check and a router may differ',
      expected: '4xx',
      leak: {
        without: 'one reading of a path',
        async answer(request, context) {
          const target = decodeURIComponent(request.headers['x-original-url'] ?? request.target.replace('%00', '')).replaceAll(/\/x\/\.\.|\/\.(?=\/)|[;?].*|\s|\.json$/g, '').replaceAll(/[\\/]+/g, '/').replace(/\/$/, '');
          return (await WITHOUT_ROLES.answer?.({ ...request, target }, context)) ?? context.forward(request);
        },
      },
      run: askRespelled,
    },
  ],
};
