// The live stream: opened from another site's page, with credentials in the address, and kept open after the sign-in has ended.
// Tested by attack.proof.ts: behind a front that says every page is our own, or holds streams open, each of these succeeds.
import { until } from '#app/testing/condition.ts';
import { connectSse } from '#app/testing/sse-client.ts';
import { type AttackClass, type Outcome, Sightings, statusOf } from './attack.ts';
import { withHeaders } from './front.ts';
import { sendRaw, statusesOf } from './request-smuggling.attack.ts';
import type { Lines, Target } from './target.ts';

const SOCKET = '/api/v1/socket';
const STREAM = '/api/v1/stream';
/** Of a stream whose session has ended: the next look, and a busy machine. */
const LONGEST_MS = 5_000;
const ANSWERED_MS = 3_000;

async function open(target: Target, lines: Lines, query = ''): Promise<number> {
  const head = [`GET ${SOCKET}${query} HTTP/1.1`, `Host: ${new URL(target.origin).host}`, 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', ...lines.map(([name, value]) => `${name}: ${value}`)];
  return statusesOf(await sendRaw(target.address, { bytes: `${head.join('\r\n')}\r\n\r\n` }, ANSWERED_MS))[0] ?? 0;
}

/** CWE-1385: browsers send the cookie with a WebSocket from any page. */
async function hijack(target: Target): Promise<Outcome> {
  const sightings = new Sightings();
  const { host } = new URL(target.origin);
  const cookie = ['Cookie', await target.signIn('clerk')] as const;
  const own = await open(target, [cookie, ['Origin', target.origin], ['User-Agent', 'node']]);
  if (own === 403) return { verdict: 'not run', seen: 'there is nothing to listen to' };
  if (own !== 101) return { verdict: 'failed', seen: `its own page gets ${own}` };
  for (const origin of ['https://evil.test', 'null', `${target.origin}.evil.test`, `http://evil.${host}`, 'http://localhost', 'file://', `https://${host}`, undefined]) {
    const status = await open(target, [cookie, ...(origin === undefined ? [] : [['Origin', origin] as const])]);
    sightings.note(String(status), status === 101 ? `${String(origin)} opens the socket with the person's cookie` : undefined);
  }
  const token = (await target.bearer('clerk'))[0]?.[1].replace('Bearer ', '') ?? '';
  for (const query of [`?access_token=${token}`, `?token=${token}`, `?authorization=Bearer%20${token}`]) {
    const status = await open(target, [['Origin', target.origin]], query);
    sightings.note(String(status), status === 101 ? `a token in the address opens the socket` : undefined);
  }
  return sightings.outcome();
}

/** By the person's own sign-out, by another session of theirs, and by a manager. */
async function outlive(target: Target): Promise<Outcome> {
  const sightings = new Sightings();
  const ends: readonly (readonly [string, (cookie: string) => Promise<unknown>])[] = [
    ['sign-out', (cookie) => target.ask({ method: 'POST', path: '/auth/sign-out', headers: [['Cookie', cookie], ['Origin', target.origin]] })],
    ['the end of all other sessions', async () => target.ask({ method: 'DELETE', path: '/api/v1/sessions', headers: await target.bearer('clerk') })],
    ['a manager who ends the person’s sessions', async () => target.ask({ method: 'DELETE', path: '/api/v1/people/clerk/sessions', headers: await target.bearer('manager') })],
  ];
  for (const [name, end] of ends) {
    const cookie = await target.signIn('clerk');
    const stream = await connectSse(target.address + STREAM, { cookie, host: new URL(target.origin).host, 'user-agent': 'node' });
    if (stream.status !== 200) return stream.status === 403 ? { verdict: 'not run', seen: 'there is nothing to listen to' } : { verdict: 'failed', seen: `the stream was not opened: ${stream.status}` };
    await end(cookie);
    const from = performance.now();
    const closed = await until('the stream to end', () => stream.closed, LONGEST_MS).then(() => true, () => false);
    stream.close();
    const after = await target.ask({ path: '/api/v1/sessions', headers: [['Cookie', cookie]] });
    sightings.note(closed ? 'closed' : 'open', !closed ? `after ${name} the stream goes on for ${Math.round(performance.now() - from)} ms` : statusOf(after) === 200 ? `after ${name} the cookie is good` : undefined);
    if (sightings.faults.length > 0) break;
  }
  return sightings.outcome();
}

/** Everything that a stolen cookie could still be good for once its person has signed out. */
async function reuse(target: Target): Promise<Outcome> {
  const sightings = new Sightings();
  const cookie = await target.signIn('manager');
  const lines: Lines = [['Cookie', cookie], ['Origin', target.origin], ['Sec-Fetch-Site', 'same-origin'], ['User-Agent', 'node'], ['Accept', '*/*']];
  await target.ask({ method: 'POST', path: '/auth/sign-out', headers: lines });
  for (const route of target.routes.filter(({ kind, method, path }) => (kind === 'page' || kind === 'operation') && method === 'GET' && !path.includes('{') && !path.endsWith('/socket'))) {
    const answer = await target.ask({ path: route.path, headers: lines });
    sightings.note(answer, statusOf(answer) === 200 ? `${route.path} is served to a session that has ended` : undefined);
  }
  sightings.note(String(await open(target, lines)), (await open(target, lines)) === 101 ? 'the socket is opened by a session that has ended' : undefined);
  return sightings.outcome();
}

export const attackClass: AttackClass = {
  title: 'Live stream and ended sessions',
  source: 'CWE-1385, CWE-613, API2:2023',
  setup: 'open',
  attacks: [
    { name: 'a WebSocket from pages of other sites, and tokens in its address', expected: '403 or 401', run: hijack, leak: { without: 'asking which page opens it', pass: (request) => withHeaders(request, request.headers['cookie'] === undefined ? {} : { origin: request.headers['host'] === undefined ? undefined : `http://${request.headers['host']}` }) } },
    { name: 'a stream that is open when its session ends', expected: 'closed within seconds', run: outlive, leak: { without: 'looking again', holdsStreams: true } },
    { name: 'a cookie after its sign-out, on every page and route', expected: 'nobody', run: reuse, leak: { without: 'ending the session', answer: async (request, { forward, tokens }) => forward(request.target === '/auth/sign-out' ? request : withHeaders(request, { cookie: undefined, authorization: `Bearer ${(await tokens())[2] ?? ''}` })) } },
  ],
};
