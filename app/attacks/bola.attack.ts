// Broken object level authorisation: what somebody's lists don't show them, asked for by its name, on every route that takes one.
// Tested by attack.proof.ts: behind a front that tries everybody's token each of these succeeds.
import type { Answer } from '#app/testing/fuzz/client.ts';
import { askWell, collectionsOf, type Collection, fillPath, listNames, managerOf, plant, TENANTS } from './api.ts';
import { type AttackClass, bodyOf, nameOf, NO_ROUTE, type Outcome, Sightings, statusOf } from './attack.ts';
import { type Leak, withHeaders } from './front.ts';
import type { Route, Target } from './target.ts';

/** Of each pair so many things are asked for: each kind of answer comes up with fewer. */
const MOST_NAMES = 4;

/** A service that looks a thing up without asking whose it is. */
const WITHOUT_OWNERS: Leak = {
  without: 'asking whose it is',
  async answer(request, { forward, tokens }) {
    const first = await forward(request);
    if (first.status < 400) return first;
    for (const token of await tokens()) {
      const answer = await forward(withHeaders(request, { cookie: undefined, authorization: `Bearer ${token}` }));
      if (answer.status < 400) return answer;
    }
    return first;
  },
};

async function credentialFor(target: Target, route: Route, user: string) {
  return route.kind === 'operation' ? target.bearer(user) : target.browser(user);
}

/** The same answer but for what names the request itself. */
function shapeOf(answer: Answer, name: string): string {
  return `${statusOf(answer)} ${bodyOf(answer).replaceAll(name, '…').replaceAll(encodeURIComponent(name), '…').replaceAll(/"requestId":"[^"]*"|[0-9a-f]{8}-[0-9a-f-]{27}/g, '')}`;
}

/** Another of the same form, which is nobody's. */
function misspell(name: string): string {
  const last = name.at(-1) ?? '';
  const other = /\d/.test(last) ? String((Number(last) + 5) % 10) : last === 'a' ? 'b' : last === 'A' ? 'B' : last === last.toUpperCase() ? 'A' : 'a';
  return name.slice(0, -1) + other;
}

async function attackPair(target: Target, collection: Collection, [owner, attacker]: readonly [string, string], sightings: Sightings): Promise<void> {
  const [theirs, own] = [await listNames(target, collection, await target.bearer(owner)), await listNames(target, collection, await target.bearer(attacker))];
  const hidden = [...theirs].filter((name) => !own.has(name));
  for (const name of hidden.slice(0, MOST_NAMES / 2).concat(hidden.slice(-MOST_NAMES / 2))) {
    for (const route of collection.items) {
      const credential = await credentialFor(target, route, attacker);
      const path = fillPath(route.path, { [collection.parameter]: name });
      const { answer } = await askWell(target, route, path, credential);
      const nothing = await askWell(target, route, fillPath(route.path, { [collection.parameter]: misspell(name) }), credential);
      const status = statusOf(answer);
      // Where no body would do, both are refused before anybody has looked.
      const refused = status === 404 || (status === 400 && statusOf(nothing.answer) === 400) || status === 403 || status === 401 || (status === 303 && shapeOf(answer, name) === shapeOf(nothing.answer, misspell(name)));
      const fault = !refused ? `${attacker} got ${status} for ${owner}'s ${nameOf({ method: route.method, path })}` : statusOf(nothing.answer) !== status ? `${nameOf({ method: route.method, path })} answers ${status}, and ${statusOf(nothing.answer)} where there is nothing` : undefined;
      sightings.note(answer, fault);
    }
  }
  const after = await listNames(target, collection, await target.bearer(owner));
  const lost = hidden.filter((name) => !after.has(name));
  if (lost.length > 0) sightings.note('vanished', `${owner}'s ${lost.join(', ')} is gone`);
}

async function attackPairs(target: Target, pairs: readonly (readonly [string, string])[]): Promise<Outcome> {
  const sightings = new Sightings();
  for (const tenant of TENANTS) await plant(target, managerOf(tenant));
  // A session of each, which is theirs alone.
  for (const user of new Set(pairs.flat())) await target.browser(user);
  for (const collection of collectionsOf(target)) for (const pair of pairs) await attackPair(target, collection, pair, sightings);
  return sightings.outcome();
}

export const attackClass: AttackClass = {
  title: 'Objects of others',
  source: 'API1:2023, CWE-639',
  setup: 'open',
  attacks: [
    {
      name: 'things of another tenant, by their names',
      expected: 'as if they were not there',
      leak: WITHOUT_OWNERS,
      run: (target) => attackPairs(target, [[managerOf(TENANTS[0] ?? ''), managerOf(TENANTS[1] ?? '')], [managerOf(TENANTS[1] ?? ''), managerOf(TENANTS[0] ?? '')]]),
    },
    {
      name: 'things of other people, and what one is not cleared for',
      expected: 'as if they were not there',
      leak: WITHOUT_OWNERS,
      run: (target) => attackPairs(target, [['manager', 'clerk'], ['manager', 'viewer'], ['clerk', 'manager'], ['viewer', 'auditor']]),
    },
    {
      name: 'a tenant named by the client, in headers and in the query',
      expected: 'refused, or one’s own tenant',
      leak: {
        without: 'keeping the tenant of the token',
        async answer(request, { forward, tokens }) {
          const names = /globex/.test(request.target + (request.headers['x-tenant-id'] ?? ''));
          if (!names) return forward(request);
          return forward(withHeaders({ ...request, target: request.target.replace(/[?&]tenant.*$/, '') }, { authorization: `Bearer ${(await tokens()).at(-2) ?? ''}` }));
        },
      },
      run: nameTenant,
    },
  ],
};

async function nameTenant(target: Target): Promise<Outcome> {
  const other = managerOf(TENANTS[1] ?? '');
  const planted = await plant(target, other);
  if (planted.length === 0) return NO_ROUTE;
  const sightings = new Sightings();
  const credential = await target.bearer(managerOf(TENANTS[0] ?? ''));
  const tenant = TENANTS[1] ?? '';
  for (const { location } of planted) {
    const ways = [
      ...['X-Tenant-Id', 'X-Tenant', 'Tenant', 'X-Org-Id', 'X-Forwarded-Tenant', 'X-User', 'X-Remote-User'].map((name) => ({ path: location, headers: [...credential, [name, tenant]] as const })),
      ...['tenant', 'tenant_id', 'tenantId', 'org'].map((name) => ({ path: `${location}?${name}=${tenant}`, headers: credential })),
    ];
    for (const request of ways) {
      const answer = await target.ask(request);
      sightings.note(answer, statusOf(answer) < 400 ? `${nameOf(request)} shows ${tenant}'s` : undefined);
    }
  }
  return sightings.outcome();
}
