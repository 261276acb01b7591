// The connection to PostgreSQL, the same for the embedded one and for a server.
import type { Logger } from 'pino';
import type { Config } from '#app/config.ts';
import type { PoolView } from '#app/data/connection-pool.ts';
import { openServerDatabase } from '#app/data/server-database.ts';
import type { Database } from '#app/feature.ts';

export interface OpenDatabase {
  readonly kind: 'embedded' | 'server';
  /** For people; without credentials. */
  readonly address: string;
  /** The platform's own work, over all tenants: row-level security keeps it from most of a feature's rows. */
  readonly db: Database;
  /** Row-level security shows and takes this tenant's rows alone. Cheap: one for each request. */
  forTenant(tenantId: string, options?: { readonly readOnly?: boolean }): Database;
  /** As the owner of the schema, for work that may take longer than a request: migrations. Absent where another process does that. */
  maintain?<T>(work: (db: Database) => Promise<T>): Promise<T>;
  /** After a lost connection it listens again and calls `onNotify('')` once: notifications may have been missed. Not inside a transaction. */
  listen(channel: string, onNotify: (payload: string) => void): Promise<() => Promise<void>>;
  /** Outside any transaction: inside one, its commit takes a lock of the whole server. */
  notify(channel: string, payload: string): Promise<void>;
  readonly pool: PoolView;
  /** Rejects when the database does not answer. */
  check(timeoutMs: number): Promise<void>;
  close(): Promise<void>;
}

export async function openDatabase(config: Config['database'], { log }: { readonly log: Logger }): Promise<OpenDatabase> {
  if (config.kind === 'server') return openServerDatabase(config, { log });
  // A development dependency: production never gets here, and its image does not have it.
  const { openEmbeddedDatabase } = await import('#app/data/embedded.ts');
  return openEmbeddedDatabase(config, { log });
}
