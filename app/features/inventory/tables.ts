// The feature's tables as they lie in SQL, and the way from a row to the domain.
// Tested by store.test.ts: every row there goes through it.
import type { Item, ItemStatus, Movement, Reason, Sensitivity } from './item.ts';

// Types, not interfaces: Kysely asks for an index signature, which only a type alias has by itself.
export type ItemRow = {
  tenant_id: string;
  sku: string;
  name: string;
  location: string;
  unit: string;
  quantity: number;
  reorder_level: number;
  status: ItemStatus;
  sensitivity: Sensitivity;
  version: number;
  created_at: Date;
  updated_at: Date;
};

export type MovementRow = {
  tenant_id: string;
  id: string;
  sku: string;
  item_version: number;
  delta: number;
  reason: Reason;
  note: string | null;
  actor: string;
  quantity_after: number;
  occurred_at: Date;
};

export type InventoryTables = {
  item: ItemRow;
  movement: MovementRow;
};

export function toItem(row: ItemRow): Item {
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
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

export function toMovement(row: MovementRow): Movement {
  return {
    id: row.id,
    sku: row.sku,
    delta: row.delta,
    reason: row.reason,
    note: row.note ?? undefined,
    actor: row.actor,
    quantityAfter: row.quantity_after,
    occurredAt: row.occurred_at,
    itemVersion: row.item_version,
  };
}

export function toItemRow(tenantId: string, item: Item): ItemRow {
  return {
    tenant_id: tenantId,
    sku: item.sku,
    name: item.name,
    location: item.location,
    unit: item.unit,
    quantity: item.quantity,
    reorder_level: item.reorderLevel,
    status: item.status,
    sensitivity: item.sensitivity,
    version: item.version,
    created_at: item.createdAt,
    updated_at: item.updatedAt,
  };
}

export function toMovementRow(tenantId: string, movement: Movement): MovementRow {
  return {
    tenant_id: tenantId,
    id: movement.id,
    sku: movement.sku,
    item_version: movement.itemVersion,
    delta: movement.delta,
    reason: movement.reason,
    note: movement.note ?? null,
    actor: movement.actor,
    quantity_after: movement.quantityAfter,
    occurred_at: movement.occurredAt,
  };
}
