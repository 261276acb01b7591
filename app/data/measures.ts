// What the database tells Prometheus, by OpenTelemetry's names: https://opentelemetry.io/docs/specs/semconv/db/database-metrics/
import { Gauge, Histogram, type Registry } from 'prom-client';
import type { OpenDatabase } from '#app/data/database.ts';
import { operationOf } from '#app/data/statement.ts';
import { addGauge } from '#app/lib/read-gauge.ts';
import { errorTypeOf } from '#app/lib/span.ts';

/** There is one pool. */
const POOL = { db_client_connection_pool_name: 'service' };
/** In seconds, as the conventions advise. */
const BUCKETS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10];
/** What answers later can't be worked with. A scrape waits for it twice as long at most. */
const CHECK_TIMEOUT_MS = 1_000;

export function measureDatabase({ pool, check }: Pick<OpenDatabase, 'pool' | 'check'>, metrics: Registry): void {
  const durations = new Histogram({
    name: 'db_client_operation_duration_seconds',
    help: 'How long statements took, without the wait for a connection.',
    labelNames: ['db_operation_name', 'error_type'],
    buckets: BUCKETS,
    registers: [metrics],
  });
  pool.observer = (statement, durationMs, error) => {
    durations.observe({ db_operation_name: operationOf(statement), error_type: error === undefined ? '' : errorTypeOf(error) }, durationMs / 1_000);
  };
  addPoolGauges(pool, metrics);
  addGauge(metrics, { name: 'stockade_database_available', help: '1 when the database has answered at this scrape within a second, else 0.', timeoutMs: CHECK_TIMEOUT_MS * 2 }, () => check(CHECK_TIMEOUT_MS).then(() => 1, () => 0));
}

function addPoolGauges(pool: OpenDatabase['pool'], metrics: Registry): void {
  const ofPool = (name: string, help: string, read: () => number) => {
    new Gauge({ name, help, labelNames: ['db_client_connection_pool_name'], registers: [metrics], collect() { this.set(POOL, read()); } });
  };
  new Gauge({
    name: 'db_client_connection_count',
    help: 'Connections to the database, by whether a request has them.',
    labelNames: ['db_client_connection_pool_name', 'db_client_connection_state'],
    registers: [metrics],
    collect() {
      this.set({ ...POOL, db_client_connection_state: 'idle' }, pool.idleCount);
      this.set({ ...POOL, db_client_connection_state: 'used' }, pool.totalCount - pool.idleCount);
    },
  });
  ofPool('db_client_connection_max', 'Most connections that the pool opens.', () => pool.options.max);
  ofPool('db_client_connection_pending_requests', 'Who waits for a connection.', () => pool.waitingCount);
}
