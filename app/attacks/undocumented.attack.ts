// Improper management of what is served: routes that no document names, old versions, and what operators leave behind.
// Tested by attack.proof.ts: behind a front that serves a debug page, each of these succeeds.
import { operationsOf } from './api.ts';
import { type AttackClass, bodyOf, nameOf, type Outcome, Sightings, statusOf } from './attack.ts';
import type { Lines, Target } from './target.ts';

const LEFT_BEHIND = ['/.env', '/.env.production', '/.git/HEAD', '/.git/config', '/.npmrc', '/package.json', '/package-lock.json', '/tsconfig.json', '/Dockerfile', '/app/main.ts', '/node_modules/koa/package.json', '/metrics', '/livez', '/readyz', '/health', '/healthz', '/status', '/debug', '/debug/pprof', '/debug/vars', '/admin', '/console', '/actuator', '/actuator/env', '/server-status', '/phpinfo.php', '/wp-login.php', '/graphql', '/graphiql', '/swagger.json', '/swagger-ui', '/api-docs', '/v2/api-docs', '/api/swagger.json', '/backup.zip', '/dump.sql', '/.DS_Store', '/.well-known/openid-configuration', '/jwks', '/token', '/interaction/x', '/config', '/trace', '/heapdump', '/json/version', '/json/list', '/__inspect', '/test', '/seed', '/reset', '/favicon.ico.bak', '/robots.txt~', '/.data/postgres/PG_VERSION'];

async function knock(target: Target): Promise<Outcome> {
  const sightings = new Sightings();
  for (const credential of [[], await target.bearer('manager')] as readonly Lines[]) {
    for (const path of LEFT_BEHIND) {
      const answer = await target.ask({ path, headers: credential });
      sightings.note(answer, statusOf(answer) < 400 ? `${path} answers ${statusOf(answer)}` : undefined);
    }
  }
  return sightings.outcome();
}

async function askVersions(target: Target): Promise<Outcome> {
  const sightings = new Sightings();
  const token = await target.bearer('manager');
  for (const { path, method } of operationsOf(target).filter((route) => route.method === 'GET' && !route.path.includes('{'))) {
    for (const other of ['/api/v0', '/api/v2', '/api/v1.0', '/api/v1beta', '/api/internal', '/api/admin', '/api/private', '/api/dev', '/api', '/v1', '', '/api/V1', '/API/v1']) {
      const request = { method, path: path.replace('/api/v1', other), headers: [...token, ['Accept', 'application/json'] as const] };
      const answer = await target.ask(request);
      // A page may stand at the same path without the prefix; JSON to a program is what is looked for.
      sightings.note(answer, statusOf(answer) === 200 ? `${nameOf(request)} answers` : undefined);
    }
  }
  return sightings.outcome();
}

/** What the router serves below /api, and what the running service's own document says. */
async function compareWithDocument(target: Target): Promise<Outcome> {
  const sightings = new Sightings();
  const answer = await target.ask({ path: '/openapi.json' });
  const { paths } = JSON.parse(bodyOf(answer)) as Pick<Target['document'], 'paths'>;
  for (const { path, method } of target.routes.filter((route) => route.path.startsWith('/api/'))) {
    sightings.note(method, paths[path]?.[method.toLowerCase()] === undefined ? `${method} ${path} is in no document` : undefined);
  }
  return sightings.outcome();
}

/** Parameters that nobody has documented: each operation with each of them. */
async function addParameters(target: Target): Promise<Outcome> {
  const sightings = new Sightings();
  const token = await target.bearer('manager');
  for (const { path, query } of operationsOf(target).filter((route) => route.method === 'GET' && !route.path.includes('{'))) {
    for (const name of ['debug', 'admin', 'test', 'fields', 'include', 'expand', 'select', 'where', 'filter', '$where', 'callback', 'format', 'pretty', 'access_token', 'user', 'as', 'tenant', 'deleted', 'all'].filter((each) => !(each in query))) {
      const request = { path: `${path}?${name}=1`, headers: token };
      const answer = await target.ask(request);
      sightings.note(answer, statusOf(answer) === 400 ? undefined : `${nameOf(request)} answers ${statusOf(answer)}`);
    }
  }
  return sightings.outcome();
}

const FORGOTTEN = { without: 'an end to what is served', answer: async (request: { readonly target: string }) => Promise.resolve({ status: 200, headers: { 'content-type': 'application/json' }, body: Buffer.from(request.target === '/openapi.json' ? '{"paths":{}}' : '{"DATABASE_URL":"postgres://"}') }) };

export const attackClass: AttackClass = {
  title: 'Undocumented routes',
  source: 'API9:2023, CWE-1059',
  setup: 'open',
  attacks: [
    { name: 'files, consoles and probes that are left behind', expected: 'not there', leak: FORGOTTEN, run: knock },
    { name: 'other versions and other prefixes of the API', expected: 'not there', leak: FORGOTTEN, run: askVersions },
    { name: 'what the router has and the running document has not', expected: 'nothing', leak: FORGOTTEN, run: compareWithDocument },
    { name: 'parameters that no document names', expected: 'refused', leak: FORGOTTEN, run: addParameters },
  ],
};
