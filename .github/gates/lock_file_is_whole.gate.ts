// Holds every lock file against its manifest and against what the public registries would have written into it.
import path from 'node:path';
import { type Finding, type Gate, Unusable } from './gate.ts';
import { lineOf, LOCK_FILE, type LockedPackage, type LockFile, type Manifest, readLock, readManifest } from './lock-file.ts';
import { goFindings, providerFindings, requirementFindings } from './other-locks.ts';

export const gate: Gate = {
  claim: 'what is installed is what the lock files say: from the public registries alone, each package with its hash',
  why: 'A lock file is long and nobody reads it: one entry with another host, another name or no hash installs somebody else’s code on every machine (CWE-829, lock-file injection).',
  remedy: 'Undo the change of the lock file by hand, put the wanted version into package.json and run npm install, which writes it anew.',
  link: 'https://cheatsheetseries.owasp.org/cheatsheets/NPM_Security_Cheat_Sheet.html',
  tools: [],
  reads: /(?:^|\/)(?:package(?:-lock)?\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|bun\.lockb?|go\.(?:mod|sum|work)|requirements[\w.-]*\.(?:txt|in)|\.terraform\.lock\.hcl)$/,
  scope: 'tree',
  when: 'change',
  unparsable: { file: 'package-lock.json', text: '{ "lockfileVersion": 3, "packages": {' },
  check({ files, read }) {
    const manifests = files.filter((file) => path.posix.basename(file) === 'package.json');
    if (manifests.length === 0) throw new Unusable('there is no package.json');
    const locks = files.filter((file) => LOCK_FILE.test(file)).map((file) => readLock(file, read(file)));
    return Promise.resolve([
      ...files.filter((file) => /(?:npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|bun\.lockb?)$/.test(file)).map((file) => finding('second-lock-file', file, 1, 'A second lock file decides what some machines install.', `Remove ${file}: npm and package-lock.json are what this repository uses.`)),
      ...locks.flatMap(lockFindings),
      ...differingHashes(locks.flatMap(({ packages }) => packages)),
      ...manifests.flatMap((file) => {
        const text = read(file);
        const manifest = readManifest(file, text);
        return [...manifestFindings(file, text, manifest), ...agreementFindings(file, manifest, locks.find((lock) => path.posix.dirname(lock.file) === path.posix.dirname(file)))];
      }),
      ...files.filter((file) => /(?:^|\/)go\.mod$/.test(file)).flatMap((file) => goFindings(file, read(file), files.includes(file.replace(/mod$/, 'sum')) ? read(file.replace(/mod$/, 'sum')) : '')),
      ...files.filter((file) => file.endsWith('.terraform.lock.hcl')).flatMap((file) => providerFindings(file, read(file))),
      ...files.filter((file) => /requirements[\w.-]*\.txt$/.test(file)).flatMap((file) => requirementFindings(file, read(file), files.includes(file.replace(/txt$/, 'in')) ? read(file.replace(/txt$/, 'in')) : '')),
    ]);
  },
};

function finding(rule: string, file: string, line: number, message: string, fix: string): Finding {
  return { rule, file, line, severity: 'error', message, fix };
}

const REGISTRY = 'registry.npmjs.org';
const SHA512 = /^sha512-[A-Za-z0-9+/]{86}==$/;
const EXACT = /^\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?$/;
const ANEW = 'Restore the file from the last good commit, and let npm install --package-lock-only write the entry.';

export function lockFindings(lock: LockFile): readonly Finding[] {
  const old = lock.version === 3 ? [] : [finding('lock-version', lock.file, lineOf('', ''), `The lock file has the form ${lock.version}; before 3 it can say two different things about one package.`, 'Write it anew with npm 11: npm install --package-lock-only.')];
  return [...old, ...lock.packages.flatMap((entry) => entryFindings(entry, lock)), ...graphFindings(lock)];
}

