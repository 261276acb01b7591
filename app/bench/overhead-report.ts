// The figures of being watched, side by side, and what they come to against the targets.
import { NOTHING, type OverheadFigures, type OverheadRound, USUAL } from './overhead.ts';
import type { Target } from './request-report.ts';
import { pairedDifferences, pairedRatios, summarise, type Summary } from './statistics.ts';
import { formatFigure, formatPercent, formatTable } from './table.ts';

export interface OverheadReport {
  readonly variant: string;
  readonly cpuUs: Summary;
  /** Of CPU a request, paired by round: above 1 is dearer. */
  readonly toNothing: Summary;
  readonly aboveNothingUs: Summary;
  readonly toUsual: Summary;
  readonly perSecond: Summary;
  readonly busy: Summary;
  readonly spansPerRequest: Summary;
}

/** Of CPU a request: what production has on, to nothing, and what its traces add to that. */
const LARGEST: readonly (readonly [variant: string, to: 'toNothing' | 'toUsual', ratio: number, claim: string])[] = [
  [USUAL, 'toNothing', 1.15, 'metrics and logs cost at most 15 % of CPU a request'],
  ['and traces, 10 %', 'toUsual', 1.1, 'traces of 10 % of the requests cost at most 10 % more'],
];

export function reportOverhead(figures: readonly OverheadFigures[]): readonly OverheadReport[] {
  const of = (variant: string, key: keyof OverheadRound) => (figures.find((each) => each.variant === variant)?.rounds ?? []).map((round) => round[key]);
  return figures.map(({ variant }) => ({
    variant,
    cpuUs: summarise(of(variant, 'cpuUs')),
    toNothing: pairedRatios(of(variant, 'cpuUs'), of(NOTHING, 'cpuUs')),
    aboveNothingUs: pairedDifferences(of(variant, 'cpuUs'), of(NOTHING, 'cpuUs')),
    toUsual: pairedRatios(of(variant, 'cpuUs'), of(USUAL, 'cpuUs')),
    perSecond: summarise(of(variant, 'perSecond')),
    busy: summarise(of(variant, 'busy')),
    spansPerRequest: summarise(of(variant, 'spansPerRequest')),
  }));
}

export function judgeOverhead(reports: readonly OverheadReport[]): readonly Target[] {
  return LARGEST.map(([variant, to, ratio, claim]) => {
    const measured = reports.find((each) => each.variant === variant)?.[to].median ?? Number.NaN;
    return { claim, value: `${formatFigure(measured)} times`, met: measured <= ratio };
  });
}

export function formatOverhead(reports: readonly OverheadReport[]): string {
  const range = ({ median, lowest, highest }: Summary) => `${formatFigure(median)} (${formatFigure(lowest)} to ${formatFigure(highest)})`;
  const rows = reports.map(({ variant, cpuUs, toNothing, aboveNothingUs, toUsual, perSecond, busy, spansPerRequest }) => [
    variant,
    formatFigure(cpuUs.median),
    formatPercent(cpuUs.spread),
    range(toNothing),
    formatFigure(aboveNothingUs.median),
    range(toUsual),
    formatFigure(perSecond.median),
    formatPercent(busy.median),
    formatFigure(spansPerRequest.median),
  ]);
  return formatTable([['', 'CPU µs/request', '±', 'to nothing', 'above it µs', `to ${USUAL}`, 'requests/s', 'server busy', 'spans/request'], ...rows]);
}
