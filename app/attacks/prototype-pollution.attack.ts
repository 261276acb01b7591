// Prototype pollution: names that a merge would write into every object of the process, and what would tell of it from outside.
// Tested by attack.proof.ts: behind a front that merges by hand, each of these succeeds.
import { bodyFor, createFields, fillPath, operationsOf } from './api.ts';
import { type AttackClass, bodyOf, nameOf, type Outcome, Sightings, statusOf } from './attack.ts';
import { rewrite } from './front.ts';
import type { Lines, Request, Target } from './target.ts';

/** Heyes 2022: what Express and its like would show of it without a source at hand. */
const GADGETS: Readonly<Record<string, unknown>> = { polluted: 'polluted-mark', status: 510, statusCode: 510, 'json spaces': 10, exposedHeaders: ['polluted-mark'], type: 'polluted-mark', detail: 'polluted-mark', roles: ['manager'], tenantId: 'globex', isAdmin: true, limit: 1, toString: 'polluted-mark' };

function bodiesOf(fields: object): readonly string[] {
  const inner = JSON.stringify(fields).slice(1, -1);
  const before = inner === '' ? '' : `${inner},`;
  const gadgets = JSON.stringify(GADGETS);
  return [`{${before}"__proto__":${gadgets}}`, `{${before}"constructor":{"prototype":${gadgets}}}`, `{${before}"\\u005f_proto__":${gadgets}}`, `{${before}"x":{"__proto__":${gadgets}}}`, `{${before}"x":[{"__proto__":${gadgets}}]}`, `[{"__proto__":${gadgets}}]`, `{${before}"__proto__":null}`, `{${before}"__defineGetter__":1,"hasOwnProperty":1,"toString":1,"valueOf":1}`];
}

const NAMES = ['__proto__[polluted]=polluted-mark', '__proto__.polluted=polluted-mark', 'constructor[prototype][polluted]=polluted-mark', 'constructor.prototype.polluted=polluted-mark', '__proto__=polluted-mark', '__proto__[status]=510', 'x[__proto__][polluted]=polluted-mark', '%5f_proto__[polluted]=polluted-mark', 'hasOwnProperty=polluted-mark', 'toString=polluted-mark&valueOf=polluted-mark'];

/** What every client sees, byte by byte but for what names the request: a polluted prototype shows in one of them. */
async function look(target: Target, token: Lines): Promise<string> {
  const answers = await Promise.all([{ path: '/openapi.json' }, { path: '/nothing', headers: [['Accept', 'application/json']] as Lines }, { path: '/api/v1/sessions' }, { path: '/api/v1/nothing', headers: token }].map((request) => target.ask(request)));
  return answers.map((answer) => `${statusOf(answer)} ${'failure' in answer ? '' : Object.keys(answer.headers).toSorted().join(' ')} ${bodyOf(answer).replaceAll(/"requestId":"[^"]*"/g, '')}`).join('\n');
}

async function pollute(target: Target, requests: readonly Request[]): Promise<Outcome> {
  const sightings = new Sightings();
  const token = await target.bearer('manager');
  const before = await look(target, token);
  for (const request of requests) {
    const answer = await target.ask(request);
    const after = await look(target, token);
    sightings.note(answer, after !== before ? `${nameOf(request)} changed what others see` : statusOf(answer) >= 500 ? `${statusOf(answer)} for ${nameOf(request)}` : statusOf(answer) < 300 ? `${nameOf(request)} was taken (${statusOf(answer)})` : undefined);
  }
  return sightings.outcome();
}

async function byBodies(target: Target): Promise<Outcome> {
  const token = await target.bearer('manager');
  const requests = operationsOf(target).filter(({ body }) => body !== undefined).flatMap((route) => bodiesOf(createFields(target, route.body?.schema, 'ATTACK-P')).map((body): Request => ({ method: route.method, path: fillPath(route.path, {}), headers: [...token, ['Content-Type', 'application/json'], ['If-Match', '*']], body })));
  return pollute(target, requests);
}

async function byNames(target: Target): Promise<Outcome> {
  const [token, browser] = [await target.bearer('manager'), await target.browser('manager')];
  const queries = operationsOf(target).filter(({ method, path }) => method === 'GET' && !path.includes('{')).flatMap(({ path }) => NAMES.map((name): Request => ({ path: `${path}?${name}`, headers: token })));
  const forms = target.routes.filter(({ kind }) => kind === 'form' || kind === 'public-form').flatMap((route) => NAMES.slice(0, 5).map((name): Request => ({ method: 'POST', path: fillPath(route.path, {}), headers: browser, form: `${new URLSearchParams(bodyFor(route, {}).form as Record<string, string>).toString()}&${name}` })));
  return pollute(target, [...queries, ...forms]);
}

/** As a merge by hand does it, with the prototype of the front's own answers. */
function createPolluted() {
  let polluted = false;
  return {
    without: 'objects of the schema’s own',
    async answer(request: Parameters<NonNullable<AttackClass['attacks'][0]['leak']['answer']>>[0], { forward }: Parameters<NonNullable<AttackClass['attacks'][0]['leak']['answer']>>[1]) {
      if (/__proto__|constructor/.test(request.target + request.body.toString())) polluted = true;
      const answer = await forward(request);
      return polluted ? rewrite(answer, { status: 510 }) : answer;
    },
  };
}

export const attackClass: AttackClass = {
  title: 'Prototype pollution',
  source: 'CWE-1321',
  setup: 'open',
  attacks: [
    { name: '__proto__ and constructor in every JSON body', expected: 'refused, nobody else sees a change', leak: createPolluted(), run: byBodies },
    { name: '__proto__ and constructor as names of queries and forms', expected: 'refused, nobody else sees a change', leak: createPolluted(), run: byNames },
  ],
};
