// The line of an item's recent quantities; pure, drawn the same by the server and in the browser.

/** How many movements a sparkline shows. */
export const HISTORY_LENGTH = 24;

/** Room for the stroke, so that it is not cut at the edges. */
const PADDING = 2;

/** The `d` of an SVG path inside width × height, oldest value at the left; 0 is the bottom. One value draws a flat line. */
export function sparklinePath(values: readonly number[], width: number, height: number): string {
  const finite = values.filter((value) => Number.isFinite(value));
  const [first] = finite;
  if (first === undefined) return '';
  const points = finite.length === 1 ? [first, first] : finite;
  const highest = Math.max(1, ...points);
  const step = (width - 2 * PADDING) / (points.length - 1);
  return points
    .map((value, index) => {
      const x = PADDING + index * step;
      const y = height - PADDING - (Math.max(0, value) / highest) * (height - 2 * PADDING);
      return `${index === 0 ? 'M' : 'L'}${round(x)} ${round(y)}`;
    })
    .join(' ');
}

/** What the line says, for those who don't see it. */
export function sparklineText(values: readonly number[]): string {
  const first = values[0];
  const last = values.at(-1);
  if (first === undefined || last === undefined) return 'No stock history yet';
  if (values.length === 1) return `Stock history: ${last}`;
  return `Stock history, ${values.length} values: from ${first} to ${last}, lowest ${Math.min(...values)}, highest ${Math.max(...values)}`;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
