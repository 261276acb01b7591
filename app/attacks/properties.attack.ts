// Broken object property level authorisation: fields that a client must not set (mass assignment), and fields that it must not see.
// Tested by attack.proof.ts: behind a front that drops unknown fields, or shows more, each of these succeeds.
import { DEVELOPMENT_USERS } from '#app/identity/development-users.ts';
import { API_PREFIX } from '#app/http/operation-routes.ts';
import type { Schema } from '#app/testing/fuzz/schema-values.ts';
import { askWell, bodyFor, createMarker, type Fields, fillPath, managerOf, operationsOf, plant, propertiesOf, resolve, TENANTS } from './api.ts';
import { type AttackClass, bodyOf, nameOf, type Outcome, Sightings, statusOf } from './attack.ts';
import { rewrite } from './front.ts';
import type { Lines, Route, Target } from './target.ts';

/** What attackers add first, beside what the answers themselves show. */
const USUAL: readonly (readonly [string, unknown])[] = [['tenantId', 'globex'], ['tenant_id', 'globex'], ['tenant', 'globex'], ['id', '00000000-0000-4000-8000-000000000000'], ['isAdmin', true], ['admin', true], ['role', 'manager'], ['roles', ['manager']], ['owner', 'manager'], ['subject', 'manager'], ['version', 99], ['createdAt', '2000-01-01T00:00:00Z'], ['actor', { id: 'manager' }], ['verified', true], ['__v', 1]];

function schemasOfAnswers(target: Target, { path, method }: Route): readonly Schema[] {
  const responses = target.document.paths[path]?.[method.toLowerCase()]?.responses ?? {};
  return Object.entries(responses).flatMap(([status, { content }]) => (status.startsWith('2') ? Object.values(content ?? {}).map(({ schema }) => schema) : []));
}

function guessesFor(target: Target, route: Route): readonly (readonly [string, unknown])[] {
  const own = propertiesOf(target, route.body?.schema);
  const shown = schemasOfAnswers(target, route).flatMap((schema) => Object.keys(propertiesOf(target, schema)).map((name) => [name, 99] as const));
  return [...shown, ...USUAL].filter(([name]) => !(name in own));
}

async function assignMore(target: Target): Promise<Outcome> {
  const sightings = new Sightings();
  const user = managerOf(TENANTS[0] ?? '');
  const planted = await plant(target, user);
  const writes = operationsOf(target).filter(({ body }) => body !== undefined);
  for (const route of writes) {
    const location = planted.find(({ location: place }) => route.path.includes('{') && new RegExp(`^${route.path.replaceAll(/\{\w+\}/g, '[^/]+').replace(/(\[\^\/\]\+).*$/, '$1')}$`).test(place))?.location;
    const name = decodeURIComponent(location?.split('/').at(-1) ?? 'x');
    const path = route.path.replace(/\{\w+\}/, encodeURIComponent(name));
    const credential = await target.bearer(user);
    const { fields } = await askWell(target, route, path, credential);
    for (const [field, value] of guessesFor(target, route)) {
      const body = bodyFor(route, { ...fields, ...keyOf(target, route, fields), [field]: value });
      const answer = await target.ask({ method: route.method, path, headers: [...credential, ['If-Match', '*']], ...body });
      sightings.note(answer, statusOf(answer) < 400 ? `${nameOf({ method: route.method, path })} took "${field}"` : undefined);
    }
  }
  for (const route of target.routes.filter(({ kind }) => kind === 'form')) {
    const credential = await target.browser(user);
    const { fields } = await askWell(target, { ...route, demandsVersion: false }, fillPath(route.path, {}), credential);
    for (const [field, value] of USUAL.filter(([key]) => !(key in propertiesOf(target, route.body?.schema)))) {
      const answer = await target.ask({ method: 'POST', path: fillPath(route.path, {}), headers: credential, form: { ...(bodyFor(route, fields).form as Record<string, string>), [field]: String(value) } });
      sightings.note(answer, statusOf(answer) < 400 ? `${nameOf({ method: 'POST', path: route.path })} took "${field}"` : undefined);
    }
  }
  return sightings.outcome();
}

/** So that a second thing could be made if the field were taken. */
function keyOf(target: Target, { body }: Route, fields: Fields): Fields {
  const properties = propertiesOf(target, body?.schema);
  const marker = createMarker();
  return Object.fromEntries(Object.entries(fields).flatMap(([name, value]) => (typeof value === 'string' && value.startsWith('ATTACK-') && properties[name] !== undefined ? [[name, marker]] : [])));
}

/** Paths of what is there and not in the schema. */
function findSurplus(target: Target, value: unknown, given: Schema, at = ''): readonly string[] {
  const schema = resolve(target, given);
  const branches = ['oneOf', 'anyOf', 'allOf'].flatMap((name) => (schema[name] ?? []) as readonly Schema[]);
  if (branches.length > 0) return branches.some((branch) => findSurplus(target, value, branch, at).length === 0) ? [] : findSurplus(target, value, branches[0] ?? {}, at);
  if (Array.isArray(value)) return value.flatMap((each) => findSurplus(target, each, (schema['items'] ?? {}) as Schema, `${at}[]`));
  if (typeof value !== 'object' || value === null) return [];
  const properties = propertiesOf(target, schema);
  const open = typeof schema['additionalProperties'] === 'object';
  return Object.entries(value).flatMap(([name, each]) => (properties[name] !== undefined ? findSurplus(target, each, properties[name], `${at}.${name}`) : open ? [] : [`${at}.${name}`]));
}

