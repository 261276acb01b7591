// Which failures of the database are its absence, and not a fault of ours: the client is told to try again.
import { AppError } from '#app/errors.ts';

/** SQLSTATE classes: connection exception, insufficient resources (too many connections, disk full), operator intervention, system error. */
const UNAVAILABLE = /^(?:08|53|57|58)/;
/** SQLSTATE: idle_in_transaction_session_timeout, after which the server hangs up. */
const IDLE_IN_TRANSACTION_TIMEOUT = '25P03';
/** SQLSTATE classes after which the server hangs up: connection exception, and of operator intervention all but a canceled statement. */
const HANGS_UP = /^(?:08|57P)/;
const RETRY_AFTER_S = 2;

/** Of a statement. What pg rejects with and did not come from the server is a connection that was lost, or one that is silent. */
export function isUnavailable(error: unknown): boolean {
  const state = stateOf(error);
  if (state !== undefined) return UNAVAILABLE.test(state) || state === IDLE_IN_TRANSACTION_TIMEOUT;
  // A value that can't be written or read is a TypeError, a RangeError, a SyntaxError.
  return error instanceof Error && error.constructor === Error;
}

/** Whether the connection is of no more use. */
export function isConnectionLost(error: unknown): boolean {
  const state = stateOf(error);
  return state === undefined ? isUnavailable(error) : HANGS_UP.test(state) || state === IDLE_IN_TRANSACTION_TIMEOUT;
}

/** SQLSTATE: invalid_password. */
export function isWrongPassword(error: unknown): boolean {
  return stateOf(error) === '28P01';
}

/** Of an error that the server reported; by its fields, since each driver has a class of its own for it. */
function stateOf(error: unknown): string | undefined {
  return error instanceof Error && 'severity' in error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** What was under way may have been committed or not: with an Idempotency-Key it can be asked again. */
export function toUnavailable(cause: unknown): AppError {
  return new AppError('The database does not answer. Try again.', { status: 503, code: 'database-unavailable', expose: true, headers: { 'Retry-After': String(RETRY_AFTER_S) }, cause });
}
