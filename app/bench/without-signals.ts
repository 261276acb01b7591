// Preloaded (`node --import`) into a service that is measured without its metrics or its log: `?metrics`, `?logs`. Neither has a switch.
// Tested by bench.proof.ts: overhead.ts looks whether what was taken away is gone, and what was left is there.
import { existsSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { Counter, Gauge, Histogram } from 'prom-client';

const taken = new URL(import.meta.url).searchParams;
const NEXT = '() => (ctx, next) => next()';

/** Modules that do nothing else than the signal, and what stands in for them. */
const STAND_INS: Readonly<Record<string, readonly (readonly [file: string, source: string])[]>> = {
  metrics: [
    ['app/http/measures.ts', `export const measureRequests = ${NEXT};`],
    ['app/telemetry/metrics-runtime.ts', 'export const measureRuntime = () => () => undefined;'],
  ],
  logs: [['app/http/access-log.ts', `export const accessLog = ${NEXT};`]],
};

const sources = new Map([...taken.keys()].flatMap((signal) => STAND_INS[signal] ?? []));
for (const file of sources.keys()) if (!existsSync(new URL(`../../${file}`, import.meta.url))) throw new Error(`${file} is no longer there: this preload would take nothing away.`);
registerHooks({
  load(url, context, next) {
    const source = [...sources].find(([file]) => url.endsWith(`/${file}`))?.[1];
    return source === undefined ? next(url, context) : { format: 'module', source, shortCircuit: true };
  },
});

/** What the other parts count among their own work: the calls stay, and do nothing. */
if (taken.has('metrics')) {
  const nothing = (): void => undefined;
  const counted: readonly (readonly [prototype: object, methods: readonly string[]])[] = [
    [Counter.prototype, ['incWithoutExemplar', 'incWithExemplar']],
    [Gauge.prototype, ['set', 'inc', 'dec']],
    [Histogram.prototype, ['observeWithoutExemplar', 'observeWithExemplar']],
  ];
  for (const [prototype, methods] of counted) {
    for (const method of methods) {
      if (!(method in prototype)) throw new Error(`prom-client has no ${method} any more: this preload would take nothing away.`);
      Object.defineProperty(prototype, method, { value: nothing, writable: true, configurable: true });
    }
  }
}
