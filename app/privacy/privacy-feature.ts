// What the service keeps about a person, as they see, take along and erase it; and what auditors read.
import { z } from 'zod';
import { isRefusal, refuse, type Refusal } from '#app/errors.ts';
import { defineCommand, defineForm, definePage, definePublicPage, defineQuery, type Operation, type PageRoute, ROLES, type Streamed, type Subject, type WriteContext } from '#app/feature.ts';
import type { LoadedFeature } from '#app/features.ts';
import { auditEntrySchema, auditPageQuery, listAudit } from '#app/privacy/audit-list.ts';
import { renderData, renderErased } from '#app/privacy/data-view.ts';
import type { PeopleDirectory } from '#app/privacy/people.ts';
import { writeExport } from '#app/privacy/personal-export.ts';
import { countRows, eraseRows, exportTables, type Whose } from '#app/privacy/personal-rows.ts';
import type { Register } from '#app/privacy/register.ts';

export const DATA_PATH = '/account/data';
const ERASED_PATH = '/account/erased';
/** As long as a sign-in that somebody has just made. */
const FRESH_S = 900;

const exportedTable = z.strictObject({
  table: z.string(),
  purpose: z.string(),
  basis: z.string(),
  kept: z.string(),
  columns: z.record(z.string(), z.string()).meta({ description: 'What each column is.' }),
  withheld: z.record(z.string(), z.string()).meta({ description: 'What is kept and can’t be shown: secrets.' }),
  rows: z.array(z.record(z.string(), z.unknown())),
});
export const exportSchema = z
  .strictObject({ subject: z.string(), person: z.uuid().optional().meta({ description: 'The id by which records name them.' }), exportedAt: z.iso.datetime(), tables: z.array(exportedTable) })
  .meta({ id: 'PersonalDataExport', description: 'Everything that is kept about a person (GDPR, Articles 15 and 20).' });
const erasureSchema = z.strictObject({ erased: z.int().min(0) }).meta({ id: 'Erasure', description: 'How many rows were removed; what records keep leads to nobody any more.' });
const subjectParams = z.strictObject({ subject: z.string().min(1).max(255) });
const UNKNOWN = { description: '`person-unknown`: nothing is kept about such a person.' };

export interface PrivacyParts {
  readonly people: PeopleDirectory;
  readonly register: Register;
  /** Sessions were ended. */
  readonly onSessionEnd: () => void;
}

/** A part of the platform in the form of a feature, so that it stands in the documentation, the policy and the routes like any other. */
export function createPrivacyFeature(parts: PrivacyParts): LoadedFeature {
  const feature = { operations: [...createOwn(parts), ...createForOthers(parts), auditOperation], pages: createPages(parts), publicPages: [definePublicPage({ path: ERASED_PATH, handle: () => Promise.resolve({ title: 'Erased', body: renderErased() }) })] };
  const module = {
    title: 'Personal data',
    grants: { 'own-data:read': ROLES, 'own-data:export': ROLES, 'own-data:erase': ROLES, 'people:export': ['manager'] as const, 'people:erase': ['manager'] as const, 'audit:read': ['auditor'] as const },
    rules: { stepUp: Object.fromEntries((['own-data:export', 'own-data:erase', 'people:export', 'people:erase'] as const).map((action) => [action, { maxAgeS: FRESH_S, factors: 1 as const }])) },
    events: {},
    create: () => feature,
  };
  return { name: 'privacy', directory: import.meta.dirname, module, feature };
}

const auditOperation = defineQuery({
  operationId: 'listAuditEntries',
  path: '/audit-entries',
  summary: 'Read the audit trail of your tenant',
  description: 'The newest first. `position` and `chainHash` are there once an entry is in the chain, within a second or so.',
  action: 'audit:read',
  query: auditPageQuery,
  responses: { 200: { description: 'A page of entries.', schema: z.strictObject({ entries: z.array(auditEntrySchema), nextCursor: z.string().nullable() }) }, 400: { description: 'A parameter is not valid.' } },
  async handle({ db, people, subject, query }) {
    const page = await listAudit(db, people, subject.tenantId, query);
    return isRefusal(page) ? page : { status: 200, body: page };
  },
});

function createOwn(parts: PrivacyParts): readonly Operation[] {
  return [
    defineCommand({
      operationId: 'exportOwnData',
      method: 'post',
      path: '/me/export',
      summary: 'Export everything that is kept about you',
      action: 'own-data:export',
      streams: true,
      responses: { 200: { description: 'All of it.', schema: exportSchema } },
      handle: (context) => Promise.resolve({ status: 200, stream: exportPerson(parts, context, { ...whoseOwn(context), personId: context.actor }) }),
    }),
    defineCommand({
      operationId: 'eraseOwnData',
      method: 'delete',
      path: '/me',
      summary: 'Erase what is kept about you',
      description: 'Your sessions end. Records of what happened stay, and lead to nobody any more. Who signs in again is somebody new.',
      action: 'own-data:erase',
      responses: { 200: { description: 'It is erased.', schema: erasureSchema } },
      async handle(context) {
        return { status: 200, body: { erased: await erasePerson(parts, context, { ...whoseOwn(context), personId: context.actor }) } };
      },
    }),
  ];
}

