// Accounts in the database, with what their people sign in with.
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { LOCAL_SUBJECT_PREFIX, ROLES, type Database, type Role } from '#app/feature.ts';
import { type AccountTables, tablesOf } from './tables.ts';

export interface Account {
  readonly tenantId: string;
  readonly id: string;
  readonly email: string;
  readonly name: string;
  readonly roles: readonly Role[];
  readonly passwordHash: string | null;
  readonly passwordStandsAlone: boolean;
  readonly totpSecret: Buffer | null;
  readonly disabled: boolean;
  readonly version: number;
  readonly createdAt: Date;
}

const SUBJECT = /^account:([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/;

export interface Ref {
  readonly tenantId: string;
  readonly id: string;
}

export function subjectIdOf({ id }: Pick<Account, 'id'>): string {
  return LOCAL_SUBJECT_PREFIX + id;
}

/** Undefined for somebody who signed in at the identity provider. */
export function accountIdOf(subjectId: string): string | undefined {
  return SUBJECT.exec(subjectId)?.[1];
}

/** As addresses are compared: mail systems that tell capitals apart are not to be met any more. */
export function toEmailKey(email: string): string {
  return email.trim().normalize('NFC').toLowerCase();
}

export async function createAccount(db: Database, { tenantId, email, name, roles }: Pick<Account, 'tenantId' | 'email' | 'name' | 'roles'>, now: Date): Promise<Account | undefined> {
  const row = await tablesOf(db)
    .insertInto('account')
    .values({ ...EMPTY, tenant_id: tenantId, id: randomUUID(), email: email.trim(), email_key: toEmailKey(email), name, roles: [...roles], created_at: now })
    .onConflict((conflict) => conflict.columns(['tenant_id', 'email_key']).doNothing())
    .returningAll()
    .executeTakeFirst();
  return row && toAccount(row);
}
const EMPTY = { password_hash: null, password_stands_alone: false, totp_secret: null, totp_step: null, disabled: false, version: 1 };

export async function findByEmail(db: Database, tenantId: string, email: string): Promise<Account | undefined> {
  const row = await tablesOf(db).selectFrom('account').selectAll().where('tenant_id', '=', tenantId).where('email_key', '=', toEmailKey(email)).executeTakeFirst();
  return row && toAccount(row);
}

export async function readAccount(db: Database, { tenantId, id }: Ref): Promise<Account | undefined> {
  const row = await tablesOf(db).selectFrom('account').selectAll().where('tenant_id', '=', tenantId).where('id', '=', id).executeTakeFirst();
  return row && toAccount(row);
}

/** The oldest first, from after `after` on. */
export async function listAccounts(db: Database, tenantId: string, { after, limit }: { readonly after?: { readonly createdAt: Date; readonly id: string } | undefined; readonly limit: number }): Promise<{ readonly rows: readonly Account[]; readonly more: boolean }> {
  let query = tablesOf(db).selectFrom('account').selectAll().where('tenant_id', '=', tenantId);
  if (after !== undefined) query = query.where(sql<boolean>`(created_at, id) > (${after.createdAt}, ${after.id}::uuid)`);
  const rows = await query.orderBy('created_at').orderBy('id').limit(limit + 1).execute();
  return { rows: rows.slice(0, limit).map(toAccount), more: rows.length > limit };
}

export async function changeAccount(db: Database, { tenantId, id }: Ref, changes: { readonly name?: string | undefined; readonly roles?: readonly Role[] | undefined; readonly disabled?: boolean | undefined }): Promise<Account | undefined> {
  const { name, roles, disabled } = changes;
  const row = await tablesOf(db)
    .updateTable('account')
    .set({ version: sql`version + 1`, ...(name === undefined ? {} : { name }), ...(roles === undefined ? {} : { roles: [...roles] }), ...(disabled === undefined ? {} : { disabled }) })
    .where('tenant_id', '=', tenantId)
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirst();
  return row && toAccount(row);
}

export async function setPassword(db: Database, { tenantId, id }: Ref, passwordHash: string, standsAlone: boolean): Promise<void> {
  await tablesOf(db).updateTable('account').set({ password_hash: passwordHash, password_stands_alone: standsAlone }).where('tenant_id', '=', tenantId).where('id', '=', id).execute();
  // Whatever mail is under way opened the old lock.
  await tablesOf(db).deleteFrom('account_token').where('tenant_id', '=', tenantId).where('account_id', '=', id).execute();
}

/** Until the person sets another, only a passkey signs in. */
export async function dropPassword(db: Database, { tenantId, id }: Ref): Promise<void> {
  await tablesOf(db).updateTable('account').set({ password_hash: null, password_stands_alone: false }).where('tenant_id', '=', tenantId).where('id', '=', id).execute();
}

/** The same password, hashed anew; not if it was changed in the meantime. */
export async function replaceHash(db: Database, { tenantId, id, passwordHash }: Account, renewed: string): Promise<void> {
  await tablesOf(db).updateTable('account').set({ password_hash: renewed }).where('tenant_id', '=', tenantId).where('id', '=', id).where('password_hash', '=', passwordHash).execute();
}

export async function setTotpSecret(db: Database, { tenantId, id }: Ref, secret: Buffer | null): Promise<void> {
  await tablesOf(db).updateTable('account').set({ totp_secret: secret, totp_step: null }).where('tenant_id', '=', tenantId).where('id', '=', id).execute();
}

/** False for a step that was used before, or that is older than one that was. */
export async function useTotpStep(db: Database, { tenantId, id }: Ref, step: number): Promise<boolean> {
  const result = await sql`update account set totp_step = ${step} where tenant_id = ${tenantId} and id = ${id} and (totp_step is null or totp_step < ${step}::bigint)`.execute(db);
  return result.numAffectedRows === 1n;
}

/** Opaque, 256 bits; only its hash is kept. */
export async function createToken(db: Database, { tenantId, id }: Ref, expiresAt: Date): Promise<string> {
  const token = randomBytes(32).toString('base64url');
  await tablesOf(db).insertInto('account_token').values({ tenant_id: tenantId, token_hash: hashToken(token), account_id: id, expires_at: expiresAt }).execute();
  return token;
}

/** Whose it is, if it is good; it stays good. */
export async function readToken(db: Database, token: string, now: Date): Promise<Ref | undefined> {
  const row = await tablesOf(db).selectFrom('account_token').select(['tenant_id', 'account_id']).where('token_hash', '=', hashToken(token)).where('expires_at', '>', now).executeTakeFirst();
  return row && { tenantId: row.tenant_id, id: row.account_id };
}

/** Used up by the one who gets an answer, of however many at once. */
export async function useToken(db: Database, token: string, now: Date): Promise<Ref | undefined> {
  const row = await tablesOf(db).deleteFrom('account_token').where('token_hash', '=', hashToken(token)).where('expires_at', '>', now).returning(['tenant_id', 'account_id']).executeTakeFirst();
  return row && { tenantId: row.tenant_id, id: row.account_id };
}

/** SHA-256 suffices: what is hashed is random, not a password. */
export function hashToken(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

function toAccount(row: AccountTables['account']): Account {
  return {
    tenantId: row.tenant_id,
    id: row.id,
    email: row.email,
    name: row.name,
    roles: row.roles.filter((role): role is Role => (ROLES as readonly string[]).includes(role)),
    passwordHash: row.password_hash,
    passwordStandsAlone: row.password_stands_alone,
    totpSecret: row.totp_secret === null ? null : Buffer.from(row.totp_secret),
    disabled: row.disabled,
    version: row.version,
    createdAt: row.created_at,
  };
}
