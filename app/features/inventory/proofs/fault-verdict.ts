// Whether clients were served as they must be while a part of the service was away: bounded, honest, closed, and soon again.

export interface Seen {
  /** Milliseconds since the load began: when the answer, or its absence, was known. */
  readonly atMs: number;
  readonly tookMs: number;
  /** What was asked for; a `denied` request is one that must never succeed. */
  readonly kind: 'read' | 'write' | 'denied';
  /** 0: the connection ended without an answer. */
  readonly status: number;
  readonly retryAfter: boolean;
}

export interface FaultRecord {
  readonly fault: string;
  readonly beganMs: number;
  readonly endedMs: number;
  readonly watchedUntilMs: number;
  readonly seen: readonly Seen[];
  /** Statuses beside success, 409 and 503 that this fault explains. */
  readonly explained: readonly number[];
  /** Violations of what was told against what is stored. */
  readonly lost: readonly string[];
  readonly restarted: boolean;
}

export interface FaultFinding {
  readonly fault: string;
  /** How often each status was seen while it lasted, for example `200 × 31, 503 × 12`. */
  readonly clientsSaw: string;
  readonly longestMs: number;
  /** After the end of the fault, until nothing failed any more; undefined when something failed to the end. */
  readonly recoveredAfterMs: number | undefined;
  readonly violations: readonly string[];
}

/** The request deadline and what a client may spend before and after it: a connection of the pool, the session's lookup. */
export const LONGEST_ANSWER_MS = 16_000;
export const LONGEST_RECOVERY_MS = 5_000;
/** So much of the watch must be free of failures at its end. */
const CALM_MS = 1_000;

export function judgeFault(record: FaultRecord): FaultFinding {
  const { fault, seen, beganMs, endedMs, watchedUntilMs, lost, restarted } = record;
  const during = seen.filter(({ atMs, tookMs }) => atMs >= beganMs && atMs - tookMs <= endedMs);
  const longestMs = Math.round(Math.max(0, ...seen.map(({ tookMs }) => tookMs)));
  const recoveredAfterMs = recoveryOf(record);
  const violations = [
    ...seen.filter((one) => isUnexplained(one, record)).map(({ kind, status }) => (status === 0 ? `a ${kind} got no answer` : `a ${kind} got ${status}`)),
    ...seen.filter(({ status, retryAfter }) => status === 503 && !retryAfter).map(() => 'a 503 without Retry-After'),
    ...seen.filter(({ kind, status }) => kind === 'denied' && status > 0 && status < 400).map(({ status }) => `fail-open: what must be denied got ${status}`),
    ...(longestMs > LONGEST_ANSWER_MS ? [`an answer took ${longestMs} ms`] : []),
    ...(recoveredAfterMs === undefined || recoveredAfterMs > LONGEST_RECOVERY_MS ? [`recovered ${recoveredAfterMs === undefined ? `not within ${Math.round(watchedUntilMs - endedMs)} ms` : `after ${recoveredAfterMs} ms`}`] : []),
    ...(during.length === 0 ? ['nothing was asked while it lasted'] : []),
    ...(restarted ? ['the process had to be started again'] : []),
    ...lost,
  ];
  return { fault, clientsSaw: countStatuses(during), longestMs, recoveredAfterMs, violations };
}

function isUnexplained({ kind, status }: Seen, { explained }: FaultRecord): boolean {
  if (status === 503 || explained.includes(status)) return false;
  if (kind === 'denied') return status !== 401 && status !== 403 && !(status > 0 && status < 400);
  return status !== 200 && status !== 201 && status !== 409;
}

function recoveryOf({ seen, endedMs, watchedUntilMs }: FaultRecord): number | undefined {
  const after = seen.filter(({ kind, atMs }) => kind !== 'denied' && atMs > endedMs);
  const failures = after.filter(({ status }) => status !== 200 && status !== 201 && status !== 409).map(({ atMs }) => atMs);
  const last = Math.max(endedMs, ...failures);
  const served = after.some(({ kind, atMs }) => kind === 'read' && atMs > last) && after.some(({ kind, atMs }) => kind === 'write' && atMs > last);
  return served && last <= watchedUntilMs - CALM_MS ? Math.round(last - endedMs) : undefined;
}

function countStatuses(seen: readonly Seen[]): string {
  const counts = new Map<number, number>();
  for (const { status, kind } of seen) if (kind !== 'denied') counts.set(status, (counts.get(status) ?? 0) + 1);
  return [...counts].sort(([a], [b]) => a - b).map(([status, count]) => `${status === 0 ? 'cut' : status} × ${count}`).join(', ');
}
