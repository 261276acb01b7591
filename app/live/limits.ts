// What one process and one session may take, each with its reason.

export interface Limits {
  /** Sessions of this process: below the file descriptors that a container usually has (16,384 and more). */
  readonly sessions: number;
  /** Sessions of one person in this process: many tabs and a few tools, but no exhaustion by one account (CWE-770). */
  readonly sessionsPerSubject: number;
  /** Bytes that wait for one slow session, beside the configured count of events. */
  readonly bufferBytes: number;
  /** Events that a resuming session is sent from the database; reading the page again is cheaper from here on. */
  readonly replayEvents: number;
  /** Replays and access checks that ask the database at once, so that 10,000 reconnects leave connections for requests. */
  readonly concurrentQueries: number;
  /** How often every session's access is checked without being asked for: bounds what a lost notification can do. */
  readonly recheckMs: number;
  /** Reconnection time that clients are told at first. */
  readonly retryMs: number;
  /** Reconnects after a drain are spread over this time, so that they don't arrive at the next process all at once. */
  readonly reconnectSpreadMs: number;
  /** How long a session that was told to go may take over it. */
  readonly goodbyeMs: number;
}

export const LIMITS: Limits = {
  sessions: 10_000,
  sessionsPerSubject: 32,
  bufferBytes: 1_048_576,
  replayEvents: 10_000,
  concurrentQueries: 4,
  recheckMs: 60_000,
  retryMs: 2_000,
  reconnectSpreadMs: 5_000,
  goodbyeMs: 1_000,
};
