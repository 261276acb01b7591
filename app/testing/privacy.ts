// People and the audit trail for tests, under keys of the test's own.
// Tested by sample-service.ts: every change there is recorded.
import { randomBytes, randomUUID } from 'node:crypto';
import { deriveAuditKey } from '#app/privacy/audit-keys.ts';
import { type AuditWriter, createAuditWriter } from '#app/privacy/audit-trail.ts';
import { createPeople, type PeopleDirectory } from '#app/privacy/people.ts';
import type { ServiceKey, ServiceKeys } from '#app/privacy/service-keys.ts';

export function makeServiceKeys(): ServiceKeys {
  const make = (): readonly [ServiceKey] => [{ id: randomUUID(), secret: randomBytes(32) }];
  return { audit: make(), people: make(), 'people-index': make() };
}

export interface TestPrivacy {
  readonly keys: ServiceKeys;
  readonly people: PeopleDirectory;
  /** Nobody seals what it writes. */
  readonly trail: AuditWriter;
}

export function createTestPrivacy({ clock = () => new Date(), keys = makeServiceKeys() }: { readonly clock?: () => Date; readonly keys?: ServiceKeys } = {}): TestPrivacy {
  return { keys, people: createPeople({ keys, clock }), trail: createAuditWriter(deriveAuditKey(keys.audit[0])) };
}
