// The people whom records name: each by a random id, with the name apart and encrypted under a key of their own.
import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import type { Kysely } from 'kysely';
import { z } from 'zod';
import type { Database, KnownPerson, People, Subject } from '#app/feature.ts';
import { KEY_BYTES, open, seal } from '#app/lib/sealed.ts';
import { createMemory } from '#app/privacy/memory.ts';
import type { ServiceKeys } from '#app/privacy/service-keys.ts';

export type PeopleTables = {
  person: { tenant_id: string; id: string; sealed: Buffer; seen_at: Date };
  person_key: { tenant_id: string; person_id: string; subject_digest: Buffer; wrapped: Buffer; service_key: string };
};
type PersonKeyRow = PeopleTables['person_key'];
type Row = Pick<PersonKeyRow, 'person_id' | 'wrapped' | 'service_key'> & { readonly sealed: Buffer | null; readonly seen_at: Date | null };

const identity = z.strictObject({ subject: z.string(), name: z.string() });
const DAY_MS = 24 * 60 * 60_000;
/** For so long another process may still show the name of somebody who was erased. */
const REMEMBERED_MS = 60_000;
const MOST_REMEMBERED = 10_000;

interface Opened extends KnownPerson {
  readonly personId: string;
  readonly key: Buffer;
  readonly seenAt: Date;
}

export interface PeopleDirectory {
  /** Bound to a tenant and to whoever's connection or transaction it is. */
  of(db: Database, tenantId: string): People;
  /** The id of who is known, undefined for anybody else; makes nobody. */
  find(db: Database, tenantId: string, subjectId: string): Promise<string | undefined>;
  /** Removes who they are and the key with it: what was encrypted under it, backups included, is noise from then on. In the caller's transaction. */
  erase(tx: Database, tenantId: string, personId: string): Promise<void>;
  /** Once the erasure is committed. */
  forget(tenantId: string, personId: string): void;
  /** Wraps keys anew that older service keys wrap; returns how many. */
  rewrap(db: Database, most: number): Promise<number>;
}

export interface PeopleParts {
  readonly keys: Pick<ServiceKeys, 'people' | 'people-index'>;
  readonly clock: () => Date;
}

