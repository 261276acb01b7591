// How long others wait while an attack goes on: one client asks something cheap again and again.
// Tested by attack.proof.ts: behind a front that stands still, the attacks that use it succeed.
import { setTimeout as wait } from 'node:timers/promises';
import type { Target } from './target.ts';

const PAUSE_MS = 10;

/** The longest that the other client waited, in milliseconds. */
export async function waitBeside(target: Target, attack: () => Promise<void>): Promise<number> {
  let [longest, over] = [0, false];
  // From one answer to the next: what stands still between two requests counts as well.
  let before = performance.now();
  const other = (async () => {
    while (!over) {
      await target.ask({ path: '/favicon.svg' });
      const now = performance.now();
      longest = Math.max(longest, now - before);
      before = now;
      await wait(PAUSE_MS);
    }
  })();
  await wait(PAUSE_MS);
  await attack();
  over = true;
  await other;
  return longest;
}

/** A front that a request can make stand still, as one event loop does. */
export function standStill(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}
