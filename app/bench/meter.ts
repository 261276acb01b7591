// Preloaded into every server that is measured (`node --import`): its own figures, on request of the process that started it.
// Tested by bench.proof.ts: every figure comes from it.
import { Session } from 'node:inspector/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

export type Question = 'cpu' | 'memory' | 'profile' | 'profiled';
export interface Answers {
  /** Microseconds of user and system time so far, all threads. */
  readonly cpu: number;
  /** Bytes, after a collection of garbage. */
  readonly memory: { readonly rss: number; readonly heap: number; readonly external: number };
  /** Starts the CPU profiler. */
  readonly profile: true;
  /** Stops it: its profile, in the format of .cpuprofile. */
  readonly profiled: object;
}

const SAMPLE_EVERY_US = 500;
const inspector = new Session();

const answers: { readonly [Q in Question]: () => Answers[Q] | Promise<Answers[Q]> } = {
  cpu() {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
  memory() {
    collectGarbage();
    const { rss, heapUsed, external } = process.memoryUsage();
    return { rss, heap: heapUsed, external };
  },
  async profile(): Promise<true> {
    inspector.connect();
    await inspector.post('Profiler.enable');
    await inspector.post('Profiler.setSamplingInterval', { interval: SAMPLE_EVERY_US });
    await inspector.post('Profiler.start');
    return true;
  },
  async profiled() {
    const { profile } = await inspector.post('Profiler.stop');
    inspector.disconnect();
    return profile;
  },
};

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

process.on('message', ({ id, question }: { readonly id: number; readonly question: Question }) => {
  void Promise.resolve(answers[question]()).then((answer) => process.send?.({ id, answer }));
});
// What is measured ends when it would have ended without a meter.
process.channel?.unref();
