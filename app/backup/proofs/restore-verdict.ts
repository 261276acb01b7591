// Whether a restored service is what was promised: claims over what clients were told before and after.
export interface Change {
  readonly id: string;
  readonly sentAt: number;
  readonly acknowledgedAt: number;
}

export interface StoredEvent {
  readonly position: number;
  /** Of the change that it tells of. */
  readonly id: string;
}

export interface FollowedAcross {
  readonly name: string;
  readonly before: readonly StoredEvent[];
  readonly after: readonly StoredEvent[];
  /** Since the restore. */
  readonly resyncs: number;
}

export interface WorkloadRecord {
  readonly name: string;
  /** Acknowledged before the loss. */
  readonly before: readonly Change[];
  /** Acknowledged once the followers were back. */
  readonly after: readonly Change[];
  /** Found before anything new was written. */
  readonly restored: readonly string[];
  readonly atEnd: readonly string[];
  readonly problems: readonly string[];
  /** All that are stored at the end; undefined for changes without events. */
  readonly events: readonly StoredEvent[] | undefined;
  readonly followers: readonly FollowedAcross[];
}

/** What was expected of something that ran, and what it said. */
export interface Check {
  readonly what: string;
  readonly expected: string;
  readonly actual: string;
}

export interface RestoreRecord {
  readonly lostAt: number;
  /** Nothing older may be lost; undefined where nothing may be lost at all. */
  readonly mostLostMs: number | undefined;
  readonly workloads: readonly WorkloadRecord[];
  readonly checks: readonly Check[];
}

export interface Claim {
  readonly claim: string;
  readonly cases: number;
  readonly violations: readonly string[];
}

export interface Loss {
  readonly acknowledged: number;
  readonly lost: number;
  /** From the oldest change that is lost to the loss; 0 where none is. */
  readonly recoveryPointMs: number;
}

export function measureLoss({ lostAt, workloads }: Pick<RestoreRecord, 'lostAt' | 'workloads'>): Loss {
  const lost = workloads.flatMap(lostOf);
  const acknowledged = workloads.reduce((sum, { before }) => sum + before.length, 0);
  return { acknowledged, lost: lost.length, recoveryPointMs: lost.length === 0 ? 0 : lostAt - Math.min(...lost.map(({ acknowledgedAt }) => acknowledgedAt)) };
}

export function judgeRestore(record: RestoreRecord): readonly Claim[] {
  const { workloads, checks } = record;
  return [
    endsAtOneMoment(workloads),
    losesNoMore(record),
    ...workloads.flatMap((workload) => [keepsWhatCameAfter(workload), isWhole(workload), ...workload.followers.flatMap((follower) => [givesNoPositionTwice(workload, follower), missesNothing(workload, follower, record.mostLostMs === undefined)])]),
    ...checks.map(({ what, expected, actual }) => ({ claim: what, cases: 1, violations: expected === actual ? [] : [`expected "${expected}", and it was "${actual}"`] })),
  ];
}

function lostOf({ before, restored }: WorkloadRecord): readonly Change[] {
  const there = new Set(restored);
  return before.filter(({ id }) => !there.has(id));
}

/** Over all workloads, since they are of one database: what was acknowledged before something that survived was sent, survived. */
function endsAtOneMoment(workloads: readonly WorkloadRecord[]): Claim {
  const survived = workloads.flatMap(({ before, restored }) => {
    const there = new Set(restored);
    return before.filter(({ id }) => there.has(id));
  });
  const newest = Math.max(...survived.map(({ sentAt }) => sentAt));
  const violations = workloads.flatMap((workload) => lostOf(workload).filter(({ acknowledgedAt }) => acknowledgedAt < newest).map(({ id }) => `${workload.name}: ${id} is lost, and what was sent after it is not`));
  return { claim: 'what is there is all that was acknowledged up to one moment', cases: survived.length, violations };
}

function losesNoMore({ lostAt, mostLostMs, workloads }: RestoreRecord): Claim {
  const lost = workloads.flatMap((workload) => lostOf(workload).map((change) => ({ ...change, name: workload.name })));
  const cases = workloads.reduce((sum, { before }) => sum + before.length, 0);
  const tooOld = lost.filter(({ acknowledgedAt }) => mostLostMs === undefined || lostAt - acknowledgedAt > mostLostMs);
  return { claim: mostLostMs === undefined ? 'nothing that was acknowledged is lost' : `nothing is lost that was acknowledged more than ${mostLostMs / 1_000} s before`, cases, violations: tooOld.map(({ name, id, acknowledgedAt }) => `${name}: ${id}, acknowledged ${lostAt - acknowledgedAt} ms before, is lost`) };
}

function keepsWhatCameAfter({ name, after, restored, atEnd }: WorkloadRecord): Claim {
  const there = new Set(atEnd);
  const violations = [...after.map(({ id }) => id), ...restored].filter((id) => !there.has(id)).map((id) => `${id} is gone`);
  return { claim: `${name}: what was restored and what was acknowledged since is there`, cases: after.length, violations };
}

function isWhole({ name, atEnd, problems, events }: WorkloadRecord): Claim {
  const told = countOf((events ?? []).map(({ id }) => id));
  const halves = events === undefined ? [] : atEnd.filter((id) => told.get(id) !== 1).map((id) => `${id} has ${told.get(id) ?? 0} events`);
  const there = new Set(atEnd);
  const orphans = [...told.keys()].filter((id) => !there.has(id)).map((id) => `an event tells of ${id}, which is not there`);
  return { claim: `${name}: nothing is half there`, cases: atEnd.length, violations: [...problems, ...halves, ...orphans] };
}

function givesNoPositionTwice({ name }: WorkloadRecord, { name: follower, before, after }: FollowedAcross): Claim {
  const positions = [...before, ...after].map(({ position }) => position);
  const violations = positions.flatMap((position, index) => (index > 0 && position <= (positions[index - 1] ?? 0) ? [`${position} came after ${String(positions[index - 1])}`] : []));
  return { claim: `${name}: ${follower} was given each position once, in order`, cases: after.length, violations };
}

/** Who is told to read everything anew has everything by that; until then, and from then on, it counts on the stream. */
function missesNothing({ name, after: writtenAfter, atEnd }: WorkloadRecord, { name: follower, before: seenBefore, after, resyncs }: FollowedAcross, nothingLost: boolean): Claim {
  const seen = countOf((nothingLost ? [...seenBefore, ...after] : after).map(({ id }) => id));
  const expected = nothingLost ? atEnd : writtenAfter.map(({ id }) => id);
  const violations = expected.filter((id) => seen.get(id) !== 1).map((id) => `${id}: seen ${seen.get(id) ?? 0} times`);
  const wanted = nothingLost ? 0 : 1;
  if (resyncs !== wanted) violations.push(`told ${resyncs} times to read everything anew, and not ${wanted}`);
  return { claim: `${name}: ${follower} ${nothingLost ? 'saw every event once, and resumed' : 'was told once to read anew, and saw every later event once'}`, cases: expected.length, violations };
}

function countOf(ids: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1);
  return counts;
}
