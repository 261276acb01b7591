// Lets a bounded number of asynchronous works run at once; the others wait in line.

export type Gate = <T>(work: () => Promise<T>) => Promise<T>;

export function createGate(limit: number): Gate {
  let inside = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    // The place of one that leaves goes to the first in line, not to whoever comes by.
    if (inside < limit) inside += 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) inside -= 1;
      else next();
    }
  };
}
