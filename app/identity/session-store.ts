// Server-side browser sessions: an opaque token for the browser, its hash in the database, idle and absolute timeouts.
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { ROLES, type Database, type Role, type Subject } from '#app/feature.ts';

// A type, not an interface: Kysely wants an index signature of the table map.
type SessionTables = {
  session: {
    tenant_id: string;
    id: string;
    token_hash: Buffer;
    subject_id: string;
    subject_name: string;
    roles: string[];
    id_token: string;
    created_at: Date;
    last_seen_at: Date;
    expires_at: Date;
  };
};

export interface SessionLimits {
  readonly sessionIdleMs: number;
  readonly sessionAbsoluteMs: number;
}

/** Who signed in, before there is a session. */
export type Person = Omit<Subject, 'credential'>;

/** 256 bits (ASVS 7.2.3 asks for 128). */
const TOKEN_BYTES = 32;
const TOKEN_SYNTAX = /^[A-Za-z0-9_-]{43}$/;
/** `last_seen_at` is written at most this often, so that a read costs no write. */
const TOUCH_INTERVAL_MS = 60_000;

export interface SessionStore {
  /** The token of a new session; it exists nowhere else. */
  create(person: Person, idToken: string, now: Date): Promise<string>;
  /** Counts as activity. A malformed token costs no query. */
  find(token: string, now: Date): Promise<Subject | undefined>;
  /** The session as it is now, without counting as activity. */
  read(tenantId: string, sessionId: string, now: Date): Promise<Subject | undefined>;
  /** Ends it at once, whatever its age; the ID token is for the provider's logout. */
  end(token: string): Promise<{ readonly idToken: string } | undefined>;
  /** Removes what has expired; returns how many. */
  purge(now: Date): Promise<number>;
}

export function createSessionStore(database: Database, { sessionIdleMs, sessionAbsoluteMs }: SessionLimits): SessionStore {
  const db = database.$extendTables<SessionTables>();
  const select = () => db.selectFrom('session').select(['tenant_id', 'id', 'subject_id', 'subject_name', 'roles', 'last_seen_at', 'expires_at']);
  const idleSince = (now: Date) => new Date(now.getTime() - sessionIdleMs);

  return {
    async create({ tenantId, id, name, roles }, idToken, now) {
      const token = randomBytes(TOKEN_BYTES).toString('base64url');
      await db
        .insertInto('session')
        .values({
          tenant_id: tenantId,
          id: randomUUID(),
          token_hash: hash(token),
          subject_id: id,
          subject_name: name,
          roles: [...roles],
          id_token: idToken,
          created_at: now,
          last_seen_at: now,
          expires_at: new Date(now.getTime() + sessionAbsoluteMs),
        })
        .execute();
      return token;
    },
    async find(token, now) {
      if (!TOKEN_SYNTAX.test(token)) return undefined;
      const row = await select().where('token_hash', '=', hash(token)).where('expires_at', '>', now).where('last_seen_at', '>', idleSince(now)).executeTakeFirst();
      if (row === undefined) return undefined;
      if (now.getTime() - row.last_seen_at.getTime() >= TOUCH_INTERVAL_MS) {
        // `greatest`: of two requests at once the later one counts, in whatever order they arrive here.
        await db
          .updateTable('session')
          .set({ last_seen_at: sql`greatest(last_seen_at, ${now})` })
          .where('tenant_id', '=', row.tenant_id)
          .where('id', '=', row.id)
          .execute();
      }
      return toSubject(row);
    },
    async read(tenantId, sessionId, now) {
      const row = await select()
        .where('tenant_id', '=', tenantId)
        .where('id', '=', sessionId)
        .where('expires_at', '>', now)
        .where('last_seen_at', '>', idleSince(now))
        .executeTakeFirst();
      return row && toSubject(row);
    },
    async end(token) {
      if (!TOKEN_SYNTAX.test(token)) return undefined;
      const row = await db.deleteFrom('session').where('token_hash', '=', hash(token)).returning('id_token').executeTakeFirst();
      return row && { idToken: row.id_token };
    },
    async purge(now) {
      const result = await db
        .deleteFrom('session')
        .where((or) => or.or([or('expires_at', '<=', now), or('last_seen_at', '<=', idleSince(now))]))
        .executeTakeFirst();
      return Number(result.numDeletedRows);
    },
  };
}

/** SHA-256 suffices: the token is random, not a password (ASVS 11.4). */
function hash(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

function toSubject(row: Pick<SessionTables['session'], 'tenant_id' | 'id' | 'subject_id' | 'subject_name' | 'roles' | 'expires_at'>): Subject {
  return {
    tenantId: row.tenant_id,
    id: row.subject_id,
    name: row.subject_name,
    roles: row.roles.filter((role): role is Role => (ROLES as readonly string[]).includes(role)),
    credential: { kind: 'session', sessionId: row.id, expiresAt: row.expires_at },
  };
}
