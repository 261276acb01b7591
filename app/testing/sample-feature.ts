// A feature for tests of the platform: notes, kept in memory, with one operation of every kind.
import { z } from 'zod';
import { refuse } from '#app/errors.ts';
import { defineCommand, defineForm, definePage, definePublicForm, definePublicPage, defineQuery, type FeatureModule } from '#app/feature.ts';
import type { LoadedFeature } from '#app/features.ts';
import { html } from '#app/lib/html.ts';

const Note = z
  .strictObject({ id: z.string(), text: z.string(), version: z.int().min(1) })
  .meta({ id: 'Note', description: 'A note.' });
type Note = z.infer<typeof Note>;

const params = z.strictObject({ id: z.string().regex(/^[a-z0-9-]{1,20}$/) });
const noteText = z.string().min(1).max(100);

/** What the handlers did, for tests to look at. */
export interface SampleFeature extends LoadedFeature {
  readonly notes: Map<string, Note>;
  /** How often a command's handler ran. */
  readonly runs: { count: number };
}

export function createSampleFeature(): SampleFeature {
  const notes = new Map<string, Note>([['a-1', { id: 'a-1', text: 'first', version: 1 }]]);
  const runs = { count: 0 };

  const listNotes = defineQuery({
    operationId: 'listNotes',
    path: '/notes',
    summary: 'List notes',
    action: 'notes:read',
    query: z.strictObject({ limit: z.coerce.number().int().min(1).max(50).default(10), tag: z.array(z.string()).optional() }),
    responses: { 200: { description: 'The notes.', schema: z.strictObject({ notes: z.array(Note), limit: z.int(), tags: z.array(z.string()) }) } },
    handle({ query }) {
      return Promise.resolve({ status: 200, body: { notes: [...notes.values()].slice(0, query.limit), limit: query.limit, tags: query.tag ?? [] } });
    },
  });

  const readNote = defineQuery({
    operationId: 'readNote',
    path: '/notes/{id}',
    summary: 'Read a note',
    action: 'notes:read',
    params,
    responses: { 200: { description: 'The note.', schema: Note }, 404: { description: 'No such note.' } },
    handle({ params: { id } }) {
      const note = notes.get(id);
      return Promise.resolve(note ? { status: 200, body: note, version: note.version } : refuse(404, 'note-not-found', 'There is no such note.'));
    },
  });

  const createNote = defineCommand({
    operationId: 'createNote',
    method: 'post',
    path: '/notes',
    summary: 'Create a note',
    action: 'notes:write',
    body: z.strictObject({ id: z.string().regex(/^[a-z0-9-]{1,20}$/), text: noteText }),
    responses: { 201: { description: 'Created.', schema: Note }, 409: { description: 'The id is taken.' } },
    async handle({ body, publish }) {
      runs.count += 1;
      if (body.text === 'explode') throw new Error('canary-of-an-unknown-error');
      if (notes.has(body.id)) return refuse(409, 'note-exists', 'There is a note with this id.');
      const note = { ...body, version: 1 };
      notes.set(note.id, note);
      await publish({ type: 'sample.note.created.v1', subject: `notes/${note.id}`, data: { note } });
      return { status: 201, body: note, version: 1, location: `/api/v1/notes/${note.id}` };
    },
  });

  const changeNote = defineCommand({
    operationId: 'changeNote',
    method: 'patch',
    path: '/notes/{id}',
    summary: 'Change a note',
    action: 'notes:write',
    params,
    body: z.strictObject({ text: noteText }),
    precondition: 'if-match',
    responses: { 200: { description: 'Changed.', schema: Note }, 404: { description: 'No such note.' }, 412: { description: 'Changed by others.' } },
    handle({ params: { id }, body, matches }) {
      const note = notes.get(id);
      if (!note) return Promise.resolve(refuse(404, 'note-not-found', 'There is no such note.'));
      if (!matches(note.version)) return Promise.resolve(refuse(412, 'version-mismatch', 'The note has changed since you read it.'));
      const changed = { ...note, text: body.text, version: note.version + 1 };
      notes.set(id, changed);
      return Promise.resolve({ status: 200, body: changed, version: changed.version });
    },
  });

  const deleteNote = defineCommand({
    operationId: 'deleteNote',
    method: 'delete',
    path: '/notes/{id}',
    summary: 'Delete a note',
    action: 'notes:write',
    params,
    responses: { 204: { description: 'Deleted.' } },
    handle({ params: { id } }) {
      notes.delete(id);
      return Promise.resolve({ status: 204 });
    },
  });

  const notesPage = definePage({
    path: '/notes',
    action: 'notes:read',
    navigation: 'Notes',
    query: z.strictObject({ find: z.string().optional() }),
    handle({ query, subject, can }) {
      if (query.find === 'moved') return Promise.resolve({ redirect: '/notes' });
      if (query.find === 'gone') return Promise.resolve(refuse(410, 'note-gone', 'It is gone.'));
      return Promise.resolve({ title: 'Notes', body: html`<p>Hello ${subject.name}, you ${can('notes:write') ? 'write' : 'read'}: ${query.find}</p>` });
    },
  });

  const noteForm = defineForm({
    path: '/notes',
    action: 'notes:write',
    body: z.strictObject({ id: z.string().regex(/^[a-z0-9-]{1,20}$/), size: z.coerce.number().int() }),
    handle({ body }) {
      runs.count += 1;
      if (notes.has(body.id)) return Promise.resolve(refuse(409, 'note-exists', 'There is a note with this id.'));
      notes.set(body.id, { id: body.id, text: String(body.size), version: 1 });
      return Promise.resolve({ redirect: `/notes?find=${encodeURIComponent(body.id)}` });
    },
  });

  const doorPage = definePublicPage({
    path: '/door',
    query: z.strictObject({ return_to: z.string().optional() }),
    handle({ query, subject, address, kept, localPath }) {
      if (query.return_to === 'gone') return Promise.resolve(refuse(410, 'door-gone', 'It is gone.'));
      return Promise.resolve({ title: 'Door', body: html`<p>${subject?.name ?? 'nobody'} from ${address} to ${localPath(query.return_to)}, kept ${kept ?? 'nothing'}</p>` });
    },
  });

  const doorForm = definePublicForm({
    path: '/door',
    body: z.strictObject({ password: z.string(), return_to: z.string().optional() }),
    async handle({ body, db, endSessions, localPath }) {
      if (body.password === 'page') return { title: 'Again', status: 422, body: html`<p>Once more.</p>` };
      if (body.password !== 'open') return refuse(403, 'door-closed', 'No.');
      await endSessions(db, { tenantId: 'acme', id: 'account:keeper' });
      return { redirect: localPath(body.return_to), signIn: { person: { tenantId: 'acme', id: 'account:keeper', name: 'Keeper', roles: ['clerk'] }, factors: 1 }, keep: { value: 'known', maxAgeS: 60 } };
    },
  });

  const onceForm = defineForm({
    path: '/once',
    action: 'notes:write',
    body: z.strictObject({ sure: z.string() }),
    async handle({ endSessions, afterCommit, subject }) {
      runs.count += 1;
      await endSessions(subject);
      afterCommit(() => notes.set('after', { id: 'after', text: 'commit', version: 1 }));
      return { title: 'Once', body: html`<p>The secret is shown once.</p>`, keep: { value: 'seen', maxAgeS: 60 } };
    },
  });

  const feature = { operations: [listNotes, readNote, createNote, changeNote, deleteNote], pages: [notesPage, noteForm, onceForm], publicPages: [doorPage, doorForm] };
  const module: FeatureModule = {
    title: 'Notes',
    grants: { 'notes:read': ['viewer', 'clerk'], 'notes:write': ['clerk'] },
    events: { 'sample.note.created.v1': { action: 'notes:read', summary: 'A note was created.', data: z.strictObject({ note: Note }) } },
    create: () => feature,
  };
  return { name: 'sample', directory: import.meta.dirname, module, feature, notes, runs };
}
