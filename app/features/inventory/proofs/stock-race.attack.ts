// Double spending: more taken at once than there is, and the same taking sent many times.
// Tested by ../../../attacks/attack.proof.ts: behind a front that says yes to all, each of these succeeds.
import { createMarker } from '#app/attacks/api.ts';
import { type AttackClass, bodyOf, headerOf, type Outcome, Sightings, statusOf } from '#app/attacks/attack.ts';
import { type Leak, rewrite } from '#app/attacks/front.ts';
import type { Target } from '#app/attacks/target.ts';

const STOCK = 10;
const AT_ONCE = 30;

/** An item with so many in stock: its path. */
async function stock(target: Target): Promise<string> {
  const token = await target.bearer('manager');
  const sku = createMarker();
  await target.ask({ method: 'POST', path: '/api/v1/items', headers: token, json: { sku, name: sku, location: 'Here', unit: 'piece' } });
  await target.ask({ method: 'POST', path: `/api/v1/items/${sku}/movements`, headers: token, json: { delta: STOCK, reason: 'received' } });
  return `/api/v1/items/${sku}`;
}

async function take(target: Target, keyOf: (index: number) => string | undefined): Promise<Outcome> {
  const sightings = new Sightings();
  const path = await stock(target);
  const [clerk, manager] = [await target.bearer('clerk'), await target.bearer('manager')];
  const answers = await Promise.all(
    Array.from({ length: AT_ONCE }, (_, index) => {
      const key = keyOf(index);
      return target.ask({ method: 'POST', path: `${path}/movements`, headers: [...(index % 2 === 0 || key !== undefined ? clerk : manager), ...(key === undefined ? [] : [['Idempotency-Key', key] as const])], json: { delta: -1, reason: 'sold' } });
    }),
  );
  for (const answer of answers) sightings.note(answer, statusOf(answer) >= 500 && statusOf(answer) !== 503 ? `${statusOf(answer)} for one of them` : undefined);
  const taken = answers.filter((answer) => statusOf(answer) === 201 && headerOf(answer, 'idempotency-replayed') === undefined).length;
  const { quantity } = JSON.parse(bodyOf(await target.ask({ path, headers: clerk }))) as { readonly quantity: number };
  const most = keyOf(0) === undefined ? STOCK : 1;
  sightings.note('taken', taken > most ? `${taken} were taken, and there were ${most}` : quantity !== STOCK - taken ? `${taken} were taken of ${STOCK}, and ${quantity} are left` : undefined);
  return sightings.outcome();
}

const ALWAYS: Leak = {
  without: 'one after the other',
  async answer(request, { forward }) {
    const answer = await forward(request);
    return request.body.toString().includes('sold') ? rewrite(answer, { status: 201, headers: { 'idempotency-replayed': undefined } }) : answer;
  },
};

export const attackClass: AttackClass = {
  title: 'Double spending',
  source: 'API6:2023, CWE-362, CWE-367',
  setup: 'open',
  attacks: [
    { name: 'thirty take one of ten at once', expected: 'ten get one, nothing is left', leak: ALWAYS, run: (target) => take(target, () => undefined) },
    {
      name: 'the same taking thirty times at once, under one key',
      expected: 'one is taken',
      leak: ALWAYS,
      run: (target) => {
        const key = createMarker();
        return take(target, () => key);
      },
    },
  ],
};
