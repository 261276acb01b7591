// Calls of the AWS CLI, whose answers are JSON; the credentials are those of the job.
import { spawnSync } from 'node:child_process';

/** @throws when the call fails. */
export function aws(...parameters: readonly string[]): unknown {
  const { status, stdout, stderr, error } = spawnSync('aws', [...parameters, '--output', 'json'], { encoding: 'utf8', maxBuffer: 64 * 2 ** 20 });
  if (status !== 0) throw new Error(`aws ${parameters.slice(0, 2).join(' ')}: ${error?.message ?? stderr.trim()}`);
  return stdout.trim() === '' ? undefined : JSON.parse(stdout);
}

/** The root's outputs, from `terraform output -json`. @throws when one is not there. */
export function outputsOf(text: string): (name: string) => string {
  const outputs = JSON.parse(text) as Readonly<Record<string, { readonly value?: unknown }>>;
  return (name) => {
    const value = outputs[name]?.value;
    if (typeof value !== 'string' || value === '') throw new Error(`The root has no output ${name}.`);
    return value;
  };
}

export async function pause(seconds: number): Promise<void> {
  await new Promise((resolve) => {
    setTimeout(resolve, seconds * 1000);
  });
}
