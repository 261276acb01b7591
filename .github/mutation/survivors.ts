// Tells mutants apart by what they change and not by their line's number, and compares those that survived with those that may.

interface Position {
  readonly line: number;
  readonly column: number;
}

/** Reason → file → changes. */
export type Accepted = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

export interface Survivor {
  readonly file: string;
  readonly change: string;
}

const LONGEST = 140;

const oneLine = (text: string): string => text.trim().replaceAll(/\s+/g, ' ');
const shorten = (text: string): string => (text.length <= LONGEST ? text : `${text.slice(0, LONGEST / 2)} … ${text.slice(-LONGEST / 2)}`);

/** `before → after` of the lines that the mutant changes, with lines and columns from 0. */
export function describeChange(source: string, { start, end }: { readonly start: Position; readonly end: Position }, replacement: string): string {
  const lines = source.split('\n');
  const [first, last] = [lines[start.line] ?? '', lines[end.line] ?? ''];
  const [before, after] = [first.slice(0, start.column), last.slice(end.column)];
  const old = lines.slice(start.line, end.line + 1).join('\n');
  const changed = old.slice(start.column, old.length - after.length);
  // On a long line, what changes must stay visible.
  const [lead, tail] = [oneLine(before).slice(-LONGEST / 2), oneLine(after).slice(0, LONGEST / 4)];
  return `${lead} ⟦${shorten(oneLine(changed))} → ${shorten(oneLine(replacement))}⟧ ${tail}`.trim();
}

export interface Comparison {
  /** Survived, and no reason is listed. */
  readonly unlisted: readonly Survivor[];
  /** Listed, and killed now or not there any more. */
  readonly outdated: readonly Survivor[];
}

/** The same change on two lines of a file must be listed twice. `isDecided`: all of its mutants were judged, or there is none. */
export function compareSurvivors(survivors: readonly Survivor[], accepted: Accepted, isDecided: (survivor: Survivor) => boolean): Comparison {
  const left = Object.values(accepted).flatMap((files) => Object.entries(files).flatMap(([file, changes]) => changes.map((change) => ({ file, change }))));
  const unlisted = survivors.filter(({ file, change }) => {
    const index = left.findIndex((each) => each.file === file && each.change === change);
    if (index === -1) return true;
    left.splice(index, 1);
    return false;
  });
  return { unlisted, outdated: left.filter(isDecided) };
}
