// RFC 9457: every refusal and every failure becomes one shape, as JSON or, for a person's browser, as a page.
import { STATUS_CODES } from 'node:http';
import { AppError, type FieldError, isRefusal, type Refusal } from '#app/errors.ts';
import type { HttpContext, HttpMiddleware } from '#app/http/context.ts';

export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  /** The path that was asked, without its query. */
  readonly instance: string;
  readonly requestId: string;
  readonly errors?: readonly FieldError[];
}

export const PROBLEM_TYPE = 'application/problem+json';

type ProblemPageRenderer = (ctx: HttpContext, problem: Problem) => string;

/** The last word on what went wrong below it. */
export function answerProblems(renderPage: ProblemPageRenderer): HttpMiddleware {
  return async (ctx, next) => {
    try {
      await next();
      if (ctx.status === 404 && (ctx.body === undefined || ctx.body === null) && ctx.respond !== false) throw new AppError('There is nothing here.', { status: 404, code: 'not-found' });
    } catch (error) {
      const failure = toAppError(error);
      ctx.state.problem = failure.code;
      if (failure.status >= 500 && !failure.expose) ctx.state.log.error({ err: error }, 'request failed');
      else if (failure.cause !== undefined && failure.status >= 500) ctx.state.log.warn({ err: failure }, 'request refused');
      if (ctx.headerSent) {
        // Too late for an answer: a cut connection at least can't be mistaken for a complete one.
        ctx.res.destroy();
        return;
      }
      ctx.set(failure.headers);
      ctx.set('Cache-Control', 'no-store');
      sendProblem(ctx, describe(failure, ctx), renderPage);
    }
  };
}

export function toProblem(refusal: Pick<Refusal, 'status' | 'code' | 'detail' | 'errors'>, instance: string, requestId: string): Problem {
  const { status, code, detail, errors } = refusal;
  return { type: `/problems/${code}`, title: toTitle(code), status, detail, instance, requestId, ...(errors && errors.length > 0 ? { errors } : {}) };
}

/** Refuses from within a step; `headers` for what a status demands (Allow, WWW-Authenticate). */
export function asError(refusal: Refusal, headers: Readonly<Record<string, string>> = {}): AppError {
  return new AppError(refusal.detail, { status: refusal.status, code: refusal.code, expose: true, headers, errors: refusal.errors ?? [] });
}

/** JSON for programs; a page for who prefers HTML, outside the API. */
export function sendProblem(ctx: HttpContext, problem: Problem, renderPage: ProblemPageRenderer): void {
  ctx.status = problem.status;
  ctx.vary('Accept');
  if (!ctx.path.startsWith('/api/') && ctx.accepts(PROBLEM_TYPE, 'text/html') === 'text/html') {
    ctx.type = 'text/html; charset=utf-8';
    ctx.body = renderPage(ctx, problem);
  } else {
    ctx.body = JSON.stringify(problem);
    ctx.set('Content-Type', PROBLEM_TYPE);
  }
}

function describe(failure: AppError, ctx: HttpContext): Problem {
  const detail = failure.expose ? failure.message : 'The service failed to answer. The request id finds the cause in its log.';
  return toProblem({ status: failure.status, code: failure.code, detail, errors: failure.errors }, ctx.path, ctx.state.requestId);
}

function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return STATUS_CODES[error.status] === undefined ? new AppError('', { cause: error }) : error;
  if (isRefusal(error)) return asError(error);
  return new AppError('', { cause: error });
}

/** `insufficient-stock` → `Insufficient stock`: the same for every occurrence (RFC 9457, 3.1.3). */
function toTitle(code: string): string {
  const words = code.replaceAll('-', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}
