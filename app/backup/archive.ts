// What may be kept for longer than an erasure takes: tables in which nobody can be read once their key is gone.
import type { PersonalData } from '#app/feature.ts';
import { PLATFORM_DATA } from '#app/privacy/register.ts';

/** Sealed, row by row, under keys that no archive has. */
const SEALED = 'person';

/** All else is left out, a table that nobody knows included: whose erasure removes rows, blanks them, or lets them expire, and the keys above all. */
export function listArchivedTables(owners: readonly { readonly personalData?: PersonalData | undefined }[]): readonly string[] {
  const all = [PLATFORM_DATA, ...owners.flatMap(({ personalData }) => personalData ?? [])];
  return all.flatMap(({ personal, impersonal }) => [...personal.filter(({ table, erasure }) => erasure === 'unlink' || table === SEALED).map(({ table }) => table), ...Object.keys(impersonal)]);
}
