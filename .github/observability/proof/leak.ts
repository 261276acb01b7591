// Loaded before the service (`node --import`) by the proof: at a SIGUSR2 its heap fills to above what HeapNearLimit watches for and stays so, at the
// next it is given back. No request of anybody's can do this from outside, or it would be a hole.
// Tested by prove-observability.ts: HeapNearLimit fires by it.
import v8 from 'node:v8';

/** Between the alert's 0.9 and where V8 gives up. */
const SHARE = 0.94;
const STEP_EVERY_MS = 10;
/** A megabyte: doubles lie in the heap itself. */
const STEP_DOUBLES = 131_072;

let kept: number[][] | undefined;

process.on('SIGUSR2', () => {
  kept = kept === undefined ? [] : undefined;
});

setInterval(() => {
  const { used_heap_size: used, heap_size_limit: limit } = v8.getHeapStatistics();
  if (kept !== undefined && used < SHARE * limit) kept.push(new Array<number>(STEP_DOUBLES).fill(Math.PI));
}, STEP_EVERY_MS).unref();
