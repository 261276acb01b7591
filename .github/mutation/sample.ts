// A random sample of mutants, and what it says about all of them.

/** In an order that says nothing, the same for the same seed (mulberry32, Fisher and Yates): where it is cut off, what came before is a sample. */
export function shuffle<T>(list: readonly T[], seed: number): T[] {
  const shuffled = [...list];
  let state = seed;
  const random = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  for (let index = shuffled.length - 1; index > 0; index -= 1) {
    const other = Math.floor(random() * (index + 1));
    const [a, b] = [shuffled[index], shuffled[other]];
    if (a !== undefined && b !== undefined) [shuffled[index], shuffled[other]] = [b, a];
  }
  return shuffled;
}

/** Of a standard normal distribution, for 95 %. */
const Z = 1.959964;

/** Where the share of all lies with 95 % (Wilson 1927): unlike the textbook's, right for few and near 100 %. */
export function wilsonInterval(hits: number, of: number): readonly [low: number, high: number] {
  const share = hits / of;
  const scale = 1 + Z ** 2 / of;
  const middle = share + Z ** 2 / (2 * of);
  const width = Z * Math.sqrt((share * (1 - share)) / of + Z ** 2 / (4 * of ** 2));
  return [(middle - width) / scale, (middle + width) / scale];
}
