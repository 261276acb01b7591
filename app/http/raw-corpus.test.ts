import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { Registry } from 'prom-client';
import type { LoadedFeature } from '#app/features.ts';
import { createLive, type Live } from '#app/live/live.ts';
import { createLog } from '#app/telemetry/log.ts';
import { createSampleFeature } from '#app/testing/sample-feature.ts';
import { type SampleService, startSampleService } from '#app/testing/sample-service.ts';
import { RAW_CORPUS, type RawCase } from './raw-corpus.ts';

const SMALLEST_CORPUS = 60;
const DEADLINE_MS = 20_000;
/** Bare Node leaves some of them open; what it hands over it does at once. */
const BARE_DEADLINE_MS = 1_000;

/** Every handler that ran, of any kind. */
const runs: string[] = [];
let service: SampleService;
let live: Live;
let port: number;
before(async () => {
  const sample = createSampleFeature();
  service = await startSampleService(async (database) => {
    live = await createLive({
      database,
      config: { heartbeatMs: 10_000, retentionMs: 60_000, pollMs: 1_000, bufferLimit: 100 },
      source: 'http://stockade.test',
      events: sample.module.events,
      can: () => true,
      revalidate: (subject) => Promise.resolve(subject),
      allowedOrigin: 'http://stockade.test',
      log: createLog({ level: 'silent' }),
      metrics: new Registry(),
      clock: () => new Date(),
    });
    return { features: [recordRuns(sample)], live };
  });
  port = Number(new URL(service.origin).port);
});
after(async () => {
  await live.close();
  await service.close();
});

function recordRuns({ feature: { operations, pages }, ...loaded }: LoadedFeature): LoadedFeature {
  const record = <T extends { readonly path: string; readonly method: string; handle: (context: never) => unknown }>(route: T): T => {
    const { handle } = route;
    return {
      ...route,
      handle: (context: never) => {
        runs.push(`${route.method} ${route.path}`);
        return handle.call(route, context);
      },
    };
  };
  return { ...loaded, feature: { operations: operations.map(record), pages: pages.map(record) } };
}

/** What came back until the server closed. The client ends its side once it is answered, as no case has a second part. */
async function send(to: number, { bytes, isCut }: RawCase, deadlineMs = DEADLINE_MS): Promise<string> {
  const socket = net.connect({ port: to, host: '127.0.0.1', allowHalfOpen: true });
  let answer = '';
  const closed = new Promise<void>((resolve) => socket.once('close', () => { resolve(); }));
  socket.on('data', (chunk) => {
    answer += chunk.toString('latin1');
    socket.end();
  });
  socket.once('end', () => socket.end());
  // A server that closes on purpose may reset the connection; what it said before counts.
  socket.on('error', () => undefined);
  const deadline = setTimeout(() => socket.destroy(), deadlineMs);
  socket.write(bytes, 'latin1');
  if (isCut) socket.end();
  await closed;
  clearTimeout(deadline);
  return answer;
}

/** Answers stand at the beginning or right behind a body; no body of ours has this in it. */
function statusesOf(answer: string): number[] {
  return [...answer.matchAll(/HTTP\/1\.1 (\d{3}) [^\r\n]*\r\n/g)].map(([, status]) => Number(status)).filter((status) => status !== 100);
}

test('the corpus is as large as it is said to be, with a source for every case', () => {
  assert.ok(RAW_CORPUS.length >= SMALLEST_CORPUS);
  assert.equal(new Set(RAW_CORPUS.map(({ name }) => name)).size, RAW_CORPUS.length);
  for (const { name, source } of RAW_CORPUS) assert.match(source, /RFC \d|CWE-\d|CVE-\d/, name);
});

for (const raw of RAW_CORPUS) {
  test(`${raw.source}: ${raw.name.replaceAll(/[^ -~]/g, '?')} reaches no handler`, { timeout: DEADLINE_MS + 5_000 }, async () => {
    const before = runs.length;
    const startedAt = performance.now();
    const answer = await send(port, raw);
    const statuses = statusesOf(answer);
    assert.deepEqual(runs.slice(before), [], answer);
    assert.ok(statuses.length <= 1, `answered ${statuses.length} times: ${answer}`);
    for (const status of statuses) assert.ok(raw.statuses?.includes(status) ?? (status >= 400 && status <= 499), answer);
    assert.ok(performance.now() - startedAt < DEADLINE_MS, 'the connection stayed open');
  });
}

test('after all of them the service answers, and nothing of it failed', async () => {
  assert.equal((await service.send('/api/v1/notes', { as: 'viewer' })).status, 200);
  assert.deepEqual(service.logLines.filter((line) => /"level":"(?:error|fatal)"/.test(line)), []);
});

test('bare node:http hands many of them to its handler: the corpus can fail', async (context) => {
  const reached = new Set<string>();
  const hidden = new Set<string>();
  let current = '';
  const bare = http.createServer((request, response) => {
    const of = current;
    request.resume().once('end', () => {
      reached.add(of);
      if (request.url?.includes('smuggled')) hidden.add(of);
      response.end('served');
    });
  });
  await once(bare.listen(0, '127.0.0.1'), 'listening');
  try {
    for (const raw of RAW_CORPUS) {
      current = raw.name;
      await send((bare.address() as AddressInfo).port, raw, BARE_DEADLINE_MS);
    }
  } finally {
    bare.closeAllConnections();
    bare.close();
  }
  context.diagnostic(`of ${RAW_CORPUS.length} cases ${reached.size} reach a handler of bare node:http, in ${hidden.size} the hidden request is run`);
  assert.ok(reached.size >= 20, String(reached.size));
});
