// Secrets by files: X_FILE names the file that holds the secret X, as Docker, Kubernetes and systemd hand them over.
import { readFileSync, statSync } from 'node:fs';

type Environment = Readonly<Record<string, string | undefined>>;

/** The secret as it is now: its file is read again, so that it can be rotated while the process runs. Where that can't be used the last good value stays, and `onProblem` is told once. */
export type Current<T> = (onProblem: (problem: string) => void) => T;

export interface SecretFiles {
  /** Each secret under its own name, wherever it came from. */
  readonly values: Readonly<Record<string, string>>;
  /** The files that were given, good or not, by the names of their secrets. */
  readonly files: ReadonlyMap<string, string>;
  /** What is wrong, and how to mend it; neither a value nor a path, in whose place somebody may have put the secret itself. */
  readonly problems: readonly string[];
}

const SUFFIX = '_FILE';
const LARGEST_BYTES = 65_536;
const OTHERS_MAY_WRITE = 0o002;

/** `isSecret` says of which settings; what is empty counts as unset. */
export function readSecretFiles(environment: Environment, isSecret: (name: string) => boolean, production: boolean): SecretFiles {
  const values: Record<string, string> = {};
  const files = new Map<string, string>();
  const problems: string[] = [];
  for (const [name, value] of Object.entries(environment)) {
    if (value === undefined || value === '') continue;
    const secret = name.endsWith(SUFFIX) ? name.slice(0, -SUFFIX.length) : '';
    if (!isSecret(secret)) {
      values[name] = value;
      continue;
    }
    if (environment[secret] !== undefined && environment[secret] !== '') problems.push(`${secret} and ${name} exclude each other: remove one`);
    files.set(secret, value);
    const read = readSecretFile(value, production);
    if ('problem' in read) problems.push(`${name} ${read.problem}`);
    else values[secret] = read.secret;
  }
  return { values, files, problems };
}

/** `parse` gives undefined for what must not come into force. @throws Error where it was never good. */
export function followSecret<T>(name: string, file: string, parse: (text: string) => T | undefined, production: boolean): Current<T> {
  let last: { readonly text: string; readonly value: T } | undefined;
  let told: string | undefined;
  const read = (): string | undefined => {
    const found = readSecretFile(file, production);
    if ('problem' in found) return found.problem;
    if (found.secret === last?.text) return undefined;
    const value = parse(found.secret);
    if (value === undefined) return 'holds no value of the right form';
    last = { text: found.secret, value };
    return undefined;
  };
  read();
  return (onProblem) => {
    const problem = read();
    if (last === undefined) throw new Error(`${name}${SUFFIX} ${problem ?? ''}`);
    if (problem !== undefined && problem !== told) onProblem(`${name}${SUFFIX} ${problem}`);
    told = problem;
    return last.value;
  };
}

/** Without the newline at its end, which editors and `echo` add. */
function readSecretFile(file: string, production: boolean): { readonly secret: string } | { readonly problem: string } {
  try {
    // eslint-disable-next-line security/detect-non-literal-fs-filename -- the operator's setting
    const status = statSync(file);
    // A pipe would keep the process waiting, and could be read only once.
    if (!status.isFile()) return { problem: 'must be a regular file' };
    if (status.size > LARGEST_BYTES) return { problem: 'is larger than a secret: at most 64 KiB' };
    // CWE-732. That others may read it is how Docker and Kubernetes mount secrets; the container is the wall.
    if (production && (status.mode & OTHERS_MAY_WRITE) !== 0) return { problem: 'may be written by everybody: take that right away' };
    // eslint-disable-next-line security/detect-non-literal-fs-filename -- the operator's setting
    const secret = readFileSync(file, 'utf8').replace(/\r?\n$/, '');
    return secret === '' ? { problem: 'is empty' } : { secret };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    return { problem: code === 'ERR_ACCESS_DENIED' ? 'may not be read by this process: put it into /run/secrets, or name it with --allow-fs-read where node is started' : `can't be read (${code})` };
  }
}