function createForOthers(parts: PrivacyParts): readonly Operation[] {
  return [
    defineCommand({
      operationId: 'exportPerson',
      method: 'post',
      path: '/people/{subject}/export',
      summary: 'Export everything that is kept about a person of your tenant',
      description: 'For who asks you, and can’t sign in.',
      action: 'people:export',
      params: subjectParams,
      streams: true,
      responses: { 200: { description: 'All of it.', schema: exportSchema }, 404: UNKNOWN },
      async handle(context) {
        const whose = await findPerson(parts, context, context.params.subject);
        return isRefusal(whose) ? whose : { status: 200, stream: exportPerson(parts, context, whose) };
      },
    }),
    defineCommand({
      operationId: 'erasePerson',
      method: 'delete',
      path: '/people/{subject}',
      summary: 'Erase what is kept about a person of your tenant',
      action: 'people:erase',
      params: subjectParams,
      responses: { 200: { description: 'It is erased.', schema: erasureSchema }, 404: UNKNOWN },
      async handle(context) {
        const whose = await findPerson(parts, context, context.params.subject);
        return isRefusal(whose) ? whose : { status: 200, body: { erased: await erasePerson(parts, context, whose) } };
      },
    }),
  ];
}

function createPages(parts: PrivacyParts): readonly PageRoute[] {
  return [
    definePage({
      path: DATA_PATH,
      action: 'own-data:read',
      personal: 'Your data',
      async handle({ db, subject }) {
        const whose = { tenantId: subject.tenantId, subjectId: subject.id, personId: await parts.people.find(db, subject.tenantId, subject.id) };
        return { title: 'Your data', body: renderData({ register: parts.register, counts: await countRows(db, parts.register, whose) }) };
      },
    }),
    defineForm({
      path: `${DATA_PATH}/export`,
      action: 'own-data:export',
      body: z.strictObject({ all: z.literal('export') }),
      handle: (context) => Promise.resolve({ download: { fileName: 'personal-data.json', stream: exportPerson(parts, context, { ...whoseOwn(context), personId: context.actor }) } }),
    }),
    defineForm({
      path: `${DATA_PATH}/erase`,
      action: 'own-data:erase',
      body: z.strictObject({ sure: z.literal('erase') }),
      async handle(context) {
        await erasePerson(parts, context, { ...whoseOwn(context), personId: context.actor });
        return { redirect: ERASED_PATH };
      },
    }),
  ];
}

type Context = Pick<WriteContext<unknown, unknown>, 'subject' | 'actor' | 'db' | 'people' | 'record' | 'afterCommit' | 'now'>;

function whoseOwn({ subject }: { readonly subject: Subject }): Pick<Whose, 'tenantId' | 'subjectId'> {
  return { tenantId: subject.tenantId, subjectId: subject.id };
}

/** A person is known by a record, or by a session alone. */
async function findPerson({ people, register }: PrivacyParts, { db, subject }: Context, subjectId: string): Promise<Whose | Refusal> {
  const whose = { tenantId: subject.tenantId, subjectId, personId: await people.find(db, subject.tenantId, subjectId) };
  const counts = await countRows(db, register, whose);
  return [...counts.values()].some((count) => count > 0) ? whose : refuse(404, 'person-unknown', 'Nothing is kept about such a person.');
}

function exportPerson({ register }: PrivacyParts, { record, now }: Context, whose: Whose): Streamed['stream'] {
  record({ resource: resourceOf(whose) });
  const { subjectId: subject, personId: person } = whose;
  const head = { subject, ...(person === undefined ? {} : { person }), exportedAt: now.toISOString() };
  return ({ db, people }) => writeExport(head, exportTables(db, register, whose, people));
}

async function erasePerson({ people, register, onSessionEnd }: PrivacyParts, { db, people: own, record, afterCommit }: Context, whose: Whose): Promise<number> {
  const { tenantId, subjectId, personId } = whose;
  const known = personId === undefined ? undefined : (await own.known([personId])).get(personId);
  const erased = await eraseRows(db, register, whose, [subjectId, ...(known === undefined ? [] : [known.name])]);
  record({ resource: resourceOf(whose), details: { erased } });
  afterCommit(() => {
    if (personId !== undefined) people.forget(tenantId, personId);
    onSessionEnd();
  });
  return erased;
}

/** The trail keeps no name, and no id of the provider. */
function resourceOf({ personId }: Whose): string {
  return personId === undefined ? '/people' : `/people/${personId}`;
}
