// The changes of an item, each with its event in the same transaction; used by the API and by the forms.
import { randomUUID } from 'node:crypto';
import { isRefusal, refuse, type Refusal } from '#app/errors.ts';
import type { WriteContext } from '#app/feature.ts';
import { eventOf, itemEventData, movedEventData } from './events.ts';
import { applyMovement, type Item, type Movement, type NamedMovement, type Reason } from './item.ts';
import { insertItem, insertMovements, lockItem, updateItem, type View } from './store.ts';

/** What a change needs of its command's or form's context. */
export type ChangeContext = Pick<WriteContext<unknown, unknown>, 'subject' | 'actor' | 'access' | 'db' | 'publish' | 'now'>;
export type VersionedContext = ChangeContext & Pick<WriteContext<unknown, unknown>, 'matches'>;

export type NewItem = Pick<Item, 'sku' | 'name' | 'location' | 'unit' | 'reorderLevel'> & Partial<Pick<Item, 'sensitivity'>>;
export interface ItemChanges {
  readonly name?: string | undefined;
  readonly location?: string | undefined;
  readonly unit?: string | undefined;
  readonly reorderLevel?: number | undefined;
}
export interface NewMovement {
  readonly delta: number;
  readonly reason: Reason;
  readonly note?: string | undefined;
}

/** Stock starts at 0: every unit enters by a movement, so that the ledger always sums to the quantity. */
export async function createItem(context: ChangeContext, draft: NewItem): Promise<Item | Refusal> {
  const { subject, db, now } = context;
  const { sensitivity = 'normal' } = draft;
  if (!viewOf(context).sensitivities.includes(sensitivity)) return refuse(403, 'not-cleared', 'You would not know of what you have made: it takes somebody who is cleared for restricted items.');
  const beginning: Item = { ...draft, sensitivity, quantity: 0, status: 'active', version: 1, createdAt: now, updatedAt: now };
  const item = await insertItem(db, subject.tenantId, beginning);
  if (item === undefined) return refuse(409, 'sku-taken', `There is already an item ${draft.sku}.`);
  await publishItem(context, 'created', item);
  return item;
}

export async function changeItem(context: VersionedContext, sku: string, changes: ItemChanges): Promise<Item | Refusal> {
  const item = await lockVersion(context, sku);
  if (isRefusal(item)) return item;
  if (item.status === 'retired') return refuse(409, 'item-retired', `Item ${sku} is retired and stays as it is.`);
  const changed = await updateItem(context.db, context.subject.tenantId, item, compact(changes), context.now);
  await publishItem(context, 'changed', changed);
  return changed;
}

/**
 * Only an empty item retires, since a retired one's stock can't move any more; the history stays. Retiring a retired
 * item changes nothing and says so with the same answer, without an event.
 */
export async function retireItem(context: VersionedContext, sku: string): Promise<Item | Refusal> {
  const item = await lockVersion(context, sku);
  if (isRefusal(item) || item.status === 'retired') return item;
  if (item.quantity > 0) {
    return refuse(409, 'stock-remains', `Item ${sku} still has ${item.quantity} (${item.unit}); move them out before it retires.`);
  }
  const retired = await updateItem(context.db, context.subject.tenantId, item, { status: 'retired' }, context.now);
  await publishItem(context, 'retired', retired);
  return retired;
}

export async function moveStock(
  context: ChangeContext,
  sku: string,
  draft: NewMovement,
): Promise<{ readonly movement: NamedMovement; readonly item: Item } | Refusal> {
  const { subject, db } = context;
  const before = await lockItem(db, viewOf(context), sku);
  if (before === undefined) return refuseUnknown(sku);
  const quantity = applyMovement(before, draft.delta);
  if (isRefusal(quantity)) return quantity;
  const item = await updateItem(db, subject.tenantId, before, { quantity }, context.now);
  const movement: Movement = {
    id: randomUUID(),
    sku,
    delta: draft.delta,
    reason: draft.reason,
    note: draft.note,
    actor: context.actor,
    quantityAfter: quantity,
    occurredAt: item.updatedAt,
    itemVersion: item.version,
  };
  await insertMovements(db, subject.tenantId, [movement]);
  const named: NamedMovement = { ...movement, actor: { id: subject.id, name: subject.name } };
  await context.publish({ type: eventOf('moved', item), subject: `items/${sku}`, data: movedEventData(named, item) });
  return { movement: named, item };
}

/** What the policy lets who asks know of. */
export function viewOf({ subject, access }: Pick<WriteContext<unknown, unknown>, 'subject' | 'access'>): View {
  return { tenantId: subject.tenantId, sensitivities: access.obligations.sensitivities };
}

export function refuseUnknown(sku: string): Refusal {
  return refuse(404, 'item-not-found', `There is no item ${sku}.`);
}

async function lockVersion(context: VersionedContext, sku: string): Promise<Item | Refusal> {
  const item = await lockItem(context.db, viewOf(context), sku);
  if (item === undefined) return refuseUnknown(sku);
  if (context.matches(item.version)) return item;
  return refuse(412, 'precondition-failed', `Item ${sku} has changed since the version that If-Match names; read it again.`);
}

function publishItem(context: ChangeContext, verb: Parameters<typeof eventOf>[0], item: Item): Promise<void> {
  return context.publish({ type: eventOf(verb, item), subject: `items/${item.sku}`, data: itemEventData(item) });
}

/** Without the keys that hold undefined: absent means unchanged. */
function compact(changes: ItemChanges): Partial<Omit<NewItem, 'sku' | 'sensitivity'>> {
  return Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
}
