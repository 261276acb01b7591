// Builds the Dockerfile as it stands.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { type Bases, prepareBases } from './bases.ts';
import type { Engine } from './engine.ts';

export interface BuildOptions {
  readonly image: string;
  readonly dockerfile: string;
  /** For what it puts together, if it has to. */
  readonly directory: string;
}

export async function buildImage(engine: Engine, { image, dockerfile, directory }: BuildOptions): Promise<{ readonly bases: Bases; readonly seconds: number }> {
  const bases = await prepareBases(engine, await readFile(dockerfile, 'utf8'), directory);
  process.stderr.write('building\n');
  const from = performance.now();
  await engine.buildah(['build', '--isolation', 'chroot', '--format', 'docker', '--quiet', ...bases.options, '--tag', image, '--file', path.resolve(dockerfile), '.'], { directory: process.cwd() });
  return { bases, seconds: Math.round((performance.now() - from) / 1_000) };
}
