// What an image must be like: each function names what is wrong, and nothing when all is well.
import { posix } from 'node:path';
import { readSource } from '../../../.github/rules/source.ts';
import type { ImageFile } from './files.ts';

/** As Docker's image configuration has it. */
export interface ImageConfig {
  readonly User?: string;
  readonly Entrypoint?: readonly string[] | null;
  readonly Cmd?: readonly string[] | null;
  readonly Env?: readonly string[];
  readonly StopSignal?: string;
  readonly Healthcheck?: { readonly Test?: readonly string[] };
}

const SHELLS: ReadonlySet<string> = new Set(['sh', 'ash', 'bash', 'busybox', 'csh', 'dash', 'fish', 'ksh', 'tcsh', 'toybox', 'zsh']);
const PACKAGE_MANAGERS: ReadonlySet<string> = new Set(['apk', 'apt', 'apt-get', 'corepack', 'dnf', 'dpkg', 'npm', 'npx', 'pip', 'pip3', 'pnpm', 'rpm', 'yarn', 'yum']);
const SECRET_LIKE = /(?:^|\/)(?:\.env(?:\..+)?|\.git|\.npmrc|id_[a-z0-9]+|.+\.(?:key|pem|p12|pfx))$/;
const SECRET_NAME = /(?:secret|password|token|database_url)/i;
const [SETUID, SETGID, OTHERS_WRITE, GROUP_WRITE, STICKY] = [0o4000, 0o2000, 0o002, 0o020, 0o1000];

export function findPrograms(files: readonly ImageFile[]): readonly string[] {
  const programs = files.filter(({ path, kind }) => kind !== 'directory' && /(?:^|\/)s?bin\//.test(path) && !path.includes('/node_modules/'));
  return programs.filter(({ path }) => SHELLS.has(posix.basename(path)) || PACKAGE_MANAGERS.has(posix.basename(path))).map(({ path }) => `${path} is a shell or a package manager`);
}

export function findPrivileged(files: readonly ImageFile[]): readonly string[] {
  return files.filter(({ kind, mode }) => kind === 'file' && (mode & (SETUID | SETGID)) !== 0).map(({ path }) => `${path} runs as its owner or group (setuid, setgid)`);
}

/** By a process of that user and its group alone. A sticky folder for everybody is what /tmp is. */
export function findWritable(files: readonly ImageFile[], user: number, within: string): readonly string[] {
  const writable = ({ kind, mode, owner, group }: ImageFile): boolean =>
    kind !== 'other' && (owner === user || (group === user && (mode & GROUP_WRITE) !== 0) || ((mode & OTHERS_WRITE) !== 0 && (mode & STICKY) === 0));
  return files.filter((file) => isWithin(file.path, within) && writable(file)).map(({ path }) => `${path} can be changed by the process`);
}

export function findSecrets(files: readonly ImageFile[], within: string): readonly string[] {
  return files.filter(({ path }) => isWithin(path, within) && SECRET_LIKE.test(path)).map(({ path }) => `${path} looks like a secret or a leftover`);
}

/** Packages beyond those that the lock file marks for production on every machine, and those of them that are missing. */
export function comparePackages(installed: readonly string[], lockText: string): readonly string[] {
  const lock = JSON.parse(lockText) as { readonly packages: Readonly<Record<string, { readonly dev?: boolean; readonly optional?: boolean; readonly devOptional?: boolean }>> };
  const wanted = new Set(Object.entries(lock.packages).flatMap(([path, { dev, optional, devOptional }]) => (path === '' || dev === true || optional === true || devOptional === true ? [] : [path])));
  const there = new Set(installed);
  return [...installed.filter((path) => !wanted.has(path)).map((path) => `${path} is no package of production`), ...[...wanted].filter((path) => !there.has(path)).map((path) => `${path} is missing`)];
}

/** What is in the image's `app/` and neither imported, directly or not, from where Node starts, nor read by its address, nor an asset or a migration. */
export function findUnneeded(sources: ReadonlyMap<string, string>): readonly string[] {
  const isStart = (path: string) => path === 'app/main.ts' || path.endsWith('.command.ts') || /^app\/features\/[^/]+\/feature\.ts$/.test(path);
  const isFoundByPlace = (path: string) => /\/(?:assets|migrations)\//.test(path);
  const reached = new Set<string>();
  const visit = (path: string): void => {
    const text = sources.get(path);
    if (text === undefined || reached.has(path)) return;
    reached.add(path);
    if (!path.endsWith('.ts')) return;
    for (const { specifier } of readSource(path, text).imports) {
      if (specifier.startsWith('#app/')) visit(specifier.slice(1));
      else if (specifier.startsWith('.')) visit(posix.join(posix.dirname(path), specifier));
    }
    for (const [, address = ''] of text.matchAll(/new URL\('(\.[^']+)', import\.meta\.url\)/g)) visit(posix.join(posix.dirname(path), address));
  };
  for (const path of sources.keys()) if (isStart(path) || isFoundByPlace(path)) visit(path);
  return [...sources.keys()].filter((path) => !reached.has(path)).map((path) => `${path} is loaded by nothing in production: leave it out in .dockerignore`);
}

export function judgeConfig(config: ImageConfig): readonly string[] {
  const { User = '', Entrypoint, Cmd, Env = [], StopSignal, Healthcheck } = config;
  const check = Healthcheck?.Test ?? [];
  const words = [...(Entrypoint ?? []), ...(Cmd ?? [])];
  return [
    ...(/^[1-9]\d*(?::[1-9]\d*)?$/.test(User) ? [] : [`the user is "${User}", where a number other than root's is asked for`]),
    ...(StopSignal === 'SIGTERM' ? [] : ['STOPSIGNAL is not SIGTERM']),
    ...(check[0] === 'CMD' ? [] : ['there is no HEALTHCHECK that runs without a shell']),
    ...(words.some((word) => SHELLS.has(posix.basename(word))) ? ['it starts through a shell, which takes the signals'] : []),
    ...(words.includes('--permission') ? [] : ['it starts without Node’s permission model']),
    ...words.filter((word) => /^--allow-fs-(?:read|write)=(?:\*|\/)$/.test(word)).map((word) => `${word} grants everything`),
    ...(Env.includes('NODE_ENV=production') ? [] : ['NODE_ENV is not production']),
    ...Env.filter((line) => SECRET_NAME.test(line.split('=')[0] ?? '')).map((line) => `${line.split('=')[0] ?? ''} is set in the image`),
  ];
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}
