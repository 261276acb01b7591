// Whether what clients were told is what is stored: the claims of the proofs, over what was recorded.
import type { MovementBody } from '../schemas.ts';

/** One request, known by its Idempotency-Key, which is its movement's note as well. */
export interface Attempt {
  readonly key: string;
  readonly sku: string;
  readonly delta: number;
  /** Every answer that arrived: of the first try, of retries after a crash, and of replays. Never empty at the end. */
  readonly answers: readonly Answer[];
}

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

export interface StoredItem {
  readonly sku: string;
  readonly quantity: number;
  /** The whole ledger, oldest first. */
  readonly ledger: readonly MovementBody[];
}

export interface FollowedStream {
  readonly name: string;
  readonly resyncs: number;
  readonly positions: readonly number[];
  /** Of every event about stock that moved, in the order of arrival. */
  readonly movements: readonly MovementBody[];
}

export interface Claim {
  readonly claim: string;
  /** How many cases it was checked on. */
  readonly cases: number;
  readonly violations: readonly string[];
}

export function judge(attempts: readonly Attempt[], stored: readonly StoredItem[], streams: readonly FollowedStream[]): readonly Claim[] {
  const ledger = stored.flatMap((item) => item.ledger);
  return [
    toldIsStored(attempts, ledger),
    ranOnce(attempts, ledger),
    answeredAlike(attempts),
    addsUp(stored),
    ...streams.flatMap((stream) => [missesNothing(stream, ledger), keepsOrder(stream, stored)]),
  ];
}

function toldIsStored(attempts: readonly Attempt[], ledger: readonly MovementBody[]): Claim {
  const byId = new Map(ledger.map((movement) => [movement.id, JSON.stringify(movement)]));
  const acknowledged = attempts.flatMap(({ key, answers }) => answers.filter(({ status }) => status === 201).map(({ body }) => ({ key, body: body as MovementBody })));
  const violations = acknowledged.filter(({ body }) => byId.get(body.id) !== JSON.stringify(body)).map(({ key }) => `${key}: acknowledged, and not stored as told`);
  return { claim: 'an acknowledged movement is stored as told', cases: acknowledged.length, violations };
}

function ranOnce(attempts: readonly Attempt[], ledger: readonly MovementBody[]): Claim {
  const runs = new Map<string, number>();
  for (const { note = '' } of ledger) runs.set(note, (runs.get(note) ?? 0) + 1);
  const violations = attempts.flatMap(({ key, answers }) => {
    const expected = answers.some(({ status }) => status === 201) ? 1 : 0;
    const actual = runs.get(key) ?? 0;
    runs.delete(key);
    return actual === expected ? [] : [`${key}: ran ${actual} times, and ${expected} is what was answered`];
  });
  for (const note of runs.keys()) violations.push(`${note}: stored, and nobody asked for it`);
  return { claim: 'a key ran once when it was accepted, and never when it was refused', cases: attempts.length, violations };
}

function answeredAlike(attempts: readonly Attempt[]): Claim {
  const violations = attempts.flatMap(({ key, answers }) => {
    if (answers.length === 0) return [`${key}: no answer to the end`];
    const failure = answers.find(({ status }) => status !== 201 && status !== 409);
    if (failure !== undefined) return [`${key}: answered ${failure.status}`];
    return new Set(answers.map(({ status, body }) => `${status} ${JSON.stringify(withoutRequest(body))}`)).size === 1 ? [] : [`${key}: different answers`];
  });
  return { claim: 'every answer to one key is the same, the movement or its refusal', cases: attempts.reduce((sum, { answers }) => sum + answers.length, 0), violations };
}

/** A problem names the request that it answers. */
function withoutRequest(body: unknown): unknown {
  return typeof body === 'object' && body !== null ? { ...body, requestId: undefined } : body;
}

export function addsUp(stored: readonly StoredItem[]): Claim {
  const violations = stored.flatMap(({ sku, quantity, ledger }) => {
    let sum = 0;
    const wrong = ledger.filter((movement) => {
      sum += movement.delta;
      return movement.quantityAfter !== sum || sum < 0;
    });
    return [...wrong.map(({ id }) => `${sku}: the stock after ${id} does not follow from the one before`), ...(sum === quantity ? [] : [`${sku}: has ${quantity}, its ledger ${sum}`])];
  });
  return { claim: 'the stock is the sum of its ledger, never below zero', cases: stored.reduce((sum, { ledger }) => sum + ledger.length, 0), violations };
}

function missesNothing({ name, resyncs, movements }: FollowedStream, ledger: readonly MovementBody[]): Claim {
  const seen = new Map<string, number>();
  for (const { id } of movements) seen.set(id, (seen.get(id) ?? 0) + 1);
  const violations = ledger.filter(({ id }) => seen.get(id) !== 1).map(({ id }) => `${id}: seen ${seen.get(id) ?? 0} times`);
  const stored = new Set(ledger.map(({ id }) => id));
  for (const id of seen.keys()) if (!stored.has(id)) violations.push(`${id}: seen, and not stored`);
  if (resyncs > 0) violations.push(`told ${resyncs} times to read everything again`);
  return { claim: `${name} saw every movement once`, cases: ledger.length, violations };
}

function keepsOrder({ name, positions, movements }: FollowedStream, stored: readonly StoredItem[]): Claim {
  const violations = positions.flatMap((position, index) => (index > 0 && position <= (positions[index - 1] ?? 0) ? [`${position} came after ${String(positions[index - 1])}`] : []));
  for (const { sku, ledger } of stored) {
    const order = movements.filter((movement) => movement.sku === sku).map(({ id }) => id);
    if (order.join() !== ledger.map(({ id }) => id).join()) violations.push(`${sku}: another order than the ledger's`);
  }
  return { claim: `${name} saw them in order`, cases: positions.length, violations };
}
