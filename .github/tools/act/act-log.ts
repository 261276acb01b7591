// What act's log (--json) says of each job and of the step at which it failed, and whether that is what was expected.

export interface JobRun {
  readonly job: string;
  readonly results: readonly string[];
  /** The first step of each run of the job that failed. */
  readonly failedAt: readonly string[];
}

export interface Expected {
  readonly job: string;
  readonly result: 'success' | 'failure';
  /** The step at which it is to fail. */
  readonly at?: string;
}

export interface JobVerdict {
  readonly job: string;
  readonly holds: boolean;
  readonly seen: string;
}

interface Line {
  readonly jobID?: string;
  readonly matrix?: unknown;
  readonly step?: string;
  readonly stage?: string;
  readonly stepResult?: string;
  readonly jobResult?: string;
}

/** A job of a matrix runs several times under one name. What is no line of the log is passed over: act mixes words into it. */
export function readRun(log: string): readonly JobRun[] {
  const lines = log.split('\n').filter((line) => line.startsWith('{')).flatMap((line): readonly Line[] => {
    try {
      return [JSON.parse(line) as Line];
    } catch {
      return [];
    }
  });
  const jobs = Map.groupBy(lines.filter(({ jobID }) => jobID !== undefined), ({ jobID }) => jobID ?? '');
  return [...jobs].map(([job, all]) => {
    const runs = [...Map.groupBy(all, ({ matrix }) => JSON.stringify(matrix ?? {})).values()];
    return {
      job,
      results: runs.flatMap((each) => each.findLast(({ jobResult }) => jobResult !== undefined)?.jobResult ?? []),
      failedAt: runs.flatMap((each) => each.find(({ stepResult }) => stepResult === 'failure')?.step ?? []),
    };
  });
}

/** A job that the log does not have did not run, which is no success. */
export function judge(runs: readonly JobRun[], expected: readonly Expected[]): readonly JobVerdict[] {
  return expected.map(({ job, result, at }) => {
    const { results = [], failedAt = [] } = runs.find((each) => each.job === job) ?? {};
    const holds = results.length > 0 && results.every((each) => each === result) && (result === 'success' ? failedAt.length === 0 : failedAt.length > 0 && failedAt.every((step) => at === undefined || step === at || step === `Main ${at}`));
    const seen = results.length === 0 ? 'not run' : `${[...new Set(results)].join(', ')}${results.length > 1 ? ` (${results.length} runs)` : ''}${failedAt.length > 0 ? ` at "${failedAt.join('", "')}"` : ''}${holds ? '' : `, expected ${result}${at === undefined ? '' : ` at "${at}"`}`}`;
    return { job, holds, seen };
  });
}
