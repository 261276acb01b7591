// Puts a client secret of our own in the place of Cognito's first, which the provider reads back into the state: `node client-secret.command.ts
// outputs.json`. Wherever it was ended, it may be run again: Cognito keeps two secrets at most, and never shows one it was given.
// https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AddUserPoolClientSecret.html
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { aws, outputsOf } from './aws.ts';

interface ClientSecret {
  readonly ClientSecretId: string;
  /** The second version of the CLI writes a date, the first one seconds. */
  readonly ClientSecretCreateDate: string | number;
}

const output = outputsOf(readFileSync(process.argv[2] ?? 'outputs.json', 'utf8'));
const client = ['--user-pool-id', output('user_pool_id'), '--client-id', output('oidc_client_id')];
const box = output('oidc_client_secret');

if (!isFilled()) {
  // Of a run that ended before it had put its own away.
  for (const stray of secrets().slice(1)) remove(stray);
  replace();
  console.log('The client has a secret of our own.');
}
// The newest is the one in the box.
for (const older of secrets().slice(0, -1)) remove(older);

function isFilled(): boolean {
  const { VersionIdsToStages: versions } = aws('secretsmanager', 'describe-secret', '--secret-id', box) as { readonly VersionIdsToStages?: Readonly<Record<string, readonly string[]>> };
  return Object.values(versions ?? {}).some((stages) => stages.includes('AWSCURRENT'));
}

/** The oldest first. */
function secrets(): readonly ClientSecret[] {
  const { ClientSecrets: found } = aws('cognito-idp', 'list-user-pool-client-secrets', ...client) as { readonly ClientSecrets: readonly ClientSecret[] };
  if (found.length === 0) throw new Error('The client has no secret.');
  return found.toSorted((one, other) => new Date(one.ClientSecretCreateDate).getTime() - new Date(other.ClientSecretCreateDate).getTime());
}

/** By a file, since every process sees the parameters of every other. */
function replace(): void {
  const folder = mkdtempSync(path.join(tmpdir(), 'client-secret-'));
  try {
    const file = path.join(folder, 'value');
    writeFileSync(file, randomBytes(24).toString('hex'), { mode: 0o600 });
    aws('cognito-idp', 'add-user-pool-client-secret', ...client, '--client-secret', `file://${file}`);
    aws('secretsmanager', 'put-secret-value', '--secret-id', box, '--secret-string', `file://${file}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function remove({ ClientSecretId }: ClientSecret): void {
  aws('cognito-idp', 'delete-user-pool-client-secret', ...client, '--client-secret-id', ClientSecretId);
}
