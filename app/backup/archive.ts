// What may be kept for longer than an erasure takes: tables in which nobody can be read once their key is gone.
import type { PersonalData } from '#app/feature.ts';
import { describePlatformData, type KeptSettings } from '#app/privacy/register.ts';

/** Sealed, row by row, under keys that no archive has. */
const SEALED = 'person';
/** For how long is not asked here. */
const ANY: KeptSettings = { identity: { sessionIdleMs: 0, sessionAbsoluteMs: 0 }, live: { retentionMs: 0 } };

/** All else is left out, a table that nobody knows included: whose erasure removes rows, blanks them, or lets them expire, and the keys above all. */
export function listArchivedTables(owners: readonly { readonly personalData?: PersonalData | undefined }[]): readonly string[] {
  const all = [describePlatformData(ANY), ...owners.flatMap(({ personalData }) => personalData ?? [])];
  return all.flatMap(({ personal, impersonal }) => [...personal.filter(({ table, erasure }) => erasure === 'unlink' || table === SEALED).map(({ table }) => table), ...Object.keys(impersonal)]);
}
