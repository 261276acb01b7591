// Finds features by their place, `features/<name>/feature.ts`; with none of them, an empty list.
import { readdir } from 'node:fs/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import path from 'node:path';
import { AppError } from '#app/errors.ts';
import type { Feature, FeatureModule, FeatureParts } from '#app/feature.ts';
import { readSecretFiles } from '#app/secrets.ts';

export interface FoundFeature {
  readonly name: string;
  readonly directory: string;
  readonly module: FeatureModule;
}

export interface LoadedFeature extends FoundFeature {
  readonly feature: Feature;
}

const FEATURES_DIRECTORY = fileURLToPath(new URL('./features/', import.meta.url));

/** Sorted by name, without a look into any: for what a feature brings beside its code. */
export async function findFeatureFolders(directory = FEATURES_DIRECTORY): Promise<readonly Pick<FoundFeature, 'name' | 'directory'>[]> {
  // eslint-disable-next-line security/detect-non-literal-fs-filename -- the folder is this file's neighbour, or a test's own
  const entries = await readdir(directory, { withFileTypes: true }).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  return names.sort().map((name) => ({ name, directory: path.join(directory, name) }));
}

/** Sorted by name. @throws AppError for a folder that holds no feature. */
export async function findFeatures(directory?: string): Promise<readonly FoundFeature[]> {
  return Promise.all((await findFeatureFolders(directory)).map(importFeature));
}

async function importFeature({ name, directory }: Pick<FoundFeature, 'name' | 'directory'>): Promise<FoundFeature> {
  const file = path.join(directory, 'feature.ts');
  let exports: { readonly feature?: FeatureModule };
  try {
    exports = (await import(pathToFileURL(file).href)) as { readonly feature?: FeatureModule };
  } catch (cause) {
    throw new AppError(`The feature "${name}" can't be loaded from ${file}: mend it, or remove its folder.`, { cause });
  }
  if (exports.feature === undefined) throw new AppError(`${file} must export "feature" (see app/feature.ts).`);
  return { name, directory, module: exports.feature };
}

export type CommonParts = Omit<FeatureParts, 'settings'> & { readonly environment: Readonly<Record<string, string>> };

export function createFeatures(found: readonly FoundFeature[], { environment, ...parts }: CommonParts): readonly LoadedFeature[] {
  return found.map((one) => ({ ...one, feature: one.module.create({ ...parts, settings: settingsOf(one.name, environment, parts.production), log: parts.log.child({ feature: one.name }) }) }));
}

/** By its name: `ACCOUNTS_…` for `accounts`. No feature sees another's. Each may be given as a file, `ACCOUNTS_…_FILE`. @throws AppError for files of no use. */
function settingsOf(feature: string, environment: CommonParts['environment'], production: boolean): FeatureParts['settings'] {
  const prefix = `${feature.toUpperCase().replaceAll('-', '_')}_`;
  const own = Object.fromEntries(Object.entries(environment).filter(([name]) => name.startsWith(prefix)));
  const { values, problems } = readSecretFiles(own, (name) => name.startsWith(prefix), production);
  if (problems.length > 0) throw new AppError(`The settings of the feature "${feature}" have problems: ${problems.join('; ')}`);
  return values;
}
