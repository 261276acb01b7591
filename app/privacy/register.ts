// The register of personal data: what the platform's own tables hold of people, why, on what basis, and for how long.
import type { PersonalData, PersonalTable } from '#app/feature.ts';

/** Three years, the limitation of most claims (§ 195 of the German Civil Code); a fork sets what holds for it. */
export const PERSON_KEPT_DAYS = 1_096;

/** For how long, where a setting says so. */
export interface KeptSettings {
  readonly identity: { readonly sessionIdleMs: number; readonly sessionAbsoluteMs: number };
  readonly live: { readonly retentionMs: number };
}

export function describePlatformData({ identity, live }: KeptSettings): PersonalData {
  return {
    personal: [
      {
        table: 'session',
        purpose: 'Keeps a person signed in, shows them where, and lets them end it',
        basis: 'contract',
        kept: `until it ends: after ${describeHours(identity.sessionIdleMs)} without a request, ${describeHours(identity.sessionAbsoluteMs)} at most`,
        rows: { column: 'subject_id', holds: 'subject' },
        columns: {
          id: 'the session',
          subject_id: 'who it is, as the identity provider says',
          subject_name: 'their name',
          roles: 'what they may do',
          created_at: 'when they signed in',
          last_seen_at: 'when they were last here',
          expires_at: 'when it ends',
          authenticated_at: 'when they proved who they are',
          factors: 'by how many factors',
          user_agent: 'what their browser calls itself',
          refreshed_at: 'when the provider last confirmed it',
          provider_session_id: { what: 'the provider’s name of the session', form: 'secret' },
          token_hash: { what: 'the digest of their cookie', form: 'secret' },
          provider_tokens: { what: 'the provider’s tokens, encrypted', form: 'secret' },
          id_token: { what: 'not used any more', form: 'secret' },
        },
        otherColumns: ['tenant_id'],
        erasure: 'delete',
      },
      {
        table: 'idempotency_key',
        purpose: 'Answers a request that is sent twice as it was answered at first',
        basis: 'contract',
        kept: '24 hours',
        rows: { column: 'subject_id', holds: 'subject' },
        columns: { subject_id: 'who sent the request', operation_id: 'what it asked for', key: 'its key', body: { what: 'what it was answered, a copy of what the other tables hold', form: 'secret' }, headers: { what: 'and under which headers', form: 'secret' }, created_at: 'when' },
        otherColumns: ['tenant_id', 'fingerprint', 'status'],
        erasure: 'delete',
      },
      {
        table: 'outbox_event',
        purpose: 'Tells the live sessions of the organisation what has changed',
        basis: 'contract',
        kept: describeHours(live.retentionMs),
        rows: { column: 'actor', holds: 'person' },
        columns: { actor: 'who did it, by the id of records', type: 'what happened', subject: 'to what', occurred_at: 'when', data: 'the change, with the name of who did it where the event has one' },
        otherColumns: ['tenant_id', 'id', 'sequence', 'position', 'sequenced_at', 'traceparent'],
        erasure: 'blank',
      },
      {
        table: 'audit_entry',
        purpose: 'Shows afterwards who did what',
        basis: 'legitimate interests',
        kept: 'as long as the organisation; its people stand in it by an id alone',
        rows: { column: 'actor', holds: 'person' },
        columns: { actor: 'who did it, by the id of records', action: 'what', resource: 'to what', occurred_at: 'when', request_id: 'in which request', details: 'and how' },
        otherColumns: ['tenant_id', 'id', 'sequence', 'mac', 'position', 'chain_hash'],
        erasure: 'unlink',
      },
      {
        table: 'sign_in_limit',
        purpose: 'Slows down who guesses at sign-ins',
        basis: 'legitimate interests',
        kept: 'a minute',
        rows: { unknown: 'it counts addresses, from which nobody is known yet' },
        columns: { key: 'the address of a client' },
        otherColumns: ['points', 'expire'],
        erasure: 'expires',
      },
      {
        table: 'person_key',
        purpose: 'Keeps a person’s data unreadable without this key, backups included',
        basis: 'legal obligation',
        kept: 'as long as the person; its backups for 30 days',
        rows: { column: 'person_id', holds: 'person' },
        columns: { person_id: 'the id of records', subject_digest: { what: 'to find them by', form: 'secret' }, wrapped: { what: 'the key, encrypted', form: 'secret' } },
        otherColumns: ['tenant_id', 'service_key'],
        erasure: 'delete',
      },
      {
        table: 'person',
        purpose: 'Names who did what, wherever records show it',
        basis: 'contract',
        // The row itself goes by an erasure of all that is theirs (retention.ts), not alone.
        kept: `${PERSON_KEPT_DAYS} days after their last visit`,
        rows: { column: 'id', holds: 'person' },
        columns: { id: 'the id of records', sealed: { what: 'their name, and the id that the identity provider knows them by', form: 'sealed' }, seen_at: 'the day of their last visit' },
        otherColumns: ['tenant_id'],
        erasure: 'delete',
      },
    ],
    impersonal: {
      schema_migrations: 'tells of the schema',
      service_key: 'keys of the service',
      outbox_horizon: 'how far events are gone',
      audit_checkpoint: 'signatures over the audit trail',
    },
  };
}

function describeHours(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  return minutes % 60 === 0 ? `${minutes / 60} hours` : `${minutes} minutes`;
}

/** What points to a row before the row itself: the features' first, and who the person is last of all. */
export function collectRegister(owners: readonly { readonly title: string; readonly personalData?: PersonalData | undefined }[], settings: KeptSettings): readonly (PersonalTable & { readonly owner: string })[] {
  const features = owners.flatMap(({ title, personalData }) => (personalData?.personal ?? []).map((table) => ({ ...table, owner: title })));
  return [...features, ...describePlatformData(settings).personal.map((table) => ({ ...table, owner: 'Platform' }))];
}

export type Register = ReturnType<typeof collectRegister>;
