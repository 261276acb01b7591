// The service level objectives as observability/objectives.yaml has them, and what follows of them by arithmetic.
import { parse } from 'yaml';
import { z } from 'zod';

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

export function secondsOf(text: string): number {
  return Number(text.slice(0, -1)) * (SECONDS[text.slice(-1)] ?? Number.NaN);
}

/** Windows of days are made of counts that are this long, laid end to end: days of counters are too much to read every time. */
export const COUNT_EVERY = '5m';

export function isComposed(window: string): boolean {
  return secondsOf(window) > secondsOf('1d');
}

const duration = z.string().regex(/^[1-9]\d*[smhd]$/);
const selector = z.string().regex(/^[a-z_:][a-z0-9_:]*(?:\{[^{}]*\})?$/);
const burnRate = z
  .strictObject({ rate: z.number().positive(), long: duration, short: duration, severity: z.enum(['page', 'ticket']), evaluate: duration })
  .refine(({ long, evaluate }) => !isComposed(long) || evaluate === COUNT_EVERY, `A window of days is evaluated every ${COUNT_EVERY}, as long as the counts are that it is made of.`)
  .refine(({ long, short }) => secondsOf(short) < secondsOf(long) && !isComposed(short), 'The short window is shorter than the long one, and no more than a day.');
const testedWith = z.strictObject({ good: z.array(selector).min(1), bad: z.array(selector).min(1), uncounted: z.array(selector).default([]) });
const objective = z
  .strictObject({ objective: z.number().gt(0).lt(1), symptom: z.string().min(1), events: selector, bad: selector.optional(), good: selector.optional(), tested_with: testedWith })
  .refine(({ bad, good }) => (bad === undefined) !== (good === undefined), 'Either the bad events are counted or the good ones.');
const schema = z.strictObject({
  period: duration,
  burn_rates: z.record(z.string().regex(/^[a-z]+$/), burnRate),
  minimum_bad: z.int().positive(),
  objectives: z.record(z.string().regex(/^[a-z]+$/), objective),
});

export type BurnRate = z.infer<typeof burnRate> & { readonly name: string };
export type Objective = z.infer<typeof objective> & { readonly name: string };
export interface Objectives {
  readonly period: string;
  readonly minimumBad: number;
  readonly burnRates: readonly BurnRate[];
  readonly objectives: readonly Objective[];
}

/** @throws z.ZodError */
export function parseObjectives(text: string): Objectives {
  const { period, minimum_bad: minimumBad, burn_rates: burnRates, objectives } = schema.parse(parse(text));
  const named = <T>(record: Readonly<Record<string, T>>) => Object.entries(record).map(([name, each]) => ({ name, ...each }));
  return { period, minimumBad, burnRates: named(burnRates), objectives: named(objectives) };
}

/** The share of events that may be bad: 0.001, and not the 0.0010000000000000009 of the subtraction. */
export function budgetOf({ objective: share }: Pick<Objective, 'objective'>): number {
  return Number((1 - share).toPrecision(12));
}

/** The share of bad events from which on the budget burns at that rate. */
export function thresholdOf(objective: Pick<Objective, 'objective'>, { rate }: Pick<BurnRate, 'rate'>): number {
  return Number((rate * budgetOf(objective)).toPrecision(12));
}

/**
 * Seconds from the first bad event to the alert, when from then on this share of events is bad and before none was; undefined for
 * never. https://sre.google/workbook/alerting-on-slos/#4-alert-on-burn-rate
 */
export function detectionSeconds(objective: Pick<Objective, 'objective'>, burn: Pick<BurnRate, 'rate' | 'long'>, share: number): number | undefined {
  if (share < thresholdOf(objective, burn)) return undefined;
  return (secondsOf(burn.long) * burn.rate * budgetOf(objective)) / share;
}

export function alertOf({ name }: Pick<Objective, 'name'>, { name: burn }: Pick<BurnRate, 'name'>): string {
  return [name, 'burn', burn].map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
}
