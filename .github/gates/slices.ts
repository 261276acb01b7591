// Divides the proof of the gates, so that each run of CI proves a part, and some runs together all of it.

export interface Slice {
  /** From 1. */
  readonly number: number;
  readonly count: number;
}

/** @throws Error when `text` is not N/M, with N from 1 to M */
export function parseSlice(text: string): Slice {
  const [, number, count] = /^([1-9]\d?)\/([1-9]\d?)$/.exec(text)?.map(Number) ?? [];
  if (number === undefined || count === undefined || number > count) throw new Error(`a slice is N/M, as in 1/4, and not ${text}`);
  return { number, count };
}

/**
 * Into as many parts as asked for, of about the same weight: the heaviest first, each to the part that is the lightest so far. What was
 * never weighed counts as the mean of the others. The same on every machine, since the weights are in the repository.
 */
export function divide(names: readonly string[], weights: ReadonlyMap<string, number>, count: number): readonly (readonly string[])[] {
  const known = names.flatMap((name) => weights.get(name) ?? []);
  const mean = known.length === 0 ? 1 : known.reduce((sum, weight) => sum + weight, 0) / known.length;
  const parts = Array.from({ length: count }, () => ({ weight: 0, names: [] as string[] }));
  const heaviestFirst = names.map((name) => ({ name, weight: weights.get(name) ?? mean })).toSorted((a, b) => b.weight - a.weight || (a.name < b.name ? -1 : 1));
  for (const { name, weight } of heaviestFirst) {
    const lightest = parts.reduce((least, part) => (part.weight < least.weight ? part : least));
    lightest.names.push(name);
    lightest.weight += weight;
  }
  return parts.map((part) => part.names.toSorted());
}
