// What happens to a service on any day, for panels to show: people read, sign in, listen; some are refused, and for a while something is wrong.
// Tested by prove-panels.ts: without it panels are empty.
import { setTimeout as delay } from 'node:timers/promises';
import type { CookieJar } from '#app/lib/cookie-jar.ts';
import { signInBehindFront } from '#app/testing/issuer.ts';
import { connectSse, type SseClient } from '#app/testing/sse-client.ts';
import { SocketFollower } from '#app/testing/stream-follower.ts';
import { ask, commitEvents, keepDoing, type Lift, person } from './driving.ts';
import { type Scenario, STAGES } from './scenarios.ts';
import type { Stack } from './stack.ts';

const [LISTENERS, READERS] = [6, 3];
const STREAM = '/api/v1/stream';
/** Its entry goes into the audit trail. */
const AUDITED = '/api/v1/me/export';
/** What goes wrong for a part of the time, and how much of it: from, to. */
const TROUBLES: readonly (readonly [alert: string, from: number, to: number])[] = [
  ['SignInFailureSpike', 0.3, 0.6],
  ['ForgedTokenSpike', 0.35, 0.55],
  ['AccessDenialSpike', 0.4, 0.7],
  ['DatabasePoolSaturated', 0.62, 0.74],
  ['LiveDeliveryDrops', 0.78, 0.86],
];

/** Resolves when so much time of it is over, everything lifted. Progress is told. */
export async function liveThrough(stack: Stack, ms: number, onProgress: (text: string) => void): Promise<void> {
  const { service } = stack;
  const lifts: Lift[] = [];
  try {
    const listeners = await openListeners(stack);
    lifts.push(listeners.close);
    const routes = await readableRoutes(stack);
    onProgress(`${routes.length} routes are read, ${LISTENERS} sessions listen`);
    const tokens = await Promise.all(Array.from({ length: READERS }, (_, index) => service.token(person(`reader-${index}`, 'manager'))));
    let turn = 0;
    const began = performance.now();
    // As days have it, more and less.
    const wave = (): number => 40 + 35 * Math.sin((performance.now() - began) / 9_000);
    lifts.push(
      ...tokens.map((token) => keepDoing(async () => {
        await ask(service, routes[(turn += 1) % routes.length] ?? '/', { token });
        await delay(wave());
      }, { everyMs: 5 })),
      keepDoing(() => ask(service, '/api/v1/no-such-thing', { token: tokens[0] ?? '' }), { everyMs: 1_500 }),
      keepDoing(() => ask(service, AUDITED, { method: 'POST', token: tokens[0] ?? '' }), { everyMs: 3_000 }),
      keepDoing(() => commitEvents(stack, { count: 3, bytes: 200 }), { everyMs: 300 }),
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

/** Every GET of the API without a parameter, as it says itself: a fork's own are among them. Streams are listened to instead. */
async function readableRoutes({ service }: Stack): Promise<readonly string[]> {
  const response = await fetch(`${service.origin}/openapi.json`);
  const { paths } = (await response.json()) as { readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>> };
  return Object.entries(paths).filter(([path, methods]) => 'get' in methods && !path.includes('{') && !path.endsWith('/stream') && !path.endsWith('/socket')).map(([path]) => path);
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
