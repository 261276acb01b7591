// Imports run one way, features stand alone, and what is embedded for development stays out of production.
import { posix } from 'node:path';
import { type Import, readSource, type Source } from './source.ts';
import { matching, type Rule, type Tree } from './tree.ts';

interface Imported extends Import {
  readonly from: string;
  /** Path in the tree, or undefined where a package or a part of Node is imported. */
  readonly file: string | undefined;
}

const platformFolders = ['http', 'identity', 'access', 'privacy', 'data', 'live', 'telemetry'];
/** Folders of one layer that may use each other's values; `http` is handed everything. */
const sidewaysImports = new Set(['identity → data', 'live → data', 'privacy → data', 'http → telemetry']);
/** Shapes that the composition root hands down; their types may be named below it. */
const handedDown = new Set(['app/config.ts', 'app/features.ts']);

const isTest = (path: string): boolean => /\.(test|proof)\.ts$/.test(path) || path.startsWith('app/testing/') || /\/(?:proofs|probes|bench|attacks)\//.test(path);
const isProduction = (path: string): boolean => path.startsWith('app/') && path.endsWith('.ts') && !isTest(path);
const isClient = (path: string): boolean => /\/assets\//.test(path);
const featureOf = (path: string): string | undefined => /^app\/features\/([^/]+)\//.exec(path)?.[1];

function layerOf(path: string): number {
  if (path.startsWith('app/lib/')) return 0;
  if (path === 'app/feature.ts' || path === 'app/errors.ts') return 1;
  if (path.startsWith('app/features/')) return 2;
  if (path.endsWith('.command.ts')) return 5;
  if (platformFolders.some((folder) => path.startsWith(`app/${folder}/`))) return 3;
  if (path === 'app/main.ts') return 6;
  return path === 'app/service.ts' || path.endsWith('.command.ts') ? 5 : 4;
}

/** Trees don't change, and to parse is most of the work. */
const parsed = new WeakMap<Tree, ReadonlyMap<string, Source>>();

export function sourcesOf(tree: Tree): ReadonlyMap<string, Source> {
  const known = parsed.get(tree);
  if (known) return known;
  const sources = new Map(matching(tree, /\.[jt]s$/).map(([path, text]) => [path, readSource(path, text)]));
  parsed.set(tree, sources);
  return sources;
}

function importsOf(tree: Tree, select: (path: string) => boolean): readonly Imported[] {
  return [...sourcesOf(tree)].filter(([path]) => select(path)).flatMap(([from, { imports }]) => imports.map((each) => ({ ...each, from, file: fileOf(from, each.specifier) })));
}

function fileOf(from: string, specifier: string): string | undefined {
  if (specifier.startsWith('#app/')) return specifier.slice(1);
  return specifier.startsWith('.') ? posix.join(posix.dirname(from), specifier) : undefined;
}

/** Every package that production imports, by whom. */
export function importedPackages(tree: Tree): readonly { readonly from: string; readonly name: string }[] {
  return importsOf(tree, isProduction).filter(isPackage).map(({ from, specifier }) => ({ from, name: packageOf(specifier) }));
}

const show = ({ from, kind, specifier }: Imported): string => `${from} imports ${specifier} (${kind})`;

function runsUpward({ from, file, kind, specifier }: Imported): boolean {
  if (file === undefined) return false;
  if (!file.startsWith('app/')) return true;
  if (kind === 'type' && (handedDown.has(file) || featureOf(from) !== undefined)) return false;
  const [above, below] = [layerOf(from), layerOf(file)];
  if (above !== below) return below > above;
  if (above !== 3 || kind === 'type' || specifier.startsWith('./')) return false;
  const [own = '', other = ''] = [from, file].map((path) => path.split('/')[1]);
  return own !== other && !sidewaysImports.has(`${own} → ${other}`);
}

function packagesOf(tree: Tree, group: 'dependencies' | 'devDependencies'): ReadonlySet<string> {
  const manifest = JSON.parse(tree.get('package.json') ?? '{}') as Partial<Record<typeof group, Record<string, string>>>;
  return new Set(Object.keys(manifest[group] ?? {}));
}

const packageOf = (specifier: string): string => specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
const isPackage = ({ file, specifier }: Imported): boolean => file === undefined && !specifier.startsWith('node:');

/** Production files that import a development dependency for their values: the embedded real parts. */
function embeddedFiles(tree: Tree): ReadonlySet<string> {
  const development = packagesOf(tree, 'devDependencies');
  return new Set(
    importsOf(tree, isProduction)
      .filter((each) => isPackage(each) && each.kind === 'value' && development.has(packageOf(each.specifier)))
      .map(({ from }) => from),
  );
}

const manifest = JSON.stringify({ dependencies: { koa: '3.3.0' }, devDependencies: { pglite: '1.0.0' } });

