// Server-side browser sessions: an opaque token for the browser, its hash in the database, idle and absolute timeouts.
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { type Kysely, sql } from 'kysely';
import { ROLES, type Assurance, type Database, type Role, type Subject } from '#app/feature.ts';
import { inTransaction } from '#app/data/transaction.ts';
import { openTokens, type ProviderTokens, sealTokens } from '#app/identity/sealed-tokens.ts';

// A type, not an interface: Kysely wants an index signature of the table map.
type SessionTables = {
  session: {
    tenant_id: string;
    id: string;
    token_hash: Buffer;
    subject_id: string;
    subject_name: string;
    roles: string[];
    created_at: Date;
    last_seen_at: Date;
    expires_at: Date;
    authenticated_at: Date | null;
    factors: number;
    user_agent: string;
    provider_session_id: string | null;
    provider_tokens: Buffer | null;
    refreshed_at: Date;
  };
};

export interface SessionLimits {
  readonly sessionIdleMs: number;
  readonly sessionAbsoluteMs: number;
  /** At once, for one person; the one that was begun first gives way. */
  readonly sessionsPerPerson: number;
}

/** Who signed in, before there is a session. */
export type Person = Pick<Subject, 'tenantId' | 'id' | 'name' | 'roles'>;

export interface NewSession {
  readonly person: Person;
  readonly assurance: Assurance;
  /** What the browser calls itself. */
  readonly userAgent: string;
  /** Where the provider signed the person in: its `sid`, if it names one, and its tokens. */
  readonly provider?: { readonly sessionId: string | undefined; readonly tokens: ProviderTokens };
}

/** The session as people see it. */
export interface SessionView {
  readonly id: string;
  readonly userAgent: string;
  readonly createdAt: Date;
  readonly lastSeenAt: Date;
  readonly expiresAt: Date;
  readonly factors: Assurance['factors'];
}

/** 256 bits (ASVS 7.2.3 asks for 128). */
const TOKEN_BYTES = 32;
const TOKEN_SYNTAX = /^[A-Za-z0-9_-]{43}$/;
/** `last_seen_at` is written at most this often, so that a read costs no write. */
const TOUCH_INTERVAL_MS = 60_000;
const LONGEST_USER_AGENT = 300;

const ENDED = ['tenant_id', 'id', 'subject_id', 'subject_name', 'provider_tokens'] as const;
const COLUMNS = ['tenant_id', 'id', 'subject_id', 'subject_name', 'roles', 'last_seen_at', 'expires_at', 'authenticated_at', 'factors', 'user_agent', 'refreshed_at'] as const;
type Row = Pick<SessionTables['session'], (typeof COLUMNS)[number]> & { readonly renewable: boolean };

export interface FoundSession {
  readonly subject: Subject;
  /** When the provider last confirmed it; undefined where the provider gave nothing to ask it with. */
  readonly refreshedAt: Date | undefined;
}

export interface SessionStore {
  /** The token of a new session; it exists nowhere else. Other sessions of the person end that hold other roles, or are too many. */
  create(session: NewSession, now: Date): Promise<string>;
  /** Counts as activity. A malformed token costs no query. */
  find(token: string, userAgent: string, now: Date): Promise<FoundSession | undefined>;
  /** The session as it is now, without counting as activity. */
  read(tenantId: string, sessionId: string, now: Date): Promise<Subject | undefined>;
  /** Ends it at once, whatever its age; the ID token is for the provider's logout. */
  end(token: string): Promise<{ readonly idToken: string | undefined } | undefined>;
  /** Ends what the provider has signed out: its session, or all of a person that were begun until `begunUntil`. Returns how many. */
  endOfProvider(which: { readonly sessionId: string } | { readonly subjectId: string; readonly begunUntil: Date }): Promise<number>;
  /** The tokens, to whoever is first to ask since `since`; to everybody else undefined. */
  claimRefresh(token: string, since: Date, now: Date): Promise<ProviderTokens | undefined>;
  /** Undefined tokens: the provider could not be asked, so it is tried again from `refreshedAt` on. */
  storeRefresh(token: string, tokens: ProviderTokens | undefined, refreshedAt: Date): Promise<void>;
  /** Removes what has expired; returns how many. */
  purge(now: Date): Promise<number>;
}

