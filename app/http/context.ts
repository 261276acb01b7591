// What the middleware of one request hand on to one another.
// Tested by steps.test.ts: every step hands something on.
import type { Middleware, ParameterizedContext } from 'koa';
import type { Logger } from 'pino';
import type { Body } from '#app/http/body.ts';
import type { Input } from '#app/http/input.ts';
import type { RequestAccess, Subject } from '#app/feature.ts';
import type { TagCondition } from '#app/lib/entity-tag.ts';
import type { Span } from '#app/lib/span.ts';

export interface HttpState {
  readonly requestId: string;
  /** Carries the request's id, and the trace's where it is written within the request. */
  readonly log: Logger;
  /** Where tracing is on. For what runs when the answer closes: no span is current there. */
  span?: Span;
  /** The route's template, for the log: a path may hold personal data, a template never does. */
  route?: string;
  /** The code of the problem that was answered, for the log. */
  problem?: string;
  subject?: Subject;
  access?: RequestAccess;
  /** Validated. */
  input?: Input;
  /** Validated; `bytes` as it came. */
  body?: Body;
  idempotencyKey?: string;
  condition?: TagCondition;
}

export type HttpContext = ParameterizedContext<HttpState>;
export type HttpMiddleware = Middleware<HttpState>;

/** What an earlier step of the same route has left behind. @throws TypeError when the route lacks that step. */
export function given<K extends keyof HttpState>(ctx: HttpContext, name: K): NonNullable<HttpState[K]> {
  const value = ctx.state[name];
  if (value === undefined) throw new TypeError(`The route has no step that provides "${name}".`);
  return value;
}
