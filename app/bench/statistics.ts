// What a run's figures come to: the middle, how far they lie apart, and how two that were measured in pairs compare.

export interface Summary {
  readonly median: number;
  readonly lowest: number;
  readonly highest: number;
  /** (highest − lowest) / median: how much the machine disturbed the rounds. */
  readonly spread: number;
}

/** Nearest rank: a value that was really measured. @throws RangeError without values. */
export function percentile(values: ArrayLike<number>, share: number): number {
  if (!(share > 0 && share <= 1)) throw new RangeError(`A percentile lies above 0 and up to 1, not at ${share}.`);
  const sorted = Float64Array.from(values).sort();
  const value = sorted[Math.ceil(share * sorted.length) - 1];
  if (value === undefined) throw new RangeError('There are no values.');
  return value;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.ceil(sorted.length / 2) - 1];
  if (upper === undefined || lower === undefined) throw new RangeError('There are no values.');
  return (lower + upper) / 2;
}

export function summarise(values: readonly number[]): Summary {
  const middle = median(values);
  const [lowest, highest] = [Math.min(...values), Math.max(...values)];
  return { median: middle, lowest, highest, spread: middle === 0 ? 0 : (highest - lowest) / middle };
}

/** Of each round by itself: what disturbs the machine for longer than a round disturbs both, and cancels out. */
export function pairedRatios(values: readonly number[], reference: readonly number[]): Summary {
  return summarise(pair(values, reference, (value, other) => value / other));
}

export function pairedDifferences(values: readonly number[], reference: readonly number[]): Summary {
  return summarise(pair(values, reference, (value, other) => value - other));
}

function pair(values: readonly number[], reference: readonly number[], compare: (value: number, other: number) => number): number[] {
  if (values.length !== reference.length) throw new RangeError('Both must have been measured in the same rounds.');
  return values.map((value, round) => compare(value, reference[round] ?? Number.NaN));
}