function entryFindings(entry: LockedPackage, lock: LockFile): readonly Finding[] {
  const at = (rule: string, message: string, fix = ANEW) => finding(rule, entry.file, entry.line, message, fix);
  const findings: Finding[] = [];
  if (entry.link === true || !entry.path.includes('node_modules/')) return [at('not-from-registry', `${entry.path} is a folder or a link, not a package of the registry.`, 'Publish it, or move its code into this repository as a module of its own.')];
  if (entry.name !== undefined && entry.name !== entry.alias) findings.push(at('alias', `What the code calls ${entry.alias} is the package ${entry.name}: nobody sees that by reading an import.`, `Depend on ${entry.name} by its own name, or on ${entry.alias} itself.`));
  if (entry.version === undefined || !EXACT.test(entry.version)) findings.push(at('not-from-registry', `${entry.alias} has no version of the registry (${entry.version ?? 'none'}).`));
  findings.push(...originFindings(entry, at));
  if (entry.inBundle === true) {
    if (!isInBundle(entry, lock)) findings.push(at('no-integrity', `${entry.path} says that it is in the bundle of another package, and none has it.`));
  } else if (entry.integrity === undefined) findings.push(at('no-integrity', `${entry.alias} has no hash: npm installs whatever it is given.`));
  else if (!SHA512.test(entry.integrity)) findings.push(at('weak-integrity', `The hash of ${entry.alias} is no single SHA-512 (${entry.integrity.slice(0, 24)}…).`));
  return findings;
}

type At = (rule: string, message: string, fix?: string) => Finding;

function originFindings({ resolved, name, alias, version = '' }: LockedPackage, at: At): readonly Finding[] {
  if (resolved === undefined) return [];
  const url = URL.canParse(resolved) ? new URL(resolved) : undefined;
  if (url?.protocol !== 'https:') return [at('not-from-registry', `${alias} comes from ${resolved}, which is no package of the registry over HTTPS.`, 'Depend on a published version; code that has none is copied into the repository and reviewed.')];
  if (url.host !== REGISTRY || url.username !== '' || url.password !== '') return [at('foreign-host', `${alias} is downloaded from ${url.host}, not from ${REGISTRY}.`)];
  const wanted = name ?? alias;
  const tarball = `/${wanted}/-/${wanted.replace(/^@[^/]*\//, '')}-${version}.tgz`;
  if (decodeURIComponent(url.pathname) === tarball && url.search === '' && url.hash === '') return [];
  return [at('other-package', `${alias} ${version} is downloaded as ${url.pathname}: another package or version than it says.`)];
}

function isInBundle({ path: place }: LockedPackage, { packages }: LockFile): boolean {
  return packages.some((candidate) => place.startsWith(`${candidate.path}/node_modules/`) && candidate.inBundle !== true && candidate.bundleDependencies !== undefined);
}

/** Both what is asked for and not there, and what is there and not asked for by anybody. */
function graphFindings({ file, root, packages }: LockFile): readonly Finding[] {
  const byPath = new Map(packages.map((entry) => [entry.path, entry]));
  const reached = new Set<string>();
  const findings: Finding[] = [];
  const visit = (from: string, needs: Readonly<Record<string, string>>, isNeeded: boolean) => {
    for (const name of Object.keys(needs)) {
      const entry = resolveFrom(from, name, byPath);
      if (entry === undefined) {
        if (isNeeded) findings.push(finding('incomplete', file, byPath.get(from)?.line ?? 1, `${from === '' ? 'package.json' : from} needs ${name}, which the lock file does not have: npm would choose a version by itself.`, ANEW));
      } else if (!reached.has(entry.path)) {
        reached.add(entry.path);
        visit(entry.path, entry.dependencies ?? {}, true);
        visit(entry.path, { ...entry.optionalDependencies, ...entry.peerDependencies }, false);
      }
    }
  };
  visit('', { ...root.dependencies, ...root.devDependencies }, true);
  visit('', root.optionalDependencies ?? {}, true);
  const extra = packages.filter((entry) => !reached.has(entry.path)).map((entry) => finding('extraneous', file, entry.line, `Nothing depends on ${entry.path}, and npm would install it.`, ANEW));
  return [...findings, ...extra];
}

