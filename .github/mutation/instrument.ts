// A copy of the repository in which every mutant of a folder lies dormant until it is switched on by its number.
import { cp, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { realpathSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { listFiles } from '../rules/tree.ts';
import { describeChange } from './survivors.ts';

export interface Mutant {
  readonly id: string;
  /** Path in the repository. */
  readonly file: string;
  readonly mutator: string;
  readonly line: number;
  /** Its line before and after. */
  readonly change: string;
}

interface Position {
  readonly line: number;
  readonly column: number;
}
/** Of @stryker-mutator/instrumenter, which is installed on demand: what is used here. */
interface ForeignMutant {
  readonly id: string;
  readonly fileName: string;
  readonly mutatorName: string;
  readonly replacement: string;
  readonly location: { readonly start: Position; readonly end: Position };
}
interface Instrumenter {
  instrument(files: readonly { readonly name: string; readonly mutate: true; readonly content: string }[], options: object): Promise<{ readonly files: readonly { readonly name: string; readonly content: string }[]; readonly mutants: readonly ForeignMutant[] }>;
}

const ENTRY = 'node_modules/@stryker-mutator/instrumenter/dist/src/index.js';
/** Nothing is left out: neither a kind of mutant nor a file with code that the service runs. */
const OPTIONS = { plugins: null, excludedMutations: [], ignorers: [] };

const isMutated = (folder: string) => (file: string): boolean =>
  file.startsWith(`${folder}/`) && file.endsWith('.ts') && !/\.(?:test|proof|d)\.ts$|\/(?:proofs|assets)\//.test(file);

/** Mutants of `folder`, switched by `globalThis.__stryker__`, in a copy of `root` at `copy`. */
export async function instrument(root: string, copy: string, folder: string, tools: string): Promise<readonly Mutant[]> {
  await rm(copy, { recursive: true, force: true });
  const files = listFiles(root);
  for (const file of files) {
    await mkdir(path.dirname(path.join(copy, file)), { recursive: true });
    await cp(path.join(root, file), path.join(copy, file));
  }
  await symlink(realpathSync(path.join(root, 'node_modules')), path.join(copy, 'node_modules'), 'junction');
  const { Instrumenter } = (await import(pathToFileURL(path.join(tools, ENTRY)).href)) as { readonly Instrumenter: new (log: object) => Instrumenter };
  const sources = await Promise.all(files.filter(isMutated(folder)).map(async (name) => ({ name, mutate: true as const, content: await readFile(path.join(root, name), 'utf8') })));
  const silent = { debug: () => undefined, info: () => undefined, isDebugEnabled: () => false };
  const result = await new Instrumenter(silent).instrument(sources, OPTIONS);
  for (const { name, content } of result.files) await writeFile(path.join(copy, name), content);
  const textOf = new Map(sources.map(({ name, content }) => [name, content]));
  return result.mutants.map(({ id, fileName, mutatorName, replacement, location }) => ({
    id,
    file: fileName,
    mutator: mutatorName,
    line: location.start.line + 1,
    change: describeChange(textOf.get(fileName) ?? '', location, replacement),
  }));
}
