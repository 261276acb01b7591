// Words for stock and its movements; pure, the same on the server and in the browser.

export type Level = 'ok' | 'low' | 'out' | 'retired';

export function levelOf(item: { readonly status: string; readonly quantity: number; readonly reorderLevel: number }): Level {
  if (item.status === 'retired') return 'retired';
  if (item.quantity === 0) return 'out';
  return item.quantity <= item.reorderLevel ? 'low' : 'ok';
}

export function levelText(level: Level): string {
  const texts: Readonly<Record<Level, string>> = { ok: 'In stock', low: 'Low', out: 'Out of stock', retired: 'Retired' };
  return texts[level];
}

/** The meter's upper end: the reorder level sits at half of it, until there is more. */
export function meterMax(item: { readonly quantity: number; readonly reorderLevel: number }): number {
  return Math.max(1, item.reorderLevel * 2, item.quantity);
}

export function movementText(movement: { readonly delta: number; readonly reason: string }): string {
  const amount = Math.abs(movement.delta);
  switch (movement.reason) {
    case 'received':
      return movement.delta > 0 ? `received ${amount}` : `sent back ${amount} received`;
    case 'sold':
      return movement.delta < 0 ? `sold ${amount}` : `took back ${amount} sold`;
    case 'returned':
      return movement.delta > 0 ? `returned ${amount}` : `returned ${amount} to the supplier`;
    case 'damaged':
      return movement.delta < 0 ? `wrote off ${amount} damaged` : `restored ${amount} damaged`;
    default:
      return `counted ${amount} ${movement.delta > 0 ? 'more' : 'fewer'}`;
  }
}

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** "3 minutes ago"; a time that a lagging clock puts in the future is now. */
export function relativeTime(from: Date, now: Date): string {
  const passedMs = now.getTime() - from.getTime();
  if (passedMs < MINUTE_MS) return 'just now';
  if (passedMs < HOUR_MS) return ago(passedMs / MINUTE_MS, 'minute');
  if (passedMs < DAY_MS) return ago(passedMs / HOUR_MS, 'hour');
  return ago(passedMs / DAY_MS, 'day');
}

function ago(amount: number, unit: string): string {
  const whole = Math.floor(amount);
  return `${whole} ${unit}${whole === 1 ? '' : 's'} ago`;
}
