// What a fuzzed request may be answered with, and what the whole run must have held.
import { ProblemSchema } from '#app/http/openapi.ts';
import type { Answer } from './client.ts';

export interface Asked {
  readonly method: string;
  readonly target: string;
  readonly asksUpgrade: boolean;
}

export interface Place {
  /** Origins that an answer may lead to, beside paths of its own. */
  readonly redirectOrigins: readonly string[];
}

/** What is wrong with the answer, in one sentence. */
export function findAnswerFault({ method, target, asksUpgrade }: Asked, answer: Answer, { redirectOrigins }: Place): string | undefined {
  if ('failure' in answer) return answer.failure;
  const { status, headers, body } = answer;
  if (status >= 500) return `status ${status}`;
  if (status === 101) return asksUpgrade ? undefined : 'switched protocols unasked';
  if (status < 200) return `status ${status} is no final answer`;
  if (status < 400) {
    if (headers['x-request-id'] === undefined) return `status ${status} without X-Request-Id`;
    const { location } = headers;
    if (status >= 300 && status !== 304 && (typeof location !== 'string' || !leadsHome(location, redirectOrigins))) return `leads away: ${String(location)}`;
    return undefined;
  }
  if (status === 429 && headers['retry-after'] === undefined) return 'status 429 without Retry-After';
  if (headers['cache-control'] !== 'no-store') return `status ${status} that may be cached`;
  if (headers['content-type'] === 'application/problem+json') return method === 'HEAD' ? undefined : findProblemFault(status, headers['x-request-id'], body);
  if (headers['content-type'] !== 'text/html; charset=utf-8' || target.startsWith('/api/')) return `status ${status} as ${String(headers['content-type'])}`;
  if (method !== 'HEAD' && !(body.toLowerCase().startsWith('<!doctype html>') && body.includes(`>${status}<`))) return `status ${status} on a page that does not say so`;
  return undefined;
}

function leadsHome(location: string, origins: readonly string[]): boolean {
  return /^\/(?![/\\])/.test(location) || (URL.canParse(location) && origins.includes(new URL(location).origin));
}

function findProblemFault(status: number, requestId: unknown, body: string): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return `status ${status} with a problem that is no JSON`;
  }
  const problem = ProblemSchema.safeParse(value);
  if (!problem.success) return `status ${status} with a malformed problem: ${problem.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`).join(', ')}`;
  if (problem.data.status !== status) return `status ${status} with a problem that says ${problem.data.status}`;
  if (problem.data.requestId !== requestId) return `status ${status} with another request id than the header’s`;
  return undefined;
}

export interface Run {
  readonly wanted: number;
  readonly answered: number;
  /** Answers of 2xx, and the routes that gave one. */
  readonly succeeded: number;
  readonly routes: readonly { readonly name: string; readonly succeeded: number; readonly asked: number }[];
  readonly faults: number;
  /** Errors in the service's log, and what it said beside it. */
  readonly logged: readonly string[];
  readonly endedEarly: boolean;
  readonly warmBytes: number;
  readonly endBytes: number;
}

export interface Claim {
  readonly claim: string;
  readonly holds: boolean;
  readonly figure: string;
}

const MOST_GROWTH = 0.1;
/** Below this share the handlers were hardly reached, and the run says little. */
const LEAST_SUCCEEDED = 0.15;

export function judgeRun(run: Run): readonly Claim[] {
  const growth = run.endBytes / run.warmBytes - 1;
  const share = run.succeeded / Math.max(1, run.answered);
  const unreached = run.routes.filter(({ succeeded }) => succeeded === 0).map(({ name }) => name);
  return [
    { claim: 'every request was answered as it must be', holds: run.faults === 0 && run.answered >= run.wanted, figure: `${run.answered} of ${run.wanted} asked, ${run.faults} faults` },
    { claim: 'the process lived, and logged no error', holds: !run.endedEarly && run.logged.length === 0, figure: run.endedEarly ? 'it ended' : `${run.logged.length} lines` },
    { claim: 'resident memory grew by less than 10 %', holds: Number.isFinite(growth) && growth < MOST_GROWTH, figure: `${(growth * 100).toFixed(1)} %` },
    { claim: 'handlers were reached', holds: share >= LEAST_SUCCEEDED, figure: `${(share * 100).toFixed(1)} % of the answers are 2xx` },
    { claim: 'every route answered 2xx or 3xx at least once', holds: run.routes.length > 0 && unreached.length === 0, figure: unreached.length === 0 ? `${run.routes.length} routes` : unreached.join(', ') },
  ];
}
