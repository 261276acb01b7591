// The figures of read and move, side by side, and what they come to against the targets.
import type { RequestFigures, Round } from './requests.ts';
import { pairedDifferences, pairedRatios, summarise, type Summary } from './statistics.ts';
import { formatFigure, formatPercent, formatTable } from './table.ts';

export interface Target {
  readonly claim: string;
  readonly value: string;
  readonly met: boolean;
}

export interface RequestReport {
  readonly stack: string;
  readonly perSecond: Summary;
  readonly p50Ms: Summary;
  readonly p99Ms: Summary;
  readonly cpuUs: Summary;
  readonly busy: Summary;
  /** Of requests a second, paired by round: above 1 is faster. */
  readonly toKoa: Summary;
  readonly toFastify: Summary;
  readonly cpuAboveKoaUs: Summary;
  /** Of CPU a request, paired by round: above 1 is cheaper. */
  readonly cpuToFastify: Summary;
}

export const SERVICE = 'this service';
const LARGEST_CPU_ABOVE_KOA_US = 60;

export function reportRequests(figures: readonly RequestFigures[]): readonly RequestReport[] {
  const of = (stack: string, key: keyof Round) => (figures.find((each) => each.stack === stack)?.rounds ?? []).map((round) => round[key]);
  return figures.map(({ stack }) => ({
    stack,
    perSecond: summarise(of(stack, 'perSecond')),
    p50Ms: summarise(of(stack, 'p50Ms')),
    p99Ms: summarise(of(stack, 'p99Ms')),
    cpuUs: summarise(of(stack, 'cpuUs')),
    busy: summarise(of(stack, 'busy')),
    toKoa: pairedRatios(of(stack, 'perSecond'), of('koa', 'perSecond')),
    toFastify: pairedRatios(of(stack, 'perSecond'), of('fastify', 'perSecond')),
    cpuAboveKoaUs: pairedDifferences(of(stack, 'cpuUs'), of('koa', 'cpuUs')),
    cpuToFastify: pairedRatios(of('fastify', 'cpuUs'), of(stack, 'cpuUs')),
  }));
}

/** Of the read alone. */
export function judgeRead(reports: readonly RequestReport[]): readonly Target[] {
  const service = reports.find(({ stack }) => stack === SERVICE);
  if (service === undefined) return [];
  return [
    { claim: 'requests a second at least those of the Fastify stack', value: `${formatFigure(service.toFastify.median)} times`, met: service.toFastify.median >= 1 },
    { claim: `at most ${LARGEST_CPU_ABOVE_KOA_US} µs of CPU a request above bare Koa`, value: `${formatFigure(service.cpuAboveKoaUs.median)} µs`, met: service.cpuAboveKoaUs.median <= LARGEST_CPU_ABOVE_KOA_US },
  ];
}

export function formatRequests(reports: readonly RequestReport[]): string {
  const head = ['', 'requests/s', '±', 'to koa', 'to fastify', 'p50 ms', 'p99 ms', 'CPU µs/request', '±', 'above koa', 'server busy'];
  const rows = reports.map((report) => [
    report.stack,
    formatFigure(report.perSecond.median),
    formatPercent(report.perSecond.spread),
    formatFigure(report.toKoa.median),
    formatFigure(report.toFastify.median),
    formatFigure(report.p50Ms.median),
    formatFigure(report.p99Ms.median),
    formatFigure(report.cpuUs.median),
    formatPercent(report.cpuUs.spread),
    formatFigure(report.cpuAboveKoaUs.median),
    formatPercent(report.busy.median),
  ]);
  return formatTable([head, ...rows]);
}
