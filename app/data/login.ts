// How a new connection logs in: with the address as it is now, and with a token of AWS IAM where that has no password.
// Tested by login.test.ts and, on a server, by rotation.test.ts.
import type { ClientConfig } from 'pg';
import type { Logger } from 'pino';

export interface LoginOptions {
  readonly url: string;
  /** Where the address comes from a file: as it is there now. */
  readonly currentUrl?: (onProblem: (problem: string) => void) => string;
  /** Passwords are tokens of AWS IAM, for this region, where the address has none. */
  readonly iamRegion?: string | undefined;
}

/** Asked anew for each connection. */
export type Login = () => ClientConfig;

const POSTGRES_PORT = 5_432;

export async function createLogin({ url, currentUrl = () => url, iamRegion }: LoginOptions, log: Pick<Logger, 'warn'>): Promise<Login> {
  const urlNow = () => currentUrl((problem) => { log.warn({ problem }, 'the file of a secret is of no use: its last good value stays in force'); });
  if (iamRegion === undefined || new URL(url).password !== '') return () => ({ connectionString: urlNow() });
  const { Signer } = await import('@aws-sdk/rds-signer');
  // One for as long as the address stays: it keeps the credentials with which it signs.
  let signer: { readonly of: string; readonly getToken: () => Promise<string> } | undefined;
  return () => {
    const now = urlNow();
    // By its parts: beside a `connectionString`, pg would not heed the password.
    const { hostname, port, username, pathname } = new URL(now);
    const address = { host: hostname, port: port === '' ? POSTGRES_PORT : Number(port), user: decodeURIComponent(username) };
    if (signer?.of !== now) {
      const made = new Signer({ hostname, port: address.port, username: address.user, region: iamRegion });
      signer = { of: now, getToken: () => made.getAuthToken() };
    }
    return { ...address, database: decodeURIComponent(pathname.slice(1)), password: signer.getToken };
  };
}
