// PostgreSQL's own programs: where they are, and how they are told where to connect.
import { existsSync, globSync } from 'node:fs';
import path from 'node:path';
import type { Environment } from '#app/config.ts';

/** On the PATH, or where Debian puts those of the newest version. */
export function findProgram(name: string, { PATH = '' }: Environment): string | undefined {
  const candidates = [...PATH.split(path.delimiter).filter((directory) => directory !== '').map((directory) => path.join(directory, name)), ...globSync(`/usr/lib/postgresql/*/bin/${name}`).sort(byVersion)];
  // eslint-disable-next-line security/detect-non-literal-fs-filename -- the operator's own PATH
  return candidates.find((candidate) => existsSync(candidate));
}

/** The newest first. */
function byVersion(one: string, other: string): number {
  return other.localeCompare(one, 'en', { numeric: true });
}

export interface Connection {
  readonly url: string;
  readonly tls: boolean;
  /** In place of the address's password. */
  readonly token?: string | undefined;
}

/**
 * The address as libpq's variables: a command line is for all users of the machine to read, the environment of a process is
 * not (CWE-214). `tls`: verify the server's certificate and name, unless the address says `sslmode=disable`.
 */
export function connectionEnvironment({ url, tls, token }: Connection, given: Environment): Environment {
  const { hostname, port, username, password, pathname, searchParams } = new URL(url);
  const secret = token ?? decodeURIComponent(password);
  const sslmode = searchParams.get('sslmode') ?? (tls ? 'verify-full' : given['PGSSLMODE']);
  const own = Object.fromEntries(Object.entries(given).filter(([name]) => name.startsWith('PG') || ['PATH', 'HOME', 'LANG'].includes(name)));
  return {
    ...own,
    PGHOST: searchParams.get('host') ?? hostname.replaceAll(/^\[|\]$/g, ''),
    PGPORT: port === '' ? '5432' : port,
    PGDATABASE: decodeURIComponent(pathname.slice(1)),
    ...(username === '' ? {} : { PGUSER: decodeURIComponent(username) }),
    ...(secret === '' ? {} : { PGPASSWORD: secret }),
    ...(sslmode === undefined ? {} : { PGSSLMODE: sslmode }),
    // Where Node finds the authority of a managed server, its programs find it too.
    ...(given['PGSSLROOTCERT'] === undefined && given['NODE_EXTRA_CA_CERTS'] !== undefined ? { PGSSLROOTCERT: given['NODE_EXTRA_CA_CERTS'] } : {}),
  };
}
