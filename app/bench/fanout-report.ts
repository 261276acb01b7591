// The figures of the fan-out side by side, and what they come to against the target.
import type { Delivery, FanoutFigures } from './fanout.ts';
import type { Target } from './request-report.ts';
import { pairedRatios, summarise, type Summary } from './statistics.ts';
import { formatFigure, formatPercent, formatTable } from './table.ts';

export interface FanoutReport {
  readonly stack: string;
  readonly sessions: number;
  readonly p50Ms: Summary;
  readonly p99Ms: Summary;
  readonly spreadP50Ms: Summary;
  readonly spreadP99Ms: Summary;
  /** Of p99, paired by event. */
  readonly toBare: Summary;
  readonly toStoring: Summary;
  readonly spreadToBare: Summary;
  readonly heapKibPerSession: number;
  readonly rssKibPerSession: number;
  readonly sessionsPerSecond: number;
}

const BARE = 'bare ws';
const STORING = 'bare ws that stores the change';
const JUDGED = 'this service, WebSocket';
const LARGEST_RATIO = 1.25;

export function reportFanout(figures: readonly FanoutFigures[]): readonly FanoutReport[] {
  const of = (stack: string, key: keyof Delivery) => (figures.find((each) => each.stack === stack)?.events ?? []).map((event) => event[key]);
  return figures.map(({ stack, sessions, heapKibPerSession, rssKibPerSession, sessionsPerSecond }) => ({
    stack,
    sessions,
    p50Ms: summarise(of(stack, 'p50Ms')),
    p99Ms: summarise(of(stack, 'p99Ms')),
    spreadP50Ms: summarise(of(stack, 'spreadP50Ms')),
    spreadP99Ms: summarise(of(stack, 'spreadP99Ms')),
    toBare: pairedRatios(of(stack, 'p99Ms'), of(BARE, 'p99Ms')),
    toStoring: pairedRatios(of(stack, 'p99Ms'), of(STORING, 'p99Ms')),
    spreadToBare: pairedRatios(of(stack, 'spreadP99Ms'), of(BARE, 'spreadP99Ms')),
    heapKibPerSession,
    rssKibPerSession,
    sessionsPerSecond,
  }));
}

export function judgeFanout(reports: readonly FanoutReport[]): readonly Target[] {
  return reports
    .filter(({ stack }) => stack === JUDGED)
    .map(({ sessions, toBare }) => ({ claim: `delivery to ${sessions} sessions, p99 within ${LARGEST_RATIO} times that of a bare broadcast`, value: `${formatFigure(toBare.median)} times`, met: toBare.median <= LARGEST_RATIO }));
}

export function formatFanout(reports: readonly FanoutReport[]): string {
  const head = [`${reports[0]?.sessions ?? 0} sessions`, 'p50 ms', 'p99 ms', '±', 'p99 to bare', 'to storing', 'after first: p50', 'p99', 'p99 to bare', 'heap KiB', 'RSS KiB/session', 'opened/s'];
  const rows = reports.map((report) => [
    report.stack,
    formatFigure(report.p50Ms.median),
    formatFigure(report.p99Ms.median),
    formatPercent(report.p99Ms.spread),
    formatFigure(report.toBare.median),
    formatFigure(report.toStoring.median),
    formatFigure(report.spreadP50Ms.median),
    formatFigure(report.spreadP99Ms.median),
    formatFigure(report.spreadToBare.median),
    formatFigure(report.heapKibPerSession),
    formatFigure(report.rssKibPerSession),
    formatFigure(report.sessionsPerSecond),
  ]);
  return formatTable([head, ...rows]);
}
