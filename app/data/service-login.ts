// The login under which the service acts, made by the schema's owner and kept as narrow as row-level security needs it (CWE-250).
// Of passwords it knows nothing: it makes none, and touches none.
import { sql } from 'kysely';
import type { OpenDatabase } from '#app/data/database.ts';
import { inTurn } from '#app/data/migrate.ts';
import { PLATFORM_ROLE, TENANT_ROLE } from '#app/data/roles.ts';
import { sqlState } from '#app/data/transaction.ts';
import { AppError } from '#app/errors.ts';
import type { Database } from '#app/feature.ts';

export interface ServiceLoginOptions {
  readonly name: string;
  /** It logs in by tokens of AWS IAM, for which RDS asks membership in a role of its own. */
  readonly withTokens: boolean;
}

interface Membership {
  readonly role: string;
  readonly admin: boolean;
  /** Since PostgreSQL 16, where a membership has them; null before. */
  readonly inherits: boolean | null;
  readonly sets: boolean | null;
}

const RDS_IAM = 'rds_iam';
/** SQLSTATE: insufficient privilege, invalid grant operation. */
const REFUSED = new Set(['42501', '0LP01']);
/** Duplicate object, unique violation, "tuple concurrently updated": roles are the server's, and another database of it may be at the same. */
const RACES = new Set(['42710', '23505', 'XX000']);
const ATTEMPTS = 5;

/** In its words of SQL, what PostgreSQL may say of a role that it must not say of this one. */
const ATTRIBUTES = [
  { column: 'rolcanlogin', wanted: true, clause: sql`login`, word: 'login' },
  { column: 'rolinherit', wanted: false, clause: sql`noinherit`, word: 'noinherit' },
  { column: 'rolcreatedb', wanted: false, clause: sql`nocreatedb`, word: 'nocreatedb' },
  { column: 'rolcreaterole', wanted: false, clause: sql`nocreaterole`, word: 'nocreaterole' },
  { column: 'rolreplication', wanted: false, clause: sql`noreplication`, word: 'noreplication' },
  { column: 'rolbypassrls', wanted: false, clause: sql`nobypassrls`, word: 'nobypassrls' },
] as const;

type Attributes = Readonly<Record<(typeof ATTRIBUTES)[number]['column'] | 'rolsuper' | 'own', boolean>>;

/** @returns what it changed; nothing where all was as it should be. @throws AppError where the owner may not make it so, and says what that takes. */
export async function prepareServiceLogin(database: OpenDatabase, options: ServiceLoginOptions): Promise<readonly string[]> {
  if (database.maintain === undefined) throw new TypeError('This database was opened without its owner.');
  return database.maintain(async (db) => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await inTurn(db, (tx) => prepare(tx, options));
      } catch (error) {
        const state = sqlState(error) ?? '';
        if (RACES.has(state) && attempt < ATTEMPTS) continue;
        if (REFUSED.has(state)) throw refusal(options.name, error instanceof Error ? error.message : String(error), error);
        throw error;
      }
    }
  });
}

async function prepare(tx: Database, { name, withTokens }: ServiceLoginOptions): Promise<readonly string[]> {
  const changes: string[] = [];
  const login = sql.id(name);
  const found = await readAttributes(tx, name);
  // Whom a slip of the pen names here must not lose what everything else stands on.
  if (found?.own === true) throw new AppError(`DATABASE_SERVICE_LOGIN names "${name}", who migrates: the service needs a login of its own.`);
  if (found?.rolsuper === true) throw new AppError(`DATABASE_SERVICE_LOGIN names "${name}", a superuser: name a login that is the service's alone.`);
  if (found === undefined) {
    await sql`create role ${login} login noinherit`.execute(tx);
    changes.push('made');
  }
  for (const { column, wanted, clause, word } of found === undefined ? [] : ATTRIBUTES) {
    if (found?.[column] === wanted) continue;
    // One by one and where it differs alone: who is no superuser may not so much as mention some of them.
    await sql`alter role ${login} ${clause}`.execute(tx);
    changes.push(word);
  }
  changes.push(...(await putMembershipsRight(tx, name, await wantedRoles(tx, withTokens))));
  // A membership that another role granted stays, with no more than a warning: so it is looked at again.
  const wrong = await listWrong(tx, name, await wantedRoles(tx, withTokens));
  if (wrong.length > 0) throw refusal(name, wrong.join(', '));
  return changes;
}

