// Which core serves and which one asks, so that neither takes from the other: by taskset, where there is one.
import { execFileSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

export interface Cores {
  /** What to start so that the program runs on the core of its role; the program itself where cores can't be kept apart. */
  readonly place: (role: 'server' | 'load', program: string, parameters: readonly string[]) => readonly [program: string, parameters: readonly string[]];
  /** For the report. */
  readonly description: string;
}

export function findCores(): Cores {
  const allowed = readAllowedCores();
  const [server, load] = allowed;
  if (server === undefined || load === undefined) {
    const why = allowed.length === 1 ? 'this process may use one core only' : 'there is no taskset here';
    return { place: (_role, program, parameters) => [program, parameters], description: `NOT kept apart: ${why}` };
  }
  return {
    place: (role, program, parameters) => ['taskset', ['-c', String(role === 'server' ? server : load), program, ...parameters]],
    description: `server on core ${server}, load generator on core ${load} of ${availableParallelism()} (taskset); PostgreSQL where the system puts it`,
  };
}

function readAllowedCores(): readonly number[] {
  try {
    return parseAffinity(execFileSync('taskset', ['-pc', String(process.pid)], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
  } catch {
    return [];
  }
}

/** `pid 12's current affinity list: 0,2-4` */
export function parseAffinity(text: string): readonly number[] {
  const list = text.slice(text.lastIndexOf(':') + 1).trim();
  return list.split(',').flatMap((part) => {
    const [first = Number.NaN, last = first] = part.split('-').map(Number);
    if (part === '' || !Number.isInteger(first) || !Number.isInteger(last)) return [];
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}
