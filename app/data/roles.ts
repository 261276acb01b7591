// The database's roles (0008_row_level_security.sql): whatever a login may do by itself, the service acts as one of these.
// Tested by row-level-security.test.ts, on a server's own logins.
import type { ClientBase } from 'pg';
import { AppError } from '#app/errors.ts';

/** The platform's own work over all tenants; of features it sees what their migrations grant it. */
export const PLATFORM_ROLE = 'app_platform';
/** One tenant's rows, of the tenant that `app.tenant_id` names. */
export const TENANT_ROLE = 'app_tenant';

/**
 * @throws AppError for a login that row-level security does not hold, or that could switch it off: a superuser, one with
 * BYPASSRLS, or the tables' owner (CWE-250).
 */
export async function refusePowerfulLogin(client: ClientBase): Promise<void> {
  const { rows } = await client.query<{ login: string; bypasses: boolean; owns: boolean }>(`select session_user as login, rolsuper or rolbypassrls as bypasses,
    exists (select from pg_class where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace and pg_has_role(session_user, relowner, 'member')) as owns
    from pg_roles where rolname = session_user`);
  const [found] = rows;
  if (found === undefined || (!found.bypasses && !found.owns)) return;
  throw new AppError(
    `DATABASE_URL logs in as "${found.login}", ${found.bypasses ? 'whom row-level security does not hold' : 'who owns the tables and so can switch row-level security off'}: use a login that is a member of ${PLATFORM_ROLE} and ${TENANT_ROLE} alone, and DATABASE_MIGRATION_URL for the owner.`,
  );
}