export const importRules: readonly Rule[] = [
  {
    claim: 'imports run one way: main → server → platform → feature contract → lib',
    violations: (tree) => importsOf(tree, isProduction).filter(runsUpward).map(show),
    refuses: {
      'app/lib/text.ts': "import { refuse } from '#app/errors.ts';",
      'app/errors.ts': "import { type Config } from '../config.ts';",
      'app/data/database.ts': "const { createServer } = await import('#app/server.ts');",
      'app/http/problem.ts': "import { inTransaction } from '#app/data/transaction.ts';",
      'app/live/hub.ts': "import { type Rules } from '../../.github/rules/tree.ts';",
    },
    allows: {
      'app/main.ts': "import { createServer } from '#app/server.ts';",
      'app/server.ts': "import { problem } from '#app/http/problem.ts';",
      'app/http/problem.ts': "import { refuse } from '#app/errors.ts'; import { type Live } from '#app/live/live.ts';",
      'app/live/outbox.ts': "import { inTransaction } from '#app/data/transaction.ts'; import { type Config } from '#app/config.ts';",
      'app/live/outbox.test.ts': "import { createServer } from '#app/server.ts';",
    },
  },
  {
    claim: 'nothing names a feature: the platform finds them by their place, and no feature knows another',
    violations: (tree) =>
      importsOf(tree, () => true)
        .filter(({ from, file }) => file?.startsWith('app/features/') === true && featureOf(file) !== featureOf(from))
        .map(show),
    refuses: {
      'app/server.ts': "import { feature } from '#app/features/sample/feature.ts';",
      'app/server.test.ts': "import { feature } from './features/sample/feature.ts';",
      'app/features/other/feature.ts': "import { type Item } from '../sample/item.ts';",
    },
    allows: { 'app/features/sample/feature.ts': "import { type Item } from './item.ts';", 'app/server.ts': "import { type Feature } from '#app/feature.ts';" },
  },
  {
    claim: 'a feature is handed what it needs: of the platform it imports values only from feature, errors and lib',
    violations: (tree) =>
      importsOf(tree, (path) => isProduction(path) && featureOf(path) !== undefined)
        .filter(({ from, file, kind }) => kind !== 'type' && file !== undefined && featureOf(file) !== featureOf(from) && layerOf(file) > 1)
        .map(show),
    refuses: {
      'app/features/sample/feature.ts': "import { appendEvent } from '#app/live/outbox.ts';",
      'app/features/sample/late.ts': "await import('#app/config.ts');",
    },
    allows: {
      'app/features/sample/feature.ts':
        "import { defineQuery } from '#app/feature.ts'; import { html } from '#app/lib/html.ts'; import { type Live } from '#app/live/live.ts'; import { z } from 'zod'; import { rows } from './rows.ts';",
      'app/features/sample/feature.test.ts': "import { createServer } from '#app/server.ts';",
    },
  },
  {
    claim: 'only tests use app/testing',
    violations: (tree) =>
      importsOf(tree, isProduction)
        .filter(({ file }) => file?.startsWith('app/testing/') === true || (file !== undefined && isTest(file)))
        .map(show),
    refuses: { 'app/server.ts': "import { service } from '#app/testing/service.ts';", 'app/main.ts': "import { x } from './server.test.ts';" },
    allows: { 'app/server.test.ts': "import { service } from '#app/testing/service.ts';", 'app/testing/service.ts': "import { users } from './users.ts';", 'app/features/sample/proofs/client.ts': "import { until } from '#app/testing/condition.ts';" },
  },
  {
    claim: 'the embedded parts are loaded when they are used, and never by a static import',
    violations: (tree) => {
      const embedded = embeddedFiles(tree);
      const development = packagesOf(tree, 'devDependencies');
      return importsOf(tree, isProduction)
        .filter((each) => {
          // `import { type X }` still loads the module, which production does not have.
          const loads = each.kind === 'value' || each.loadsAnyway;
          if (each.file !== undefined) return loads && embedded.has(each.file) && !embedded.has(each.from);
          return each.loadsAnyway && development.has(packageOf(each.specifier));
        })
        .map(show);
    },
    refuses: {
      'package.json': manifest,
      'app/data/embedded.ts': "import { PGlite } from 'pglite';",
      'app/data/database.ts': "import { openEmbedded } from './embedded.ts';",
      'app/data/other.ts': "import { type PGlite } from 'pglite';",
    },
    allows: {
      'package.json': manifest,
      'app/data/embedded.ts': "import { PGlite } from 'pglite';",
      'app/data/database.ts': "const { openEmbedded } = await import('./embedded.ts'); import type { PGlite } from 'pglite';",
    },
  },
  {
    claim: "a browser's script imports only files of its own assets folder",
    violations: (tree) =>
      importsOf(tree, (path) => isProduction(path) && isClient(path))
        .filter(({ from, file, kind, loadsAnyway }) => (kind !== 'type' || loadsAnyway) && (file === undefined || posix.dirname(file) !== posix.dirname(from)))
        .map(show),
    refuses: {
      'app/features/sample/assets/board.ts': "import { type Item } from '../item.ts';",
      'app/features/sample/assets/chart.ts': "import { z } from 'zod';",
    },
    allows: { 'app/features/sample/assets/board.ts': "import { draw } from './chart.ts'; import type { Item } from '../item.ts';" },
  },
  {
    claim: 'names are exported, and no file only passes on what another exports',
    violations: (tree) =>
      [...sourcesOf(tree)].flatMap(([path, { hasDefaultExport, hasReExport }]) => [
        ...(hasDefaultExport && !/^[^/]+\.config\.js$/.test(path) ? [`${path} has a default export`] : []),
        ...(hasReExport ? [`${path} exports from another file`] : []),
      ]),
    refuses: {
      'app/a.ts': 'export default 1;',
      'app/b.ts': 'export default function run() {}',
      'app/c.ts': 'const c = 1; export { c as default };',
      'app/index.ts': "export * from './a.ts';",
      'app/d.ts': "export { a } from './a.ts';",
    },
    allows: { 'eslint.config.js': 'export default [];', 'app/a.ts': 'export const a = 1; const b = 2; export { b };' },
  },
];
