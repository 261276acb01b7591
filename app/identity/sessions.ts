// The sessions of a person, as they see and end them: in the API and on a page.
import { z } from 'zod';
import { refuse } from '#app/errors.ts';
import { defineCommand, defineForm, definePage, defineQuery, type Operation, type PageRoute, ROLES, type Subject } from '#app/feature.ts';
import type { LoadedFeature } from '#app/features.ts';
import { describeBrowser } from '#app/identity/browser-name.ts';
import { endSessions, listSessions, type SessionLimits, type SessionView } from '#app/identity/session-store.ts';
import { renderSessions } from '#app/identity/sessions-view.ts';

export const SESSIONS_PATH = '/account/sessions';
/** A stolen cookie must not put its owner out (ASVS 7.5.2). */
const FRESH_S = 900;

/** What is shown of a session. */
export type ShownSession = z.infer<typeof sessionSchema>;

const sessionSchema = z
  .strictObject({
    id: z.uuid(),
    browser: z.string().meta({ description: 'What the browser seems to be.' }),
    createdAt: z.iso.datetime(),
    lastSeenAt: z.iso.datetime().meta({ description: 'To the minute.' }),
    expiresAt: z.iso.datetime().meta({ description: 'In any case; without a request it ends before.' }),
    factors: z.union([z.literal(1), z.literal(2)]).meta({ description: 'By how many factors the person signed in.' }),
    current: z.boolean().meta({ description: 'Whether it is the one that asks.' }),
  })
  .meta({ id: 'Session', description: 'A browser in which the person is signed in.' });
const endedSchema = z.strictObject({ ended: z.int().min(0) }).meta({ id: 'EndedSessions', description: 'How many sessions were ended.' });
const idParams = z.strictObject({ id: z.uuid() });
const subjectParams = z.strictObject({ subject: z.string().min(1).max(255) });

export interface SessionsParts {
  readonly limits: Pick<SessionLimits, 'sessionIdleMs'>;
  readonly onSessionEnd: () => void;
}

/** A part of the platform in the form of a feature, so that it stands in the documentation, the policy and the routes like any other. */
export function createSessionsFeature(parts: SessionsParts): LoadedFeature {
  const feature = { operations: createOperations(parts), pages: createPages(parts) };
  const module = { title: 'Sessions', grants: { 'sessions:read': ROLES, 'sessions:end': ROLES, 'sessions:administer': ['manager'] as const }, rules: { stepUp: { 'sessions:end': { maxAgeS: FRESH_S, factors: 1 as const } } }, events: {}, create: () => feature };
  return { name: 'identity', directory: import.meta.dirname, module, feature };
}

function createOperations({ limits, onSessionEnd }: SessionsParts): readonly Operation[] {
  return [
    defineQuery({
      operationId: 'listSessions',
      path: '/sessions',
      summary: 'List your sessions',
      description: 'The browsers in which you are signed in, the latest used first.',
      action: 'sessions:read',
      responses: { 200: { description: 'Your sessions.', schema: z.strictObject({ sessions: z.array(sessionSchema) }) } },
      async handle({ db, subject, now }) {
        const sessions = await listSessions(db, subject, now, limits);
        return { status: 200, body: { sessions: sessions.map((session) => toBody(session, subject)) } };
      },
    }),
    defineCommand({
      operationId: 'endSession',
      method: 'delete',
      path: '/sessions/{id}',
      summary: 'End one of your sessions',
      description: 'Its browser is signed out at once, its live streams included.',
      action: 'sessions:end',
      params: idParams,
      responses: { 204: { description: 'It has ended.' }, 404: { description: '`session-not-found`: you have no such session.' } },
      async handle({ db, subject, params, afterCommit }) {
        const ended = await endSessions(db, subject, { only: params.id });
        if (ended === 0) return refuse(404, 'session-not-found', 'You have no such session.');
        afterCommit(onSessionEnd);
        return { status: 204 };
      },
    }),
    defineCommand({
      operationId: 'endOtherSessions',
      method: 'delete',
      path: '/sessions',
      summary: 'End your sessions',
      description: 'All of them, but for the one that asks.',
      action: 'sessions:end',
      responses: { 200: { description: 'They have ended.', schema: endedSchema } },
      async handle({ db, subject, afterCommit }) {
        const ended = await endSessions(db, subject, { except: currentOf(subject) });
        afterCommit(onSessionEnd);
        return { status: 200, body: { ended } };
      },
    }),
    defineCommand({
      operationId: 'endSessionsOfPerson',
      method: 'delete',
      path: '/people/{subject}/sessions',
      summary: 'End the sessions of a person of your tenant',
      description: 'For who has lost a device or left. Tokens of programs last until they expire.',
      action: 'sessions:administer',
      params: subjectParams,
      responses: { 200: { description: 'They have ended.', schema: endedSchema } },
      async handle({ db, subject, params, afterCommit }) {
        const ended = await endSessions(db, { tenantId: subject.tenantId, id: params.subject });
        afterCommit(onSessionEnd);
        return { status: 200, body: { ended } };
      },
    }),
  ];
}

const DONE = ['ended', 'others'] as const;

function createPages({ limits, onSessionEnd }: SessionsParts): readonly PageRoute[] {
  return [
    definePage({
      path: SESSIONS_PATH,
      action: 'sessions:read',
      query: z.strictObject({ done: z.enum(DONE).optional() }),
      async handle({ db, subject, query, now }) {
        const sessions = await listSessions(db, subject, now, limits);
        return { title: 'Sessions', body: renderSessions({ sessions: sessions.map((session) => toBody(session, subject)), done: query.done, now }) };
      },
    }),
    defineForm({
      path: `${SESSIONS_PATH}/end`,
      action: 'sessions:end',
      // One that has ended by itself in the meantime is as good.
      body: idParams,
      async handle({ db, subject, body, afterCommit }) {
        await endSessions(db, subject, { only: body.id });
        afterCommit(onSessionEnd);
        return { redirect: `${SESSIONS_PATH}?done=ended` };
      },
    }),
    defineForm({
      path: `${SESSIONS_PATH}/end-others`,
      action: 'sessions:end',
      body: z.strictObject({ all: z.literal('others') }),
      async handle({ db, subject, afterCommit }) {
        await endSessions(db, subject, { except: currentOf(subject) });
        afterCommit(onSessionEnd);
        return { redirect: `${SESSIONS_PATH}?done=others` };
      },
    }),
  ];
}

function toBody({ userAgent, createdAt, lastSeenAt, expiresAt, ...session }: SessionView, subject: Subject): ShownSession {
  return { ...session, browser: describeBrowser(userAgent), createdAt: createdAt.toISOString(), lastSeenAt: lastSeenAt.toISOString(), expiresAt: expiresAt.toISOString(), current: session.id === currentOf(subject) };
}

function currentOf({ credential }: Subject): string | undefined {
  return credential.kind === 'session' ? credential.sessionId : undefined;
}