const SECRET = /pass(?:word)?(?:Hash|_hash|Digest)|argon2|totp|secret|"(?:\w*[Tt]oken|privateKey|pepper|salt)":|eyJ[\w-]{10,}\.eyJ/;

async function readMore(target: Target): Promise<Outcome> {
  const sightings = new Sightings();
  const planted = await plant(target, managerOf(TENANTS[0] ?? ''));
  for (const { id, tenantId } of DEVELOPMENT_USERS.filter((each) => each.tenantId === TENANTS[0])) {
    const credential: Lines = [...(await target.bearer(id)), ['Accept', 'application/json']];
    const reads = operationsOf(target).filter(({ method }) => method === 'GET');
    const places = reads.flatMap((route) => (route.path.includes('{') ? planted.filter(({ location }) => location.startsWith(route.path.replace(/\{.*$/, ''))).slice(0, 2).map(({ location }) => ({ route, path: route.path.replace(/^.*?\{\w+\}/, location) })) : [{ route, path: route.path }]));
    for (const { route, path } of places) {
      const answer = await target.ask({ path, headers: credential });
      const status = statusOf(answer);
      const [schema] = schemasOfAnswers(target, route);
      const [surplus] = status === 200 && schema !== undefined ? findSurplus(target, JSON.parse(bodyOf(answer)), schema) : [];
      const secret = SECRET.exec(bodyOf(answer))?.[0];
      sightings.note(answer, surplus !== undefined ? `${id} of ${tenantId} sees ${surplus} in ${path}` : secret !== undefined ? `${id} sees ${secret} in ${path}` : undefined);
    }
  }
  return sightings.outcome();
}

/** Fields that the policy keeps from some roles (`rules.fields`), in every list of their kind. */
async function readHidden(target: Target): Promise<Outcome> {
  const sightings = new Sightings();
  for (const { module, feature } of target.features) {
    for (const [resource, fields] of Object.entries(module.rules?.fields ?? {})) {
      const paths = feature.operations.filter(({ action, path, kind }) => kind === 'query' && action.startsWith(`${resource}:`) && !path.includes('{')).map(({ path }) => API_PREFIX + path);
      for (const [field, roles] of Object.entries(fields)) {
        for (const { id, roles: own } of DEVELOPMENT_USERS.filter(({ tenantId }) => tenantId === TENANTS[0])) {
          for (const path of paths) {
            const answer = await target.ask({ path: `${path}?limit=100`, headers: await target.bearer(id) });
            const shown = hasField(JSON.parse(bodyOf(answer)), field.split('.'));
            sightings.note(answer, shown && !own.some((role) => roles.includes(role)) ? `${id} sees ${resource}' ${field} in ${path}` : undefined);
          }
        }
      }
    }
  }
  return sightings.outcome();
}

function hasField(value: unknown, [name = '', ...rest]: readonly string[]): boolean {
  if (Array.isArray(value)) return value.some((each) => hasField(each, [name, ...rest]));
  if (typeof value !== 'object' || value === null) return false;
  const own = (value as Fields)[name];
  if (own !== undefined && (rest.length === 0 || hasField(own, rest))) return true;
  return Object.values(value).some((each) => typeof each === 'object' && hasField(each, [name, ...rest]));
}

export const attackClass: AttackClass = {
  title: 'Properties of objects',
  source: 'API3:2023, CWE-915, CWE-213',
  setup: 'open',
  attacks: [
    {
      name: 'fields that are not the client’s to set, one by one in every body',
      expected: 'refused',
      run: assignMore,
      leak: {
        without: 'refusing what it does not know',
        async answer(request, { forward }) {
          const answer = await forward(request);
          // As frameworks do that copy what they know and drop the rest.
          return answer.status === 400 && /field is unknown/.test(answer.body.toString()) ? rewrite(answer, { status: 200, body: '{}' }) : answer;
        },
      },
    },
    {
      name: 'every answer, as each role, for more than its schema says and for secrets',
      expected: 'nothing more',
      run: readMore,
      leak: {
        without: 'choosing what is shown',
        async answer(request, { forward }) {
          const answer = await forward(request);
          return answer.status === 200 && request.method === 'GET' ? rewrite(answer, { body: answer.body.toString().replace(/^\{/, '{"passwordHash":"$$argon2id",') }) : answer;
        },
      },
    },
    {
      name: 'fields that the policy keeps from a role',
      expected: 'left out',
      run: readHidden,
      leak: {
        without: 'leaving fields out',
        async answer(request, { forward, tokens }) {
          return forward({ ...request, headers: { ...request.headers, authorization: `Bearer ${(await tokens())[2] ?? ''}` } });
        },
      },
    },
  ],
};