export function createPeople({ keys, clock }: PeopleParts): PeopleDirectory {
  const { people, 'people-index': [index] } = keys;
  const [current] = people;
  const memory = createMemory<Opened>({ most: MOST_REMEMBERED, keptMs: REMEMBERED_MS, clock });
  const idsBySubject = createMemory<string>({ most: MOST_REMEMBERED, keptMs: REMEMBERED_MS, clock });

  const digestOf = (tenantId: string, subjectId: string) => createHmac('sha256', index.secret).update(`${tenantId}\0${subjectId}`).digest();

  function openRow(tenantId: string, { person_id: personId, wrapped, service_key: serviceKey, sealed, seen_at: seenAt }: Row): Opened | undefined {
    const wrapping = people.find(({ id }) => id === serviceKey)?.secret;
    const key = wrapping && open(wrapping, wrapped, keyContext(tenantId, personId));
    const plain = key && sealed && open(key, sealed, identityContext(tenantId, personId));
    if (!key || !plain || !seenAt) return undefined;
    const { subject, name } = identity.parse(JSON.parse(plain.toString()));
    return { personId, key, subjectId: subject, name, seenAt };
  }

  async function read(db: Database, tenantId: string, ids: readonly string[]): Promise<void> {
    const rows = await select(db).where('person_key.tenant_id', '=', tenantId).where('person_id', 'in', [...ids]).execute();
    for (const row of rows) {
      const person = openRow(tenantId, row);
      if (person !== undefined) memory.set(nameOf(tenantId, person.personId), person);
    }
  }

  async function readBySubject(db: Database, tenantId: string, subjectId: string): Promise<Opened | undefined> {
    const remembered = idsBySubject.get(nameOf(tenantId, subjectId));
    const known = remembered && memory.get(nameOf(tenantId, remembered));
    if (known) return known;
    const row = await select(db).where('person_key.tenant_id', '=', tenantId).where('subject_digest', '=', digestOf(tenantId, subjectId)).executeTakeFirst();
    const person = row && openRow(tenantId, row);
    if (person === undefined) return undefined;
    memory.set(nameOf(tenantId, person.personId), person);
    idsBySubject.set(nameOf(tenantId, subjectId), person.personId);
    return person;
  }

  /** Not remembered before it is read again: the transaction that makes a person may be undone. */
  async function make(db: Database, tenantId: string, { id, name }: Pick<Subject, 'id' | 'name'>): Promise<string> {
    const [personId, key] = [randomUUID(), randomBytes(KEY_BYTES)];
    const made = await tables(db)
      .insertInto('person_key')
      .values({ tenant_id: tenantId, person_id: personId, subject_digest: digestOf(tenantId, id), wrapped: seal(current.secret, key, keyContext(tenantId, personId)), service_key: current.id })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst();
    // Somebody was faster, and has committed by now.
    if (made.numInsertedOrUpdatedRows !== 1n) return (await readBySubject(db, tenantId, id))?.personId ?? make(db, tenantId, { id, name });
    await tables(db).insertInto('person').values({ tenant_id: tenantId, id: personId, sealed: sealIdentity(key, tenantId, personId, { id, name }), seen_at: dayOf(clock()) }).execute();
    return personId;
  }

  async function idOf(db: Database, tenantId: string, subject: Pick<Subject, 'id' | 'name'>): Promise<string> {
    const person = await readBySubject(db, tenantId, subject.id);
    if (person === undefined) return make(db, tenantId, subject);
    const { personId, key, name, seenAt } = person;
    const today = dayOf(clock());
    if (name !== subject.name || seenAt < today) {
      await tables(db).updateTable('person').set({ sealed: sealIdentity(key, tenantId, personId, subject), seen_at: today }).where('tenant_id', '=', tenantId).where('id', '=', personId).execute();
      forget(tenantId, personId);
    }
    return personId;
  }

  async function keyOf(db: Database, tenantId: string, personId: string): Promise<Buffer | undefined> {
    if (memory.get(nameOf(tenantId, personId)) === undefined) await read(db, tenantId, [personId]);
    return memory.get(nameOf(tenantId, personId))?.key;
  }

  function forget(tenantId: string, personId: string): void {
    const person = memory.get(nameOf(tenantId, personId));
    if (person !== undefined) idsBySubject.delete(nameOf(tenantId, person.subjectId));
    memory.delete(nameOf(tenantId, personId));
  }

  return {
    of: (db, tenantId) => ({
      idOf: (subject) => idOf(db, tenantId, subject),
      async known(ids) {
        const wanted = [...new Set(ids)];
        const unread = wanted.filter((id) => memory.get(nameOf(tenantId, id)) === undefined);
        if (unread.length > 0) await read(db, tenantId, unread);
        return new Map(wanted.flatMap((id) => {
          const person = memory.get(nameOf(tenantId, id));
          return person === undefined ? [] : [[id, { subjectId: person.subjectId, name: person.name }]];
        }));
      },
      async seal(personId, text, place) {
        const key = await keyOf(db, tenantId, personId);
        if (key === undefined) throw new TypeError('Nothing can be encrypted for a person who is not known.');
        return seal(key, Buffer.from(text), `${tenantId} ${personId} ${place}`);
      },
      async open(personId, sealed, place) {
        const key = await keyOf(db, tenantId, personId);
        return key && open(key, sealed, `${tenantId} ${personId} ${place}`)?.toString();
      },
    }),
    find: async (db, tenantId, subjectId) => (await readBySubject(db, tenantId, subjectId))?.personId,
    async erase(tx, tenantId, personId) {
      await tables(tx).deleteFrom('person_key').where('tenant_id', '=', tenantId).where('person_id', '=', personId).execute();
      await tables(tx).deleteFrom('person').where('tenant_id', '=', tenantId).where('id', '=', personId).execute();
    },
    forget,
    async rewrap(db, most) {
      const rows = await tables(db).selectFrom('person_key').selectAll().where('service_key', '<>', current.id).limit(most).execute();
      for (const row of rows) {
        const wrapping = people.find(({ id }) => id === row.service_key)?.secret;
        const context = keyContext(row.tenant_id, row.person_id);
        const key = wrapping && open(wrapping, row.wrapped, context);
        if (key === undefined) throw new TypeError('The key of a person can\'t be opened: its service key is gone, or the row was changed.');
        await tables(db).updateTable('person_key').set({ wrapped: seal(current.secret, key, context), service_key: current.id }).where('tenant_id', '=', row.tenant_id).where('person_id', '=', row.person_id).execute();
      }
      return rows.length;
    },
  };
}

function select(db: Database) {
  return tables(db)
    .selectFrom('person_key')
    .leftJoin('person', (join) => join.onRef('person.tenant_id', '=', 'person_key.tenant_id').onRef('person.id', '=', 'person_key.person_id'))
    .select(['person_id', 'wrapped', 'service_key', 'sealed', 'seen_at']);
}

function sealIdentity(key: Buffer, tenantId: string, personId: string, { id, name }: Pick<Subject, 'id' | 'name'>): Buffer {
  return seal(key, Buffer.from(JSON.stringify({ subject: id, name } satisfies z.infer<typeof identity>)), identityContext(tenantId, personId));
}

function keyContext(tenantId: string, personId: string): string {
  return `person key ${tenantId} ${personId}`;
}

function identityContext(tenantId: string, personId: string): string {
  return `person ${tenantId} ${personId}`;
}

function nameOf(tenantId: string, id: string): string {
  return `${tenantId}\0${id}`;
}

function dayOf(now: Date): Date {
  return new Date(Math.floor(now.getTime() / DAY_MS) * DAY_MS);
}

function tables(db: Database): Kysely<PeopleTables> {
  return db.$extendTables<PeopleTables>();
}
