// The audit trail: entries in the transaction of their change, chained and signed behind it, read by auditors.
import { randomUUID } from 'node:crypto';
import { appendFile } from 'node:fs/promises';
import { type RawBuilder, sql } from 'kysely';
import type { Logger } from 'pino';
import { Gauge, type Registry } from 'prom-client';
import type { Database } from '#app/feature.ts';
import { type Checkpoint, writeCheckpoint } from '#app/privacy/audit-checkpoint.ts';
import { type AuditEntry, insertEntry } from '#app/privacy/audit-entry.ts';
import { type AuditKey, deriveAuditKey } from '#app/privacy/audit-keys.ts';
import { type SealerParts, startSealer } from '#app/privacy/audit-sealer.ts';
import { watchTrail } from '#app/privacy/audit-watch.ts';
import { writeErasure } from '#app/privacy/erasures.ts';
import type { ServiceKeys } from '#app/privacy/service-keys.ts';

export type AuditDraft = Omit<AuditEntry, 'id' | 'details'> & { readonly details: Readonly<Record<string, unknown>> };

export interface AuditWriter {
  /** For a statement that writes more than the entry. */
  insertion(draft: AuditDraft): RawBuilder<unknown>;
  append(tx: Database, draft: AuditDraft): Promise<void>;
}

export interface AuditTrail extends AuditWriter {
  /** Seals what is committed by now, whoever's it is. */
  flush(): Promise<void>;
  stop(): Promise<void>;
}

export interface AuditTrailParts {
  /** As the platform. */
  readonly db: Database;
  readonly keys: ServiceKeys['audit'];
  /** Where checkpoints and erasures go beside the database; without one, into the log. */
  readonly checkpointFile: string | undefined;
  /** How long after a verification the next one begins. */
  readonly verifyMs: number;
  readonly metrics: Registry;
  readonly log: Logger;
  readonly clock: () => Date;
}

export function startAuditTrail({ db, keys, checkpointFile, verifyMs, metrics, log, clock }: AuditTrailParts): AuditTrail {
  const [first, ...older] = keys;
  const audit: readonly [AuditKey, ...AuditKey[]] = [deriveAuditKey(first), ...older.map(deriveAuditKey)];
  const sealed = new Gauge({ name: 'stockade_audit_sealed_timestamp_seconds', help: 'When this process last saw to it that all entries of the audit trail are sealed, in seconds since 1970.', registers: [metrics] });
  sealed.remove({});
  const signed = new Map<string, Checkpoint>();
  const { publish, publishErasure } = createPublisher(checkpointFile, log);
  const sealer = startSealer({
    db,
    keys: audit,
    async publish(checkpoint) {
      signed.set(checkpoint.tenantId, checkpoint);
      await publish(checkpoint);
    },
    publishErasure,
    onSealed: () => { sealed.setToCurrentTime(); },
    log,
    clock,
  });
  const stopWatching = watchTrail({ db, keys: audit, signed, verifyMs, metrics, log });
  return {
    ...createAuditWriter(audit[0]),
    flush: () => sealer.flush(),
    async stop() {
      await stopWatching();
      await sealer.stop();
    },
  };
}

export function createAuditWriter({ mac }: Pick<AuditKey, 'mac'>): AuditWriter {
  const insertion = (draft: AuditDraft) => insertEntry({ ...draft, id: randomUUID(), details: JSON.stringify(draft.details) }, mac);
  return {
    insertion,
    async append(tx, draft) {
      await sql`${insertion(draft)}`.execute(tx);
    },
  };
}

/** The one place beside the database for what has to outlive it. */
function createPublisher(file: string | undefined, log: Logger): Pick<SealerParts, 'publish' | 'publishErasure'> {
  // Whatever the level of the log is: it is evidence, and the log the only place for it.
  const evidence = log.child({}, { level: 'info' });
  // eslint-disable-next-line security/detect-non-literal-fs-filename -- the configured file
  const append = (name: string, content: object) => appendFile(name, `${JSON.stringify(content)}\n`, { mode: 0o600 });
  return {
    async publish(checkpoint) {
      const written = writeCheckpoint(checkpoint);
      if (file === undefined) evidence.info({ auditCheckpoint: written }, 'audit checkpoint');
      else await append(file, written);
    },
    async publishErasure(erasure) {
      const written = writeErasure(erasure);
      if (file === undefined) evidence.info(written, 'erasure');
      else await append(file, written);
    },
  };
}
