// Whether slow clients were closed in time, and whether others noticed.

export interface SlowRun {
  /** How many slow connections the tool was to open. */
  readonly wanted: number;
  /** How long each was open on the server's side; one that still is, until the end of the run. */
  readonly lifetimesMs: readonly number[];
  /** What a client with nothing wrong asked meanwhile, and how much of it was answered with 200 in time. */
  readonly good: { readonly asked: number; readonly succeeded: number };
}

export interface Claim {
  readonly claim: string;
  readonly holds: boolean;
  readonly figure: string;
}

const CLOSED_WITHIN_MS = 15_000;
/** Connections are looked at so often. */
export const LOOK_EVERY_MS = 200;
const LEAST_SUCCESS = 0.999;
/** 99.9 % of fewer says nothing. */
const LEAST_ASKED = 1_000;

export function judgeSlowRun({ wanted, lifetimesMs, good }: SlowRun): readonly Claim[] {
  const longest = Math.max(0, ...lifetimesMs);
  const share = good.asked === 0 ? 0 : good.succeeded / good.asked;
  return [
    { claim: `${wanted} slow connections were there`, holds: lifetimesMs.length >= wanted, figure: String(lifetimesMs.length) },
    { claim: 'each was closed within 15 s', holds: lifetimesMs.length > 0 && longest <= CLOSED_WITHIN_MS, figure: `the longest after ${(longest / 1_000).toFixed(1)} s` },
    { claim: 'a good client kept 99.9 % success', holds: good.asked >= LEAST_ASKED && share >= LEAST_SUCCESS, figure: `${(share * 100).toFixed(2)} % of ${good.asked}` },
  ];
}


const ESTABLISHED = '01';

export interface OpenConnection {
  readonly peerPort: number;
  /** Bytes that the peer has not taken. */
  readonly waiting: number;
}

/** The connections to a local port that are open on both sides, from /proc/net/tcp (proc_pid_net(5)). */
export function parseEstablished(table: string, port: number): readonly OpenConnection[] {
  const local = port.toString(16).toUpperCase().padStart(4, '0');
  return table.split('\n').flatMap((line) => {
    const [, given, remote = '', state, queues = ''] = line.trim().split(/ +/, 5);
    if (!given?.endsWith(`:${local}`) || state !== ESTABLISHED) return [];
    return [{ peerPort: Number.parseInt(remote.split(':')[1] ?? '', 16), waiting: Number.parseInt(queues, 16) }];
  });
}