async function putMembershipsRight(tx: Database, name: string, wanted: readonly string[]): Promise<readonly string[]> {
  const login = sql.id(name);
  const memberships = await readMemberships(tx, name);
  const changes: string[] = [];
  for (const membership of memberships) {
    if (wanted.includes(membership.role) && isNarrow(membership)) continue;
    await sql`revoke ${sql.id(membership.role)} from ${login}`.execute(tx);
    changes.push(`not in ${membership.role}${wanted.includes(membership.role) ? ' as it was' : ''}`);
  }
  const kept = new Set(memberships.filter(isNarrow).map(({ role }) => role));
  for (const role of wanted) {
    if (kept.has(role)) continue;
    await sql`grant ${sql.id(role)} to ${login}`.execute(tx);
    changes.push(`in ${role}`);
  }
  return changes;
}

async function wantedRoles(tx: Database, withTokens: boolean): Promise<readonly string[]> {
  const { rows } = await sql<{ name: string }>`select rolname as name from pg_roles where rolname = ${RDS_IAM}`.execute(tx);
  return [PLATFORM_ROLE, TENANT_ROLE, ...(withTokens ? rows.map(({ name }) => name) : [])];
}

/** May act as the role, has its rights not without doing so, and can hand it on to nobody. What RDS's own role says of the middle one is RDS's business. */
function isNarrow({ role, admin, inherits, sets }: Membership): boolean {
  return !admin && (role === RDS_IAM || (inherits !== true && sets !== false));
}

async function listWrong(tx: Database, name: string, wanted: readonly string[]): Promise<readonly string[]> {
  const [attributes, memberships] = [await readAttributes(tx, name), await readMemberships(tx, name)];
  return [
    ...ATTRIBUTES.filter(({ column, wanted: value }) => attributes?.[column] !== value).map(({ word }) => `it is not ${word}`),
    ...wanted.filter((role) => !memberships.some((one) => one.role === role && isNarrow(one))).map((role) => `it is not a plain member of ${role}`),
    ...memberships.filter(({ role }) => !wanted.includes(role)).map(({ role }) => `it is a member of ${role}, by somebody else's grant`),
  ];
}

async function readAttributes(tx: Database, name: string): Promise<Attributes | undefined> {
  const { rows } = await sql<Attributes>`select rolcanlogin, rolinherit, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls, rolsuper,
    rolname in (session_user, current_user) as own from pg_roles where rolname = ${name}`.execute(tx);
  return rows[0];
}

/** One for each grantor: since PostgreSQL 16 there may be several. */
async function readMemberships(tx: Database, name: string): Promise<readonly Membership[]> {
  const { rows } = await sql<Membership>`select granted.rolname as role, bool_or(one.admin_option) as admin,
      bool_or((to_jsonb(one) ->> 'inherit_option')::boolean) as inherits, bool_or((to_jsonb(one) ->> 'set_option')::boolean) as sets
    from pg_auth_members one join pg_roles granted on granted.oid = one.roleid join pg_roles login on login.oid = one.member
    where login.rolname = ${name} group by granted.rolname order by granted.rolname`.execute(tx);
  return rows;
}

function refusal(name: string, what: string, cause?: unknown): AppError {
  return new AppError(
    `The login "${name}" can't be made what the service needs: ${what}. Who migrates needs CREATEROLE, as the master user of RDS has it, and on PostgreSQL 16 and newer the admin option of ${PLATFORM_ROLE}, ${TENANT_ROLE} and the login, which whoever made them has; what a superuser gave takes one to take away.`,
    { code: 'service-login-refused', cause },
  );
}
