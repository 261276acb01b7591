// Example accounts for the embedded database: none has a password, which its person sets by a mail at the mailbox.
// Tested by feature.test.ts: they sign in.
import type { Database, Role } from '#app/feature.ts';
import { createAccount } from './store.ts';

const PEOPLE: readonly (readonly [word: string, name: string, role: Role])[] = [
  ['mia', 'Mia Manager', 'manager'],
  ['carl', 'Carl Clerk', 'clerk'],
];

export async function seed({ db, tenantId, now }: { readonly db: Database; readonly tenantId: string; readonly now: Date }): Promise<void> {
  for (const [word, name, role] of PEOPLE) await createAccount(db, { tenantId, email: `${word}@${tenantId}.example`, name, roles: [role] }, now);
}