/** What became of a session: for the audit trail, in the transaction in which it happens. */
export interface SessionEvent {
  readonly action: 'sessions:begin' | 'sessions:end';
  readonly sessionId: string;
  readonly person: Pick<Person, 'tenantId' | 'id' | 'name'>;
  /** Who did it: the person, or the provider on its own. */
  readonly by: 'person' | 'provider';
  readonly details: Readonly<Record<string, unknown>>;
}
export type RecordSession = (tx: Database, event: SessionEvent) => Promise<void>;

export function createSessionStore(database: Database, limits: SessionLimits, record: RecordSession = () => Promise.resolve()): SessionStore {
  const db = tables(database);
  const idleSince = (now: Date) => new Date(now.getTime() - limits.sessionIdleMs);
  const select = (now: Date) =>
    db.selectFrom('session').select([...COLUMNS, sql<boolean>`provider_tokens is not null`.as('renewable')]).where('expires_at', '>', now).where('last_seen_at', '>', idleSince(now));

  return {
    async create(session, now) {
      const token = randomBytes(TOKEN_BYTES).toString('base64url');
      const row = toRow(session, token, now, new Date(now.getTime() + limits.sessionAbsoluteMs));
      await inTransaction(database, async (tx) => {
        await tables(tx).insertInto('session').values(row).execute();
        const superseded = await endSuperseded(tables(tx), session.person, limits.sessionsPerPerson);
        await record(tx, { action: 'sessions:begin', sessionId: row.id, person: session.person, by: 'person', details: { factors: row.factors, way: session.provider === undefined ? 'here' : 'provider', superseded } });
      });
      return token;
    },
    async find(token, userAgent, now) {
      if (!TOKEN_SYNTAX.test(token)) return undefined;
      const row = await select(now).where('token_hash', '=', hash(token)).executeTakeFirst();
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
      return { subject: toSubject(row, userAgent), refreshedAt: row.renewable ? row.refreshed_at : undefined };
    },
    async read(tenantId, sessionId, now) {
      const row = await select(now).where('tenant_id', '=', tenantId).where('id', '=', sessionId).executeTakeFirst();
      return row && toSubject(row, row.user_agent);
    },
    async end(token) {
      if (!TOKEN_SYNTAX.test(token)) return undefined;
      const row = await inTransaction(database, async (tx) => {
        const ended = await tables(tx).deleteFrom('session').where('token_hash', '=', hash(token)).returning(ENDED).executeTakeFirst();
        if (ended !== undefined) await record(tx, toEnd(ended, 'person'));
        return ended;
      });
      return row && { idToken: row.provider_tokens === null ? undefined : openTokens(row.provider_tokens, token)?.idToken };
    },
    async endOfProvider(which) {
      return inTransaction(database, async (tx) => {
        const own = tables(tx).deleteFrom('session').where('provider_tokens', 'is not', null).returning(ENDED);
        const ended = await ('sessionId' in which ? own.where('provider_session_id', '=', which.sessionId) : own.where('subject_id', '=', which.subjectId).where('created_at', '<=', which.begunUntil)).execute();
        for (const row of ended) await record(tx, toEnd(row, 'provider'));
        return ended.length;
      });
    },
    async claimRefresh(token, since, now) {
      const row = await db.updateTable('session').set({ refreshed_at: now }).where('token_hash', '=', hash(token)).where('refreshed_at', '<=', since).returning('provider_tokens').executeTakeFirst();
      return row?.provider_tokens ? openTokens(row.provider_tokens, token) : undefined;
    },
    async storeRefresh(token, tokens, refreshedAt) {
      await db
        .updateTable('session')
        .set({ refreshed_at: refreshedAt, ...(tokens === undefined ? {} : { provider_tokens: sealTokens(tokens, token) }) })
        .where('token_hash', '=', hash(token))
        .execute();
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

/** The latest used first. */
export async function listSessions(db: Database, { tenantId, id }: Pick<Person, 'tenantId' | 'id'>, now: Date, { sessionIdleMs }: Pick<SessionLimits, 'sessionIdleMs'>): Promise<readonly SessionView[]> {
  const rows = await tables(db)
    .selectFrom('session')
    .select(['id', 'user_agent', 'created_at', 'last_seen_at', 'expires_at', 'factors'])
    .where('tenant_id', '=', tenantId)
    .where('subject_id', '=', id)
    .where('expires_at', '>', now)
    .where('last_seen_at', '>', new Date(now.getTime() - sessionIdleMs))
    .orderBy('last_seen_at', 'desc')
    .orderBy('id')
    .execute();
  return rows.map((row) => ({ id: row.id, userAgent: row.user_agent, createdAt: row.created_at, lastSeenAt: row.last_seen_at, expiresAt: row.expires_at, factors: toFactors(row.factors) }));
}

/** Returns how many. */
export async function endSessions(db: Database, { tenantId, id }: Pick<Person, 'tenantId' | 'id'>, which: { readonly only?: string; readonly except?: string | undefined } = {}): Promise<number> {
  let ended = tables(db).deleteFrom('session').where('tenant_id', '=', tenantId).where('subject_id', '=', id);
  if (which.only !== undefined) ended = ended.where('id', '=', which.only);
  if (which.except !== undefined) ended = ended.where('id', '<>', which.except);
  return Number((await ended.executeTakeFirst()).numDeletedRows);
}

/** Those that hold other roles than the person has by now (CWE-613), and the first of too many (ASVS 7.1.2). */
async function endSuperseded(db: Kysely<SessionTables>, { tenantId, id, roles }: Person, most: number): Promise<number> {
  const { numAffectedRows = 0n } = await sql`delete from session where tenant_id = ${tenantId} and subject_id = ${id} and (
    not (roles @> ${roles}::text[] and roles <@ ${roles}::text[])
    or id in (select id from session where tenant_id = ${tenantId} and subject_id = ${id} order by created_at desc, id offset ${most}))`.execute(db);
  return Number(numAffectedRows);
}

function tables(db: Database): Kysely<SessionTables> {
  return db.$extendTables<SessionTables>();
}

function toRow({ person, assurance, userAgent, provider }: NewSession, token: string, now: Date, expiresAt: Date): SessionTables['session'] {
  return {
    tenant_id: person.tenantId,
    id: randomUUID(),
    token_hash: hash(token),
    subject_id: person.id,
    subject_name: person.name,
    roles: [...person.roles],
    created_at: now,
    last_seen_at: now,
    expires_at: expiresAt,
    authenticated_at: assurance.authenticatedAt ?? null,
    factors: assurance.factors,
    user_agent: readable(userAgent),
    provider_session_id: provider?.sessionId ?? null,
    provider_tokens: provider === undefined ? null : sealTokens(provider.tokens, token),
    refreshed_at: now,
  };
}

function toEnd(row: Pick<SessionTables['session'], (typeof ENDED)[number]>, by: SessionEvent['by']): SessionEvent {
  return { action: 'sessions:end', sessionId: row.id, person: { tenantId: row.tenant_id, id: row.subject_id, name: row.subject_name }, by, details: {} };
}

/** SHA-256 suffices: the token is random, not a password (ASVS 11.4). */
function hash(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

function toSubject(row: Row, userAgent: string): Subject {
  return {
    tenantId: row.tenant_id,
    id: row.subject_id,
    name: row.subject_name,
    roles: row.roles.filter((role): role is Role => (ROLES as readonly string[]).includes(role)),
    credential: { kind: 'session', sessionId: row.id, expiresAt: row.expires_at },
    assurance: { factors: toFactors(row.factors), ...(row.authenticated_at === null ? {} : { authenticatedAt: row.authenticated_at }) },
    ...(isSameBrowser(row.user_agent, userAgent) ? {} : { risk: 'elevated' as const }),
  };
}

function toFactors(factors: number): Assurance['factors'] {
  return factors === 2 ? 2 : 1;
}

/** A browser that updates itself stays the same; a cookie that turns up in another kind of browser may be a stolen one. */
function isSameBrowser(kept: string, now: string): boolean {
  return kept === now || kept.replaceAll(/\d+/g, '') === readable(now).replaceAll(/\d+/g, '');
}

function readable(userAgent: string): string {
  return userAgent.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, LONGEST_USER_AGENT);
}
