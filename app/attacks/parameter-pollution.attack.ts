// HTTP parameter pollution: one name twice, in queries, forms, JSON and headers, where two readers may take different ones.
// Tested by attack.proof.ts: behind a front that takes the last, each of these succeeds.
import { askWell, fillPath, operationsOf, plant, propertiesOf } from './api.ts';
import { type AttackClass, bodyOf, nameOf, type Outcome, Sightings, statusOf } from './attack.ts';
import { withHeaders } from './front.ts';
import type { Request, Target } from './target.ts';

/** Of everything that is asked by one name and one value: the value again, and another. */
async function repeatParameters(target: Target): Promise<Outcome> {
  const sightings = new Sightings();
  const [token, browser] = [await target.bearer('manager'), await target.browser('manager')];
  for (const { path, query, kind } of target.routes.filter((route) => route.method === 'GET' && !route.path.includes('{') && (route.kind === 'operation' || route.kind === 'page' || route.kind === 'public-page') && !/\/(?:stream|socket)$/.test(route.path))) {
    for (const [name, schema] of Object.entries(query)) {
      if (schema['type'] === 'array') continue;
      for (const search of [`${name}=1&${name}=1`, `${name}=1&${name}=2`, `${name}[]=1&${name}=2`, `${name}=1&${name.toUpperCase()}=2`, `${name}=1;${name}=2`, `%${name.charCodeAt(0).toString(16)}${name.slice(1)}=1&${name}=1`]) {
        const request: Request = { path: `${path}?${search}`, headers: [...(kind === 'operation' ? token : browser), ['Accept', '*/*']] };
        const answer = await target.ask(request);
        // A semicolon is part of a value, which may be a text.
        const right = statusOf(answer) === 400 || (search.includes(';') && statusOf(answer) === 200);
        sightings.note(answer, right ? undefined : `${nameOf(request)} answers ${statusOf(answer)}`);
      }
    }
  }
  return sightings.outcome();
}

async function repeatFields(target: Target): Promise<Outcome> {
  const sightings = new Sightings();
  const [token, browser] = [await target.bearer('manager'), await target.browser('manager')];
  for (const route of target.routes.filter(({ body }) => body !== undefined)) {
    const path = fillPath(route.path, {});
    const { fields } = await askWell(target, route, path, route.kind === 'operation' ? await target.bearer('viewer') : []);
    for (const name of Object.keys(propertiesOf(target, route.body?.schema))) {
      const value = JSON.stringify(fields[name] ?? 'x');
      const text = JSON.stringify({ ...fields, [name]: fields[name] ?? 'x' });
      const request: Request =
        route.body?.type === 'json'
          ? { method: route.method, path, headers: [...token, ['If-Match', '*'], ['Content-Type', 'application/json']], body: `${text.slice(0, -1)},"${name}":${value}}` }
          : { method: route.method, path, headers: browser, form: `${new URLSearchParams({ [name]: 'x' }).toString()}&${new URLSearchParams({ [name]: 'y' }).toString()}` };
      const answer = await target.ask(request);
      sightings.note(answer, statusOf(answer) < 300 && statusOf(answer) > 0 ? `${nameOf(request)} took "${name}" twice` : undefined);
    }
  }
  return sightings.outcome();
}

async function repeatHeaders(target: Target): Promise<Outcome> {
  const sightings = new Sightings();
  const [good, other] = [(await target.bearer('viewer'))[0]?.[1] ?? '', (await target.bearer('manager'))[0]?.[1] ?? ''];
  const [planted] = await plant(target, 'manager');
  const [path = '/api/v1/sessions'] = operationsOf(target).filter((route) => route.method === 'GET' && !route.path.includes('{')).map((route) => route.path);
  const pairs: readonly Request['headers'][] = [
    [['Authorization', good], ['Authorization', other]],
    [['Authorization', `${good}, ${other}`]],
    [['Authorization', good], ['Cookie', await target.signIn('manager')]],
    [['Authorization', 'Bearer x'], ['Cookie', await target.signIn('manager')]],
  ];
  for (const headers of pairs) {
    const answer = await target.ask({ path, headers: headers ?? [] });
    const asManager = await target.ask({ path, headers: [['Authorization', other]] });
    const shows = statusOf(answer) === 200 && bodyOf(answer) === bodyOf(asManager) && bodyOf(asManager) !== bodyOf(await target.ask({ path, headers: [['Authorization', good]] }));
    sightings.note(answer, shows ? `two credentials, and the second counted (${(headers ?? []).map(([name]) => name).join(', ')})` : undefined);
  }
  for (const [name, first, second] of [['If-Match', '"0"', '*'], ['Content-Type', 'text/plain', 'application/json'], ['Host', new URL(target.origin).host, 'evil.test']] as const) {
    const answer = await target.ask({ method: name === 'Host' ? 'GET' : 'PATCH', path: planted?.location ?? path, headers: [['Authorization', other], [name, first], [name, second]], ...(name === 'Host' ? {} : { body: '{"name":"X"}' }) });
    sightings.note(answer, statusOf(answer) > 0 && statusOf(answer) < 300 ? `${name} twice, and the request was served` : undefined);
  }
  return sightings.outcome();
}

export const attackClass: AttackClass = {
  title: 'Parameter pollution',
  source: 'CWE-235',
  setup: 'open',
  attacks: [
    {
      name: 'a parameter twice',
      expected: 'refused',
      run: repeatParameters,
      leak: { without: 'refusing the second', answer: (request, { forward }) => { const [path, search = ''] = request.target.split('?'); const first = search.split(/[&;]/)[0] ?? ''; return forward({ ...request, target: /limit/.test(first) ? `${path ?? ''}?${first.replace(/%../, 'l').replace('[]', '')}` : request.target }); } },
    },
    {
      name: 'a field twice, in JSON and in forms',
      expected: 'refused',
      run: repeatFields,
      leak: { without: 'refusing the second', answer: (request, { forward }) => { try { return forward({ ...request, body: Buffer.from(JSON.stringify(JSON.parse(request.body.toString()))) }); } catch { return forward(request); } } },
    },
    {
      name: 'two credentials, two conditions, two hosts',
      expected: 'refused, or never the second',
      run: repeatHeaders,
      leak: { without: 'one of each', answer: async (request, { forward, tokens }) => forward(withHeaders(request, { cookie: undefined, 'if-match': '*', 'content-type': 'application/json', authorization: `Bearer ${(await tokens())[2] ?? ''}` })) },
    },
  ],
};
