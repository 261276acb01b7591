// Whether an attack held: what the service did, and whether the same attack succeeds where the defence is taken away.
import type { Outcome } from './attack.ts';

export interface Result {
  readonly title: string;
  readonly source: string;
  readonly attack: string;
  readonly expected: string;
  /** Against the service, and against the front that leaks. */
  readonly seen: Outcome;
  readonly leak: Outcome;
  readonly without: string;
  readonly seconds: number;
}

export type Conclusion = 'holds' | 'broken' | 'can not fail' | 'not run';
export interface Judgement {
  readonly conclusion: Conclusion;
  readonly mark: '✔' | '✖' | '–';
}

export function judge({ seen, leak }: Pick<Result, 'seen' | 'leak'>): Judgement {
  if (seen.verdict === 'not run') return { conclusion: 'not run', mark: '–' };
  if (seen.verdict !== 'holds') return { conclusion: 'broken', mark: '✖' };
  return leak.verdict === 'broken' ? { conclusion: 'holds', mark: '✔' } : { conclusion: 'can not fail', mark: '✖' };
}

/** What is to be mended, one a line. */
export function findProblems(results: readonly (Result & Judgement)[]): readonly string[] {
  return results.flatMap(({ title, attack, without, seen, conclusion }) => {
    if (conclusion === 'broken') return [`✖ ${title}: ${attack}: ${seen.seen}`];
    return conclusion === 'can not fail' ? [`✖ ${title}: ${attack}: holds without ${without} too, so it proves nothing`] : [];
  });
}
