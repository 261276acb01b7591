// What the probes share: the tools of others, run with a deadline, and the words for what did not run.
// Tested by observatory.proof.ts: it starts a tool for each page.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

export interface ToolRun {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ToolOptions {
  readonly directory: string;
  readonly deadlineMs: number;
  readonly environment?: NodeJS.ProcessEnv;
}

/** Ends the tool at the deadline; its code is null then. @throws Error where it can't be started. */
export async function runTool(program: string, parameters: readonly string[], { directory, deadlineMs, environment = {} }: ToolOptions): Promise<ToolRun> {
  const child = spawn(program, parameters, { cwd: directory, env: { ...process.env, ...environment }, stdio: ['ignore', 'pipe', 'pipe'], timeout: deadlineMs, killSignal: 'SIGKILL' });
  const closed = once(child, 'close') as Promise<[number | null]>;
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
  return { code, stdout, stderr };
}

/** A probe that did not run is never green where nobody reads what it says. */
export function exitCodeOfNotRun(isCi: boolean): 0 | 1 {
  return isCi ? 1 : 0;
}

/** Columns that line up, the first row being their names. */
export function formatRows(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ').trimEnd()).join('\n');
}
