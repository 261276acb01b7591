// Sensitive flows: a request that is sent again, with the same key, by others, and many times at once.
// Tested by attack.proof.ts: behind a front that forgets the keys, each of these succeeds.
import { askWell, bodyFor, createMarker, creationsOf, type Fields, propertiesOf } from './api.ts';
import { type AttackClass, bodyOf, headerOf, nameOf, type Outcome, Sightings, statusOf } from './attack.ts';
import { type Leak, rewrite, withHeaders } from './front.ts';
import type { Lines, Route, Target } from './target.ts';

const AT_ONCE = 12;

interface Prepared {
  readonly route: Route;
  /** A body that nobody has sent. */
  readonly next: () => Fields;
}

/** Bodies that the service has taken once, made new by another marker. */
async function prepare(target: Target): Promise<readonly Prepared[]> {
  const prepared: Prepared[] = [];
  for (const route of creationsOf(target)) {
    const { fields, answer } = await askWell(target, route, route.path, await target.bearer('manager'));
    if (statusOf(answer) !== 201) continue;
    const texts = Object.keys(propertiesOf(target, route.body?.schema));
    prepared.push({ route, next: () => { const marker = createMarker(); return Object.fromEntries(texts.flatMap((name) => (name in fields ? [[name, renew(fields[name], marker)]] : []))); } });
  }
  return prepared;
}

function renew(value: unknown, marker: string): unknown {
  if (typeof value !== 'string') return value;
  if (value.startsWith('ATTACK-')) return marker;
  return value.includes('@') ? `${marker.toLowerCase()}@attack.test` : value;
}

async function replay(target: Target): Promise<Outcome> {
  const sightings = new Sightings();
  const [token, other] = [await target.bearer('manager'), await target.bearer('globex-manager')];
  for (const { route, next } of await prepare(target)) {
    const key = ['Idempotency-Key', createMarker()] as const;
    const fields = next();
    const send = (credential: Lines, body: Fields) => target.ask({ method: 'POST', path: route.path, headers: [...credential, key], ...bodyFor(route, body) });
    const [first, again, changed, others] = [await send(token, fields), await send(token, fields), await send(token, next()), await send(other, fields)];
    sightings.note(first, statusOf(first) === 201 ? undefined : `${nameOf({ method: 'POST', path: route.path })} answers ${statusOf(first)} at first`);
    sightings.note(again, headerOf(again, 'idempotency-replayed') === 'true' && bodyOf(again) === bodyOf(first) ? undefined : `sent again it answers ${statusOf(again)}, not what it answered before`);
    sightings.note(changed, statusOf(changed) === 422 ? undefined : `another body under the same key is answered ${statusOf(changed)}`);
    sightings.note(others, headerOf(others, 'idempotency-replayed') === undefined && bodyOf(others) !== bodyOf(first) ? undefined : 'another tenant is shown what was answered under the key');
  }
  return sightings.outcome();
}

async function race(target: Target): Promise<Outcome> {
  const sightings = new Sightings();
  const token = await target.bearer('manager');
  for (const { route, next } of await prepare(target)) {
    const fields = next();
    for (const key of [[['Idempotency-Key', createMarker()]], []] as readonly Lines[]) {
      const body = key.length > 0 ? next() : fields;
      const answers = await Promise.all(Array.from({ length: AT_ONCE }, () => target.ask({ method: 'POST', path: route.path, headers: [...token, ...key], ...bodyFor(route, body) })));
      const made = answers.filter((answer) => statusOf(answer) === 201 && headerOf(answer, 'idempotency-replayed') === undefined);
      for (const answer of answers) sightings.note(answer, statusOf(answer) >= 500 ? `${statusOf(answer)} for one of ${AT_ONCE} at once` : undefined);
      sightings.note('made', made.length === 1 ? undefined : `${AT_ONCE} at once ${key.length > 0 ? 'under one key ' : ''}made ${made.length}`);
    }
  }
  return sightings.outcome();
}

/** Each request becomes another one to the service, as where nobody remembers. */
const WITHOUT_MEMORY: Leak = {
  without: 'remembering',
  async answer(request, { forward }) {
    if (request.method !== 'POST') return forward(request);
    const marker = createMarker();
    const body = request.body.toString().replaceAll(/ATTACK-[A-Z0-9]+/g, marker).replaceAll(/attack-[a-z0-9]+@/g, `${marker.toLowerCase()}@`).replaceAll(/"email":"[^"@]*@[^"]*"/g, `"email":"${marker.toLowerCase()}@attack.test"`);
    const answer = await forward(withHeaders({ ...request, body: Buffer.from(body) }, { 'idempotency-key': undefined }));
    return rewrite(answer, {});
  },
};

export const attackClass: AttackClass = {
  title: 'Sensitive flows',
  source: 'API6:2023, CWE-294, CWE-362',
  setup: 'open',
  attacks: [
    { name: 'a request sent again, changed, and by another tenant, under its Idempotency-Key', expected: 'one effect, its own answer, nobody else’s', leak: WITHOUT_MEMORY, run: replay },
    { name: 'a dozen of the same at once, with a key and without', expected: 'one is made', leak: WITHOUT_MEMORY, run: race },
  ],
};
