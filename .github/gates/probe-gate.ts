// Makes a gate of a proof that runs the service: the proof judges, the gate sees to it that it came to its end.
import { type Finding, type Gate, type Output, type Tool, Unusable } from './gate.ts';

const npm: Tool = { set: 'machine', program: 'npm', get: 'it comes with Node' };

export interface Probe extends Pick<Gate, 'claim' | 'why' | 'remedy' | 'link' | 'standIn' | 'unseeded'> {
  /** After `npm run`. */
  readonly command: readonly string[];
  readonly source: string;
  readonly tools?: readonly Tool[];
  /** Whether it asks for a server. */
  readonly onPostgres?: boolean;
  /** Its last words, where its table is not the last that it prints. */
  readonly ending?: RegExp;
  /** How many things it judges at the least; with fewer it did not see the service. */
  readonly least: number;
}

export function probeGate({ command, source, tools = [], least, ending = /\n$/, onPostgres = false, ...texts }: Probe): Gate {
  return {
    ...texts,
    tools: [npm, ...tools],
    reads: /^app\/|^policies\/access\/|^package(?:-lock)?\.json$/,
    settings: /^\.github\/gates\/probe-gate\.ts$/,
    scope: 'tree',
    when: 'schedule',
    // In CI it is no hindrance: the proof fails there, since a server can be had.
    hindrance: ({ DATABASE_URL: url, CI: ci }) => (onPostgres && ci !== 'true' && (url === undefined || url === '') ? 'DATABASE_URL names no PostgreSQL server' : undefined),
    async check({ run }) {
      // With CI set a probe that can't run fails, instead of ending well with a word about it.
      const output = await run(npm, ['run', '--silent', ...command], { accept: [0, 1], environment: { CI: 'true', NO_COLOR: '1' } });
      return findingsOf(output, { source, least, ending, command: `npm run ${command.join(' ')}` });
    },
  };
}

/** @throws Unusable when the proof did not run, or not to its end */
export function findingsOf({ status, stdout, stderr }: Output, { source, least, ending, command }: Pick<Probe, 'source' | 'least'> & { readonly ending: RegExp; readonly command: string }): readonly Finding[] {
  const lines = stdout.split('\n').map((line) => line.trim());
  const notRun = lines.find((line) => /^(?:[\w-]+: )?not run\b/.test(line));
  if (notRun !== undefined) throw new Unusable(notRun);
  if (!ending.test(stdout)) throw new Unusable(`${command} did not come to its end: ${stderr.trim().slice(-400)}`);
  const held = lines.filter((line) => line.startsWith('✔')).length;
  const broken = lines.filter((line) => line.startsWith('✖'));
  if (held + broken.length < least) throw new Unusable(`${command} judged ${held + broken.length} things, and there are ${least} at the least: ${stderr.trim().slice(-400)}`);
  if ((status === 0) !== (broken.length === 0)) throw new Unusable(`${command} ended with status ${status}, and shows ${broken.length} that do not hold`);
  return broken.map((line) => ({ rule: 'does-not-hold', file: source, severity: 'error', message: line.slice(1).trim().replaceAll(/\s{2,}/g, ' · '), fix: `Run \`${command}\`, which shows it with what it saw, and mend the service until it holds.` }));
}
