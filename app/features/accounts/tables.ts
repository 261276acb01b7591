// The feature's tables (migrations/0001_accounts.sql), and the query builder that knows them.
// Tested by store.test.ts: on both engines.
import type { Kysely } from 'kysely';
import type { Database } from '#app/feature.ts';

/** In place of a tenant where it is not known yet whose a row is. */
export const NOBODY = '-';

// A type, not an interface: Kysely wants an index signature of the table map.
export type AccountTables = {
  account: {
    tenant_id: string;
    id: string;
    email: string;
    email_key: string;
    name: string;
    roles: string[];
    password_hash: string | null;
    password_stands_alone: boolean;
    totp_secret: Buffer | null;
    totp_step: string | number | null;
    disabled: boolean;
    version: number;
    created_at: Date;
  };
  account_passkey: {
    tenant_id: string;
    id: string;
    account_id: string;
    name: string;
    public_key: Buffer;
    counter: string | number;
    transports: string[];
    created_at: Date;
    used_at: Date | null;
  };
  account_recovery_code: { tenant_id: string; account_id: string; code_hash: Buffer };
  account_token: { tenant_id: string; token_hash: Buffer; account_id: string; expires_at: Date };
  account_attempt: {
    tenant_id: string;
    id_hash: Buffer;
    purpose: string;
    account_id: string | null;
    challenge: string | null;
    secret: Buffer | null;
    tries: number;
    expires_at: Date;
  };
  account_throttle: { tenant_id: string; key: Buffer; failures: number; blocked_until: Date; updated_at: Date };
  account_mail: { tenant_id: string; id: string; sealed: Buffer; attempts: number; due_at: Date };
};

export function tablesOf(db: Database): Kysely<AccountTables> {
  return db.$extendTables<AccountTables>();
}
