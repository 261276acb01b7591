// SQL injection: quotes, comments, stacked statements and sleeps in every parameter and every field, with a row that nobody may see.
// Tested by attack.proof.ts: behind a front that shows the row, each of these succeeds.
import { Client } from 'pg';
import { askWell, fillPath, isFreeText, managerOf, operationsOf, plant, propertiesOf, TENANTS } from './api.ts';
import { type AttackClass, bodyOf, nameOf, NO_ROUTE, type Outcome, Sightings, statusOf } from './attack.ts';
import { rewrite } from './front.ts';
import type { Request, Target } from './target.ts';

const SLEEP_S = 3;
/** The row's own text is looked for in every answer, so no payload has it in itself. */
const PAYLOADS = ["'", "''", '"', "' or '1'='1", "' or 1=1 --", "') or ('1'='1", "1' or true#", "' union select null --", "' union select tenant_id, email, name from account --", `'; select pg_sleep(${SLEEP_S}) --`, `' || pg_sleep(${SLEEP_S}) --`, `1; select pg_sleep(${SLEEP_S})`, `' and 1=(select 1 from pg_sleep(${SLEEP_S})) --`, "'; drop table attack_canary; --", "'; update attack_canary set secret = 'gone'; --", "$$;drop table attack_canary;$$", "\\'; drop table attack_canary; --", "' and cast((select secret from attack_canary) as int) = 1 --", "%' or '%'='", "_", "' collate \"C", "e'\\x27", 'ʼ or ʼ1ʼ=ʼ1', '＇ or 1=1', "'||(select set_config('app.tenant_id','globex',true))||'", "1)) or ((1=1"];
const TELLS = /syntax error|unterminated|pg_catalog|relation "|sqlstate|invalid input syntax|operator does not exist/i;

async function inject(target: Target): Promise<Outcome> {
  const sightings = new Sightings();
  const secrets = (await plant(target, managerOf(TENANTS[1] ?? ''))).map(({ marker }) => marker);
  const canary = await createCanary(target.service.databaseUrl);
  const requests = await createRequests(target);
  for (const request of requests) {
    const from = performance.now();
    const answer = await target.ask(request);
    const seconds = (performance.now() - from) / 1_000;
    const shown = secrets.find((secret) => bodyOf(answer).includes(secret)) ?? (/CANARY-ROW/.test(bodyOf(answer)) ? 'the canary' : undefined);
    sightings.note(answer, shown !== undefined ? `${nameOf(request)} shows ${shown} of another tenant` : TELLS.test(bodyOf(answer)) ? `${nameOf(request)} tells of the statement` : statusOf(answer) >= 500 ? `${statusOf(answer)} for ${nameOf(request)}` : seconds >= SLEEP_S ? `${nameOf(request)} took ${seconds.toFixed(1)} s` : undefined);
  }
  const left = await canary();
  if (left !== undefined && left !== 'CANARY-ROW') sightings.note('canary', `the row is ${left}`);
  return requests.length === 0 ? NO_ROUTE : sightings.outcome();
}

async function createRequests(target: Target): Promise<readonly Request[]> {
  const [token, browser] = [await target.bearer(managerOf(TENANTS[0] ?? '')), await target.browser(managerOf(TENANTS[0] ?? ''))];
  const requests: Request[] = [];
  for (const route of target.routes.filter(({ kind, path, upgrades }) => !upgrades && kind !== 'asset' && kind !== 'platform' && !path.endsWith('/stream'))) {
    const headers = [...(route.kind === 'operation' ? token : browser), ['If-Match', '*'], ['Accept', '*/*']] as const;
    const names = [...Object.keys(route.query), ...(route.method === 'GET' ? ['x'] : [])];
    for (const payload of PAYLOADS) {
      const encoded = encodeURIComponent(payload);
      if (route.method === 'GET' || route.method === 'DELETE') {
        if (route.path.includes('{')) requests.push({ method: route.method, path: route.path.replaceAll(/\{\w+\}/g, encoded), headers });
        if (route.method === 'GET') requests.push(...names.map((name) => ({ path: `${fillPath(route.path, {})}?${name}=${encoded}`, headers })));
      } else if (route.kind === 'form' || route.kind === 'public-form') {
        requests.push({ method: route.method, path: fillPath(route.path, {}), headers, form: Object.fromEntries(Object.keys(propertiesOf(target, route.body?.schema)).map((name) => [name, payload])) });
      }
    }
  }
  return requests;
}

