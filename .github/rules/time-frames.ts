// How long a published vulnerability, or a release, may wait: the table of REGISTERS.md, which gates judge by (ASVS 15.1.1).
// Tested by ../repository.test.ts, by the rule in registers.ts, and by ../gates/dependencies_are_current.gate.test.ts.

export const TIME_FRAMES = '.github/REGISTERS.md';

const ROWS = { 'critical, or exploited': 'critical', 'high': 'high', 'medium': 'medium', 'low': 'low', 'release': 'release', 'major release': 'major' } as const;

/** In days since it came out. */
export interface Frame {
  readonly production: number;
  readonly development: number;
}
export type TimeFrames = Readonly<Record<(typeof ROWS)[keyof typeof ROWS], Frame>>;

/** @throws Error when a row is missing, twice there, or has no days. */
export function readTimeFrames(page: string): TimeFrames {
  const [, after = ''] = page.split(/^## Third-party components$/m);
  const [section = ''] = after.split(/^## /m);
  const frame = (row: string): Frame => {
    const found = [...section.matchAll(new RegExp(String.raw`^\| ${row} \| (\d+) \| (\d+) \|$`, 'gm'))];
    if (found.length !== 1) throw new Error(`${TIME_FRAMES} has, under "Third-party components", ${found.length} rows of days for "${row}", and needs one`);
    return { production: Number(found[0]?.[1]), development: Number(found[0]?.[2]) };
  };
  return Object.fromEntries(Object.entries(ROWS).map(([row, name]) => [name, frame(row)])) as unknown as TimeFrames;
}
