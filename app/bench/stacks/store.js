// What every rival does in PostgreSQL: the statements that the service sends, through pg alone.
import { createHash, randomUUID } from 'node:crypto';
import pg from 'pg';

export function openStore() {
  const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: Number(process.env.DATABASE_POOL_SIZE) });
  return { readItem: (tenantId, sku) => readItem(pool, tenantId, sku), move: (request) => move(pool, request) };
}

async function readItem(pool, tenantId, sku) {
  const { rows } = await pool.query('select * from "item" where "tenant_id" = $1 and "sku" = $2', [tenantId, sku]);
  return rows[0] && toItem(rows[0]);
}

export function toItem(row) {
  return {
    sku: row.sku,
    name: row.name,
    location: row.location,
    unit: row.unit,
    quantity: row.quantity,
    reorderLevel: row.reorder_level,
    status: row.status,
    sensitivity: row.sensitivity,
    version: row.version,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  };
}

/** The service knows the id of a person it has seen; here it is made of the subject. */
function personOf(subjectId) {
  return createHash('sha256').update(subjectId).digest('hex').slice(0, 32);
}

/** The change, its event and its key in one transaction, as the service stores them. The entry in the audit trail, and what comes after the commit (numbering, NOTIFY, sealing), is the service's alone. */
async function move(pool, { tenantId, subjectId, sku, key, body }) {
  const client = await pool.connect();
  try {
    await client.query('begin');
    const now = new Date();
    const scope = [tenantId, subjectId, 'recordMovement', key];
    const fingerprint = createHash('sha256').update(`POST /api/v1/items/${sku}/movements\n`).update(body).digest('hex');
    const claimed = await client.query(
      'insert into "idempotency_key" ("tenant_id", "subject_id", "operation_id", "key", "fingerprint", "created_at") values ($1, $2, $3, $4, $5, $6) on conflict do nothing',
      [...scope, fingerprint, now],
    );
    if (claimed.rowCount !== 1) throw new Error('The bench never sends a key twice.');
    await client.query('savepoint work');
    const { rows: [before] } = await client.query('select * from "item" where "tenant_id" = $1 and "sku" = $2 for update', [tenantId, sku]);
    const { delta, reason } = JSON.parse(body);
    const { rows: [item] } = await client.query(
      'update "item" set "quantity" = $1, "version" = $2, "updated_at" = $3 where "tenant_id" = $4 and "sku" = $5 and "version" = $6 returning *',
      [before.quantity + delta, before.version + 1, now > before.updated_at ? now : before.updated_at, tenantId, sku, before.version],
    );
    const movement = { id: randomUUID(), sku, delta, reason, actor: { id: subjectId, name: subjectId }, quantityAfter: item.quantity, occurredAt: item.updated_at.toISOString() };
    await client.query(
      'insert into "movement" ("tenant_id", "id", "sku", "item_version", "delta", "reason", "note", "actor", "quantity_after", "occurred_at") values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)',
      [tenantId, movement.id, sku, item.version, delta, reason, null, personOf(subjectId), item.quantity, item.updated_at],
    );
    const data = { movement, item: toItem(item) };
    await client.query(
      'insert into "outbox_event" ("tenant_id", "id", "type", "subject", "actor", "occurred_at", "data") values ($1, $2, $3, $4, $5, $6, $7::text::jsonb)',
      [tenantId, randomUUID(), 'bench.item.moved.v1', `items/${sku}`, subjectId, now, JSON.stringify(data)],
    );
    const answer = JSON.stringify(movement);
    await client.query(
      'update "idempotency_key" set "status" = $1, "headers" = $2::jsonb, "body" = $3 where (tenant_id, subject_id, operation_id, key) = ($4, $5, $6, $7)',
      [201, '{"content-type":"application/json"}', answer, ...scope],
    );
    await client.query('commit');
    return { answer, movement, data };
  } catch (error) {
    await client.query('rollback');
    throw error;
  } finally {
    client.release();
  }
}

export async function readText(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
