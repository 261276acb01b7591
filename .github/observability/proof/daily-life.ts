// What happens to a service on any day, for panels to show: people read, sign in, listen; some are refused, and for a while something is wrong.
// Tested by prove-panels.ts: without it panels are empty.
import { setTimeout as delay } from 'node:timers/promises';
import type { CookieJar } from '#app/lib/cookie-jar.ts';
import { signInBehindFront } from '#app/testing/issuer.ts';
import { connectSse, type SseClient } from '#app/testing/sse-client.ts';
import { SocketFollower } from '#app/testing/stream-follower.ts';
import { ask, AUDITED, commitEvents, keepDoing, type Lift, person, STREAM } from './driving.ts';
import { type Scenario, STAGES } from './scenarios.ts';
import type { Stack } from './stack.ts';

const [LISTENERS, READERS] = [6, 3];
/** What goes wrong for a part of the time, and how much of it: from, to. */
const TROUBLES: readonly (readonly [alert: string, from: number, to: number])[] = [
  ['SignInFailureSpike', 0.3, 0.6],
  ['ForgedTokenSpike', 0.35, 0.55],
  ['AccessDenialSpike', 0.4, 0.7],
  ['DatabasePoolSaturated', 0.64, 0.67],
  ['LiveDeliveryDrops', 0.76, 0.84],
];
/** Of the service: one that asks too often is refused, and nobody else. */
export const DAILY_LIMITS = { RATE_LIMIT_READ: '900' };

/** Resolves when so much time of it is over, everything lifted. Progress is told. */
export async function liveThrough(stack: Stack, ms: number, onProgress: (text: string) => void): Promise<void> {
  const { service } = stack;
  const lifts: Lift[] = [];
  try {
    const listeners = await openListeners(stack);
    lifts.push(listeners.close);
    const tokens = await Promise.all(Array.from({ length: READERS }, (_, index) => service.token(person(`reader-${index}`, 'manager'))));
    const greedy = await service.token(person('greedy', 'manager'));
    const routes = await readableRoutes(stack, tokens[0] ?? '');
    onProgress(`${routes.length} routes are read, ${LISTENERS} sessions listen`);
    let turn = 0;
    const began = performance.now();
    // As days have it, more and less.
    const wave = (): number => 120 + 50 * Math.sin((performance.now() - began) / 9_000);
    lifts.push(
      ...tokens.map((token) => keepDoing(async () => {
        await ask(service, routes[(turn += 1) % routes.length] ?? '/', { token });
        await delay(wave());
      }, { everyMs: 5 })),
      keepDoing(() => ask(service, routes[0] ?? '/', { token: greedy }), { everyMs: 30 }),
      keepDoing(() => ask(service, '/api/v1/no-such-thing', { token: tokens[0] ?? '' }), { everyMs: 1_500 }),
      keepDoing(() => ask(service, AUDITED, { method: 'POST', token: tokens[0] ?? '' }), { everyMs: 3_000 }),
      keepDoing(await changes(stack, tokens[0] ?? ''), { everyMs: 200 }),
      keepDoing(() => signInBehindFront(service.origin).then((jar) => look(jar, service.origin)), { everyMs: 1_200 }),
      keepDoing(() => fetch(`${service.adminOrigin}/readyz`).then((response) => response.arrayBuffer()), { everyMs: 2_000 }),
    );
    await Promise.all([delay(ms), ...TROUBLES.map(([alert, from, to]) => trouble(stack, scenarioOf(alert), { fromMs: from * ms, lastsMs: (to - from) * ms }, onProgress))]);
  } finally {
    await Promise.all(lifts.map((lift) => lift()));
  }
}

async function look(jar: CookieJar, origin: string): Promise<void> {
  await (await jar.fetch(`${origin}/`)).arrayBuffer();
}

function scenarioOf(alert: string): Scenario {
  const scenario = STAGES.flat().find(({ alerts }) => alerts.includes(alert));
  if (scenario === undefined) throw new Error(`there is no scenario for ${alert}`);
  return scenario;
}

async function trouble(stack: Stack, { fault, inject }: Scenario, { fromMs, lastsMs }: { readonly fromMs: number; readonly lastsMs: number }, onProgress: (text: string) => void): Promise<void> {
  await delay(fromMs);
  onProgress(fault);
  const lift = await inject(stack);
  await delay(lastsMs);
  await lift();
}

/** Every GET of the API without a parameter that a manager may read, as it says itself: a fork's own are among them. Streams are listened to instead. */
async function readableRoutes({ service }: Stack, token: string): Promise<readonly string[]> {
  const paths = await pathsOf(service);
  const found = Object.entries(paths).filter(([path, methods]) => 'get' in methods && !path.includes('{') && !path.endsWith('/stream') && !path.endsWith('/socket'));
  const answers = await Promise.all(found.map(async ([path]) => ({ path, status: (await ask(service, path, { token })).status })));
  return answers.filter(({ status }) => status === 200).map(({ path }) => path);
}

async function pathsOf({ origin }: Stack['service']): Promise<Readonly<Record<string, Readonly<Record<string, unknown>>>>> {
  const response = await fetch(`${origin}/openapi.json`);
  const { paths } = (await response.json()) as { readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>> };
  return paths;
}

/** A change that everybody is told of: the sample's, or in its absence events as a change commits them. */
async function changes(stack: Stack, token: string): Promise<() => Promise<unknown>> {
  const { service } = stack;
  if (!Object.hasOwn(await pathsOf(service), '/api/v1/items/{sku}/movements')) return () => commitEvents(stack, { count: 1, bytes: 200 });
  const post = async (path: string, body: object): Promise<void> => {
    const response = await fetch(service.origin + path, { method: 'POST', headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'x-forwarded-for': '10.2.2.1' }, body: JSON.stringify(body) });
    if (response.status !== 201) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
    await response.arrayBuffer();
  };
  await post('/api/v1/items', { sku: 'DAILY-1', name: 'Daily bread', location: 'Counter', unit: 'piece' });
  return () => post('/api/v1/items/DAILY-1/movements', { delta: 1, reason: 'received' });
}

async function openListeners({ service }: Stack): Promise<{ readonly close: Lift }> {
  const streams: SseClient[] = [];
  const sockets: SocketFollower[] = [];
  for (let index = 0; index < LISTENERS; index += 1) {
    const token = await service.token(person(`listener-of-the-day-${index}`, 'manager'));
    if (index % 3 === 2) {
      const socket = new SocketFollower(`socket ${index}`);
      await socket.connect(service.origin, token);
      sockets.push(socket);
    } else {
      streams.push(await connectSse(service.origin + STREAM, { authorization: `Bearer ${token}`, 'x-forwarded-for': `10.2.1.${index}` }));
    }
  }
  return {
    async close() {
      for (const stream of streams) stream.close();
      await Promise.all(sockets.map((socket) => socket.close()));
    },
  };
}
