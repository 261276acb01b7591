// Timing: whether the time of an answer tells how much of a secret was right, or whether something is there.
// Tested by attack.proof.ts: behind a front that compares letter by letter, each of these succeeds.
import { randomBytes, randomInt } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { median } from '#app/bench/statistics.ts';
import { collectionsOf, fillPath, listNames } from './api.ts';
import { type AttackClass, NO_ROUTE, type Outcome, statusOf } from './attack.ts';
import type { Leak } from './front.ts';
import type { Request, Target } from './target.ts';

const EACH = 250;
const WARM_UP = 30;
/** Half is chance: with so many of each, chance alone reaches this in less than one run of ten thousand. */
const MOST_TOLD_APART = 0.6;

/** Share of pairs in which the first took longer, ties half (Mann and Whitney, 1947). */
export function shareOfLonger(first: readonly number[], second: readonly number[]): number {
  let longer = 0;
  for (const one of first) for (const other of second) longer += one > other ? 1 : one === other ? 0.5 : 0;
  return longer / (first.length * second.length);
}

async function compare(target: Target, kinds: readonly [() => Request, () => Request]): Promise<Outcome> {
  const times: [number[], number[]] = [[], []];
  const statuses = new Set<number>();
  for (let index = 0; index < 2 * EACH + WARM_UP; index += 1) {
    const kind = index < WARM_UP ? 0 : times[0].length >= EACH ? 1 : times[1].length >= EACH ? 0 : (randomInt(2) as 0 | 1);
    const request = kinds[kind]();
    const from = performance.now();
    const answer = await target.ask(request);
    const ms = performance.now() - from;
    statuses.add(statusOf(answer));
    if (index >= WARM_UP) times[kind].push(ms);
  }
  const share = shareOfLonger(times[0], times[1]);
  const apart = Math.max(share, 1 - share);
  const seen = `told apart in ${(apart * 100).toFixed(1)} % (medians ${median(times[0]).toFixed(2)} and ${median(times[1]).toFixed(2)} ms, answers ${[...statuses].join(' ')})`;
  return { verdict: apart > MOST_TOLD_APART || statuses.size > 1 ? 'broken' : 'holds', seen };
}

const PATH = '/api/v1/sessions';

async function guessSession(target: Target): Promise<Outcome> {
  const session = /session=([\w-]+)/.exec(await target.signIn('clerk'))?.[1] ?? '';
  const guess = (known: number) => (): Request => ({ path: PATH, headers: [['Cookie', `session=${session.slice(0, known)}${randomBytes(64).toString('base64url').slice(0, session.length - known)}`]] });
  return compare(target, [guess(session.length - 3), guess(0)]);
}

/** One's own that is gone would be told apart by its status; a thing of others must not be by its time. */
async function guessThing(target: Target): Promise<Outcome> {
  await target.browser('clerk');
  for (const collection of collectionsOf(target)) {
    const route = collection.items.find(({ kind, method }) => kind === 'operation' && method === 'DELETE') ?? collection.items.find(({ kind }) => kind === 'operation');
    const own = await listNames(target, collection, await target.bearer('manager'));
    const theirs = [...(await listNames(target, collection, await target.bearer('clerk')))].filter((name) => !own.has(name) && /^[0-9a-f-]{36}$/.test(name));
    if (route === undefined || theirs.length === 0) continue;
    const headers = [...(await target.bearer('manager')), ['If-Match', '"0"']] as const;
    const ask = (name: () => string) => (): Request => ({ method: route.method, path: fillPath(route.path, { [collection.parameter]: name() }), headers });
    return compare(target, [ask(() => theirs[randomInt(theirs.length)] ?? ''), ask(() => (theirs[0] ?? '').replace(/^.{8}/, randomBytes(4).toString('hex')))]);
  }
  return NO_ROUTE;
}

/** A millisecond for what was right: as little as a look-up more. */
function telling(secret: (request: Parameters<NonNullable<Leak['answer']>>[0]) => string | undefined): NonNullable<Leak['answer']> {
  const seen = new Map<string, number>();
  return async (request, { forward }) => {
    const value = secret(request);
    const start = value?.slice(0, 8) ?? '';
    seen.set(start, (seen.get(start) ?? 0) + 1);
    const answer = await forward(request);
    // The right part comes again and again, the guesses do not.
    if (value !== undefined && (seen.get(start) ?? 0) > 3) await wait(5);
    return answer;
  };
}

export const attackClass: AttackClass = {
  title: 'Timing',
  source: 'CWE-208, CWE-203',
  setup: 'open',
  attacks: [
    { name: 'a session of which all but three characters are right, and one that is made up', expected: 'not told apart', run: guessSession, leak: { without: 'comparing digests', answer: telling(({ headers }) => /session=([\w-]+)/.exec(headers['cookie'] ?? '')?.[1]) } },
    { name: 'a thing of somebody else, and one that is not there', expected: 'not told apart', run: guessThing, leak: { without: 'one look-up for both', answer: telling(({ target }) => /\/([0-9a-f]{8}-[0-9a-f-]{27})/.exec(target)?.[1]) } },
  ],
};