/** Into the database itself: bodies that are well-formed but for the payload in a text. */
async function injectStored(target: Target): Promise<Outcome> {
  const sightings = new Sightings();
  const canary = await createCanary(target.service.databaseUrl);
  const token = await target.bearer(managerOf(TENANTS[0] ?? ''));
  for (const route of operationsOf(target).filter(({ method, body, path }) => method === 'POST' && body !== undefined && !path.includes('{'))) {
    const texts = Object.entries(propertiesOf(target, route.body?.schema)).filter(([, schema]) => isFreeText(target, schema)).map(([name]) => name);
    for (const payload of PAYLOADS) {
      for (const name of texts) {
        const from = performance.now();
        const { answer, fields } = await askWell(target, route, route.path, token, { fixed: { [name]: payload } });
        const seconds = (performance.now() - from) / 1_000;
        const stored = statusOf(answer) < 300 ? (JSON.parse(bodyOf(answer)) as Record<string, unknown>)[name] : payload;
        sightings.note(answer, statusOf(answer) >= 500 ? `${statusOf(answer)} for ${JSON.stringify(fields)}` : TELLS.test(bodyOf(answer).replace(payload, '')) && statusOf(answer) >= 400 ? `tells of the statement: ${name}` : seconds >= SLEEP_S * 2 ? `took ${seconds.toFixed(1)} s` : typeof stored === 'string' && stored.trim() !== payload.trim() ? `${name} was kept as ${stored}` : undefined);
      }
    }
  }
  const left = await canary();
  if (left !== undefined && left !== 'CANARY-ROW') sightings.note('canary', `the row is ${left}`);
  return sightings.outcome();
}

/** A table that no route knows; what is left of it. Undefined where the database is embedded in the process. */
async function createCanary(url: string | undefined): Promise<() => Promise<string | undefined>> {
  if (url === undefined) return () => Promise.resolve(undefined);
  const ask = async (statement: string): Promise<string | undefined> => {
    const client = new Client({ connectionString: url });
    await client.connect();
    try {
      return (await client.query<{ readonly secret: string }>(statement)).rows[0]?.secret;
    } finally {
      await client.end();
    }
  };
  await ask('create table if not exists attack_canary (secret text)');
  await ask('grant all on attack_canary to app_platform, app_tenant');
  await ask('truncate attack_canary');
  await ask("insert into attack_canary values ('CANARY-ROW')");
  return () => ask('select secret from attack_canary').then((secret) => secret ?? 'emptied', () => 'gone');
}

export const attackClass: AttackClass = {
  title: 'SQL injection',
  source: 'CWE-89, API8:2023',
  setup: 'open',
  attacks: [
    {
      name: 'every parameter and every field of a form',
      expected: 'text like any other: no other tenant’s row, no error, no sleep',
      run: inject,
      leak: { without: 'parameters', answer: async (request, { forward }) => { const answer = await forward(request); return /union|%27%20or/.test(request.target) ? rewrite(answer, { body: 'ERROR: syntax error at or near "union"' }) : answer; } },
    },
    {
      name: 'texts that are kept',
      expected: 'kept as they are, or refused',
      run: injectStored,
      leak: { without: 'parameters', answer: async (request, { forward }) => { const answer = await forward(request); return request.body.includes("'") ? rewrite(answer, { status: 500, body: 'unterminated quoted string' }) : answer; } },
    },
  ],
};
