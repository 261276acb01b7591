// How the probes run the tools of others: with a deadline.
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
