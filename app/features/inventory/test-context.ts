// What a handler is given, made for tests: a subject of a tenant, a database and a list of what was published.
// Tested by changes.test.ts: every case there goes through it.
import { createHash } from 'node:crypto';
import { pino } from 'pino';
import type { Database, EventDraft, KnownPerson, People, ReadContext, RequestAccess, Role, Subject, WriteContext } from '#app/feature.ts';
import { SENSITIVITIES } from './item.ts';
import type { View } from './store.ts';

export const silentLog = pino({ level: 'silent' });

export function subjectOf(tenantId: string, role: Role = 'manager', name = 'Mara Manager'): Subject {
  return { tenantId, id: role, name, roles: [role], credential: { kind: 'bearer', expiresAt: new Date('2999-01-01') } };
}

/** Whoever may do everything. */
const ALL: RequestAccess = { obligations: { omit: [], sensitivities: SENSITIVITIES }, decide: () => ({ allowed: true, reason: 'granted', obligations: ALL.obligations }) };

/** A tenant’s rows, whatever their sensitivity. */
export function allOf(tenantId: string): View {
  return { tenantId, sensitivities: SENSITIVITIES };
}

/** Everybody is known who was named once; nothing is encrypted. The platform's own is tested beside it. */
const named = new Map<string, KnownPerson>();
const people: People = {
  idOf: (person) => Promise.resolve(actorOf(person)),
  known: (ids) => Promise.resolve(new Map([...named].filter(([id]) => new Set(ids).has(id)))),
  seal: () => Promise.reject(new Error('The sample encrypts nothing for a person.')),
  open: () => Promise.reject(new Error('The sample encrypts nothing for a person.')),
};

/** The same for the same person. */
export function actorOf({ id, name }: Pick<Subject, 'id' | 'name'>): string {
  const actor = createHash('sha256').update(id).digest('hex').replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, '$1-$2-4$3-8$4-$5');
  named.set(actor, { subjectId: id, name });
  return actor;
}

export interface ContextOptions {
  readonly subject?: Subject;
  readonly now?: Date;
  /** The version that `If-Match` names; without it, whatever is there. */
  readonly ifMatch?: number;
  readonly published?: EventDraft[];
}

export function writeContext(db: Database, options: ContextOptions = {}): WriteContext<undefined, undefined> {
  return {
    ...readContext(db, options),
    body: undefined,
    actor: actorOf(options.subject ?? subjectOf('acme')),
    record: () => undefined,
    people,
    publish(event) {
      options.published?.push(event);
      return Promise.resolve();
    },
    endSessions: () => Promise.reject(new Error('No operation of the sample ends sessions.')),
    afterCommit: () => undefined,
    matches: (version) => options.ifMatch === undefined || options.ifMatch === version,
  };
}

export function readContext(db: Database, options: ContextOptions = {}): ReadContext<undefined, undefined> {
  const { subject = subjectOf('acme'), now = new Date('2026-11-23T09:00:00.000Z') } = options;
  return { subject, access: ALL, db, people, now, params: undefined, query: undefined, log: silentLog, requestId: 'test' };
}
