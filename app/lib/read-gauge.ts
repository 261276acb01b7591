// A figure that is read when it is asked for.
import { Gauge, type Registry } from 'prom-client';

export interface ReadGauge {
  readonly name: string;
  readonly help: string;
  /** A scrape waits no longer for it. */
  readonly timeoutMs?: number;
}

const READ_TIMEOUT_MS = 1_000;

/** A gauge that is read when it is scraped; absent where there is no value, or none in time: a scrape is answered whatever is down. */
export function addGauge(metrics: Registry, { name, help, timeoutMs = READ_TIMEOUT_MS }: ReadGauge, read: () => number | undefined | Promise<number | undefined>): void {
  new Gauge({
    name,
    help,
    registers: [metrics],
    async collect() {
      const value = await within(timeoutMs, read);
      if (value === undefined) this.remove({});
      else this.set(value);
    },
  });
}

async function within<T>(timeoutMs: number, read: () => T | Promise<T>): Promise<T | undefined> {
  const { promise: late, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(resolve, timeoutMs);
  try {
    return await Promise.race([read(), late]);
  } catch {
    // Why is in the log of the part.
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}
