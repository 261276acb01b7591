// A login as production's service has it: no superuser, no owner, of the two roles and nothing more.
import { randomBytes, randomUUID } from 'node:crypto';
import { Client, escapeIdentifier, escapeLiteral } from 'pg';

export interface ServiceLogin {
  /** The same address, under this login. */
  url(address: string): string;
  drop(): Promise<void>;
}

/** Of the server at `ownerUrl`, where some database was migrated. */
export async function createServiceLogin(ownerUrl: string): Promise<ServiceLogin> {
  const [name, password] = [`stockade_login_${process.pid}_${randomUUID().slice(0, 8)}`, randomBytes(16).toString('hex')];
  await administer(ownerUrl, `create role ${escapeIdentifier(name)} login noinherit password ${escapeLiteral(password)} in role app_platform, app_tenant`);
  return {
    url: (address) => Object.assign(new URL(address), { username: name, password }).href,
    drop: () => administer(ownerUrl, `drop role ${escapeIdentifier(name)}`),
  };
}

async function administer(url: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
