// Where this service's time goes under the read or the move: V8's CPU profiler on, as from the inspector, for one round.
// Tested by bench.proof.ts: `npm run bench -- profile`.
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { BenchDatabases } from './bench-database.ts';
import { startLoad } from './load-process.ts';
import { type Cost, costsBelow, costsByFunction, costsByOwner, type Profile } from './profile-costs.ts';
import { BEHIND_PROXY, issueTokens, type RequestKind, runLoad } from './requests.ts';
import { type Bench, startService } from './servers.ts';
import { formatFigure, formatTable } from './table.ts';

export interface ProfileReport {
  readonly kind: RequestKind;
  readonly requests: number;
  /** All threads, with the profiler's own cost. */
  readonly cpuUs: number;
  readonly owners: readonly Cost[];
  readonly functions: readonly Cost[];
  readonly below: readonly Cost[];
}

const ROOT = new URL('../../', import.meta.url).href;
const WARM_UP_SECONDS = 3;
const SHOWN = 24;

/** Writes `<kind>.cpuprofile` into the directory, for Chromium's or an editor's viewer. */
export async function profileService(bench: Bench, databases: BenchDatabases, kind: RequestKind, seconds: number, directory: string): Promise<ProfileReport> {
  const load = await startLoad(bench.cores, 'load.js');
  const service = await startService(bench, databases.ofService(await databases.copy()), { environment: BEHIND_PROXY });
  try {
    const tokens = await issueTokens(bench);
    await runLoad(load, service, kind, tokens, WARM_UP_SECONDS);
    await service.ask('profile');
    const before = await service.ask('cpu');
    const { answers } = await runLoad(load, service, kind, tokens, seconds);
    const cpuUs = (await service.ask('cpu')) - before;
    const profile = (await service.ask('profiled')) as Profile;
    await writeFile(path.join(directory, `${kind}.cpuprofile`), JSON.stringify(profile));
    const perRequest = (costs: readonly Cost[]) => costs.map(({ name, us }) => ({ name, us: us / answers }));
    return { kind, requests: answers, cpuUs: cpuUs / answers, owners: perRequest(costsByOwner(profile, ROOT)), functions: perRequest(costsByFunction(profile, ROOT)), below: perRequest(costsBelow(profile, ROOT)) };
  } finally {
    await load.stop();
    await service.stop();
  }
}

export function formatProfile({ kind, requests, cpuUs, owners, functions, below }: ProfileReport): string {
  const table = (head: string, costs: readonly Cost[]) => formatTable([[head, 'µs/request'], ...costs.slice(0, SHOWN).map(({ name, us }) => [name, formatFigure(us)])]);
  const onThread = owners.reduce((sum, { us }) => sum + us, 0);
  return [
    `${kind}: ${requests} requests, ${formatFigure(cpuUs)} µs of CPU each, of which ${formatFigure(onThread)} on the main thread (the profiler's own cost included)`,
    table('by package or file', owners),
    table('by function, itself', functions),
    table('by function, with what it called', below),
  ].join('\n\n');
}
