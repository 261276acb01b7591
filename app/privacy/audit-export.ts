// The audit trail of a tenant as a file: one JSON document a line, which whoever has it verifies with the public key alone.
// Tested by audit.command.test.ts: as an auditor verifies it.
import { createPublicKey, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { AppError } from '#app/errors.ts';
import type { Database } from '#app/feature.ts';
import { type Checkpoint, readCheckpoint, writeCheckpoint } from '#app/privacy/audit-checkpoint.ts';
import { type AuditKey, keyIdOf } from '#app/privacy/audit-keys.ts';
import { readChain, readCheckpoints } from '#app/privacy/audit-reader.ts';
import { type ChainedEntry, type TenantVerdict, verifyTenant } from '#app/privacy/audit-verifier.ts';

const header = z.strictObject({ auditExport: z.literal(1), tenant: z.string(), exportedAt: z.iso.datetime(), publicKeys: z.array(z.string()) });
const entryLine = z.strictObject({
  position: z.int().positive(),
  chainHash: z.string().regex(/^[0-9a-f]{64}$/),
  id: z.uuid(),
  occurredAt: z.iso.datetime().transform((time) => new Date(time)),
  actor: z.uuid().nullable(),
  action: z.string(),
  resource: z.string(),
  requestId: z.string(),
  details: z.string(),
});
const footer = z.strictObject({ entries: z.int().min(0), checkpoints: z.int().min(0) });

/** People stand in it by their id, so that it may be kept for longer than their names. */
export async function* exportTrail(db: Database, tenantId: string, keys: readonly AuditKey[], now: Date): AsyncGenerator<string> {
  const publicKeys = keys.map(({ verifying }) => verifying.export({ format: 'pem', type: 'spki' }));
  yield line({ auditExport: 1, tenant: tenantId, exportedAt: now.toISOString(), publicKeys } satisfies z.input<typeof header>);
  const checkpoints = await readCheckpoints(db, tenantId);
  for (const checkpoint of checkpoints) yield line(writeCheckpoint(checkpoint));
  let entries = 0;
  for await (const { position, chainHash, id, occurredAt, actor, action, resource, requestId, details } of readChain(db, tenantId)) {
    entries += 1;
    yield line({ position, chainHash: chainHash.toString('hex'), id, occurredAt: occurredAt.toISOString(), actor, action, resource, requestId, details } satisfies z.input<typeof entryLine>);
  }
  yield line({ entries, checkpoints: checkpoints.length } satisfies z.input<typeof footer>);
}

export interface ExportVerdict extends TenantVerdict {
  /** Whose keys the file names: to be compared with what the operator says by another way. */
  readonly keyIds: readonly string[];
}

/** @throws AppError, with the line, for what is no whole export. */
export async function verifyExport(lines: AsyncIterable<string>, outside: readonly Checkpoint[]): Promise<ExportVerdict> {
  const reader = lines[Symbol.asyncIterator]();
  const first = await reader.next();
  const head = first.done === true ? undefined : parse(header, first.value, 1);
  if (head === undefined) throw new AppError('The export is empty.');
  const keys = head.publicKeys.map((pem): [string, KeyObject] => {
    const key = createPublicKey(pem);
    return [keyIdOf(key), key];
  });
  const { checkpoints, next } = await readCheckpointLines(reader);
  const entries = readEntries(head.tenant, reader, next, checkpoints.length);
  const verdict = await verifyTenant(head.tenant, entries, [...checkpoints, ...outside.filter(({ tenantId }) => tenantId === head.tenant)], { verifying: new Map(keys), mac: [] });
  return { ...verdict, keyIds: keys.map(([id]) => id) };
}

type Next = IteratorResult<string, unknown>;

async function readCheckpointLines(reader: AsyncIterator<string>): Promise<{ readonly checkpoints: readonly Checkpoint[]; readonly next: Next }> {
  const checkpoints: Checkpoint[] = [];
  for (;;) {
    const next: Next = await reader.next();
    const checkpoint = next.done === true ? undefined : readCheckpoint(next.value);
    if (checkpoint === undefined) return { checkpoints, next };
    checkpoints.push(checkpoint);
  }
}

async function* readEntries(tenantId: string, reader: AsyncIterator<string>, first: Next, checkpoints: number): AsyncGenerator<ChainedEntry> {
  let count = 0;
  for (let next = first; next.done !== true; next = await reader.next()) {
    const lineNumber = 2 + checkpoints + count;
    const end = footer.safeParse(json(next.value, lineNumber));
    if (end.success) {
      if (end.data.entries !== count || end.data.checkpoints !== checkpoints) throw new AppError(`The export says that it has ${end.data.entries} entries and ${end.data.checkpoints} checkpoints, and has ${count} and ${checkpoints}: lines were taken out or added.`);
      return;
    }
    const { chainHash, ...entry } = parse(entryLine, next.value, lineNumber);
    count += 1;
    yield { ...entry, tenantId, chainHash: Buffer.from(chainHash, 'hex') };
  }
  throw new AppError('The export has no last line: it was cut off. Export it again.');
}

function parse<T extends z.ZodType>(schema: T, text: string, lineNumber: number): z.output<T> {
  const read = schema.safeParse(json(text, lineNumber));
  if (!read.success) throw new AppError(`Line ${lineNumber} of the export is not what should stand there: ${read.error.issues[0]?.message ?? ''}`);
  return read.data;
}

function json(text: string, lineNumber: number): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new AppError(`Line ${lineNumber} of the export is no JSON.`, { cause });
  }
}

function line(content: object): string {
  return `${JSON.stringify(content)}\n`;
}
