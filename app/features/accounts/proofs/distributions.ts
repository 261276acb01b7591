// How well one value tells which of two distributions it is from.

/**
 * Share of pairs in which the value of the first is greater, ties half: the area under the ROC curve (Mann and Whitney, 1947).
 * A half tells nothing. @throws RangeError without values.
 */
export function shareOfGreater(first: readonly number[], second: readonly number[]): number {
  if (first.length === 0 || second.length === 0) throw new RangeError('There are no values.');
  const sorted = Float64Array.from(second).sort();
  let sum = 0;
  for (const value of first) {
    const below = countBelow(sorted, (other) => other < value);
    sum += (below + countBelow(sorted, (other) => other <= value)) / 2;
  }
  return sum / first.length / second.length;
}

function countBelow(sorted: Float64Array, isBelow: (value: number) => boolean): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBelow(sorted[middle] ?? 0)) low = middle + 1;
    else high = middle;
  }
  return low;
}