function resolveFrom(from: string, name: string, byPath: ReadonlyMap<string, LockedPackage>): LockedPackage | undefined {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    const entry = byPath.get(folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`);
    if (entry !== undefined || folder === '') return entry;
  }
}

export function differingHashes(packages: readonly LockedPackage[]): readonly Finding[] {
  const first = new Map<string, LockedPackage>();
  return packages.flatMap((entry) => {
    if (entry.integrity === undefined) return [];
    const key = `${entry.name ?? entry.alias}@${entry.version ?? ''}`;
    const known = first.get(key);
    if (known === undefined) first.set(key, entry);
    return known === undefined || known.integrity === entry.integrity ? [] : [finding('two-hashes', entry.file, entry.line, `${key} has another hash here than in ${known.file}:${known.line}; a published version has one.`, ANEW)];
  });
}

const GROUPS = ['dependencies', 'devDependencies', 'optionalDependencies'] as const;

export function manifestFindings(file: string, text: string, manifest: Manifest): readonly Finding[] {
  const wanted = GROUPS.flatMap((group) => Object.entries(manifest[group] ?? {}));
  const overridden = flatten(manifest.overrides ?? {});
  return [
    ...wanted.flatMap(([name, version]) => versionFindings(name, version, file, lineOf(text, `"${name}"`))),
    ...overridden.flatMap(([name, version]) => (EXACT.test(version) || version.startsWith('$') ? [] : [finding('override', file, lineOf(text, '"overrides"'), `The override of ${name} is ${version}, no exact version of the registry.`, 'Override by an exact published version, or upgrade what asks for it.')])),
    ...(['workspaces', 'bundleDependencies', 'bundledDependencies'] as const).filter((key) => manifest[key] !== undefined).map((key) => finding('not-from-registry', file, lineOf(text, `"${key}"`), `"${key}" installs folders that have no hash.`, 'Keep one package here, and depend on published versions.')),
  ];
}

function flatten(overrides: Readonly<Record<string, unknown>>): readonly (readonly [string, string])[] {
  return Object.entries(overrides).flatMap(([name, value]) => (typeof value === 'object' && value !== null ? flatten(value as Record<string, unknown>) : [[name, String(value)] as const]));
}

function versionFindings(name: string, version: string, file: string, line: number): readonly Finding[] {
  if (EXACT.test(version)) return [];
  if (version.startsWith('npm:')) return [finding('alias', file, line, `${name} stands for ${version.slice(4)}: the code imports one name and gets another package.`, 'Depend on the package by its own name.')];
  const isRange = /^[\d^~<>=*x|. -]+$|^(?:latest|next|[a-z]+)$/.test(version);
  return [isRange
    ? finding('inexact-version', file, line, `${name} is ${version}: what is installed next month is not what was reviewed.`, 'Write one exact version (npm install --save-exact).')
    : finding('not-from-registry', file, line, `${name} comes from ${version}, not from the registry: it has no published hash, and can change.`, 'Depend on a published version; code that has none is copied into the repository and reviewed.')];
}

export function agreementFindings(file: string, manifest: Manifest, lock: LockFile | undefined): readonly Finding[] {
  const wanted = GROUPS.flatMap((group) => Object.entries(manifest[group] ?? {}).map(([name, version]) => ({ group, name, version })));
  if (lock === undefined) return wanted.length === 0 ? [] : [finding('no-lock-file', file, 1, `${file} has dependencies, and no package-lock.json beside it says which.`, 'Run npm install --package-lock-only there, and commit what it writes.')];
  const fix = 'Run npm install --package-lock-only and commit both files together.';
  const missing = wanted.flatMap(({ group, name, version }) => {
    const locked = lock.packages.find((entry) => entry.path === `node_modules/${name}`);
    if (lock.root[group]?.[name] !== version) return [finding('disagreement', lock.file, 1, `${file} asks for ${name} ${version} (${group}), and the lock file remembers ${lock.root[group]?.[name] ?? 'nothing'}.`, fix)];
    return locked !== undefined && EXACT.test(version) && locked.version !== version ? [finding('disagreement', lock.file, locked.line, `${file} asks for ${name} ${version}, and the lock file has ${locked.version ?? 'none'}.`, fix)] : [];
  });
  const left = GROUPS.flatMap((group) => Object.keys(lock.root[group] ?? {}).filter((name) => manifest[group]?.[name] === undefined).map((name) => finding('disagreement', lock.file, 1, `The lock file remembers ${name} (${group}), which ${file} does not ask for.`, fix)));
  return [...missing, ...left];
}
