import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { z } from 'zod';
import { isRefusal, type Refusal } from '#app/errors.ts';
import type { Database, EventDraft, Operation } from '#app/feature.ts';
import { testDatabases, type TestedDatabase } from '#app/testing/database.ts';
import { itemOperations } from './item-operations.ts';
import { movementOperations } from './movement-operations.ts';
import { itemPageSchema, itemSchema, movementPageSchema, movementSchema } from './schemas.ts';
import { type ContextOptions, readContext, subjectOf, writeContext } from './test-context.ts';

const operations = new Map<string, Operation>([...itemOperations, ...movementOperations].map((operation) => [operation.operationId, operation]));

type ItemPage = z.output<typeof itemPageSchema>;
type MovementPage = z.output<typeof movementPageSchema>;

interface Request extends ContextOptions {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}
interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly version?: number;
  readonly location?: string;
}

for (const engine of testDatabases()) {
  describe(`operations on ${engine.name}`, () => {
    let database: TestedDatabase;
    let db: Database;
    before(async () => {
      database = await engine.open();
      // Whom row-level security does not hold: the statements’ own conditions are looked at.
      db = database.owner;
      for (let number = 1; number <= 7; number += 1) await create(`I-${number}`, { location: number % 2 ? 'Aisle 1' : 'Aisle 2', reorderLevel: number });
    });
    after(() => database.close());

    /** Reads the input by the operation's schemas, as the platform does, and holds the answer against what it documents. */
    async function call(operationId: string, request: Request = {}): Promise<Answer | Refusal> {
      const operation = operations.get(operationId);
      assert.ok(operation, operationId);
      const params: unknown = (operation.params as z.ZodType | undefined)?.parse(request.params);
      let answer: Answer | Refusal;
      if (operation.kind === 'query') {
        const query: unknown = (operation.query as z.ZodType | undefined)?.parse(request.query ?? {});
        answer = (await operation.handle({ ...readContext(db, request), params, query })) as Answer | Refusal;
      } else {
        const body: unknown = (operation.body as z.ZodType | undefined)?.parse(request.body);
        answer = await db.transaction().execute((tx) => operation.handle({ ...writeContext(tx, request), params, body }) as Promise<Answer | Refusal>);
      }
      const documented = (operation.responses as Record<number, { readonly schema?: z.ZodType } | undefined>)[answer.status];
      assert.ok(documented, `${operationId} does not document ${answer.status}`);
      if (!isRefusal(answer)) documented.schema?.parse(answer.body);
      return answer;
    }
    async function succeed<T>(operationId: string, schema: z.ZodType<T>, request: Request = {}): Promise<Omit<Answer, 'body'> & { readonly body: T }> {
      const answer = await call(operationId, request);
      assert.ok(!isRefusal(answer), JSON.stringify(answer));
      return { ...answer, body: schema.parse(answer.body) };
    }
    async function refused(operationId: string, request: Request): Promise<string> {
      const answer = await call(operationId, request);
      assert.ok(isRefusal(answer), JSON.stringify(answer));
      return `${answer.status} ${answer.code}`;
    }
    function create(sku: string, fields: object = {}) {
      return succeed('createItem', itemSchema, { body: { sku, name: `Thing ${sku}`, location: 'Aisle 9', unit: 'box', ...fields } });
    }
    function move(sku: string, delta: number) {
      return succeed('recordMovement', movementSchema, { params: { sku }, body: { delta, reason: delta > 0 ? 'received' : 'sold' } });
    }

    it('createItem answers 201 with the item, its version and its place', async () => {
      const { status, body, version, location } = await create('C-1', { name: '  Trimmed  ' });
      assert.deepEqual([status, body.name, body.quantity, body.reorderLevel, version, location], [201, 'Trimmed', 0, 0, 1, '/api/v1/items/C-1']);
      assert.equal(await refused('createItem', { body: { sku: 'C-1', name: 'x', location: 'y', unit: 'z' } }), '409 sku-taken');
    });

    it('readItem answers the item under its version, or 404', async () => {
      const { body, version } = await succeed('readItem', itemSchema, { params: { sku: 'I-1' } });
      assert.deepEqual([body.sku, body.version], ['I-1', version]);
      assert.equal(await refused('readItem', { params: { sku: 'NONE' } }), '404 item-not-found');
      assert.equal(await refused('readItem', { params: { sku: 'I-1' }, subject: subjectOf('globex') }), '404 item-not-found');
    });

    it('listItems leads through all pages by its cursor, in every order', async () => {
      for (const sort of ['sku', 'name', 'quantity', 'updated_at']) {
        for (const direction of ['asc', 'desc']) {
          const seen: string[] = [];
          let cursor: string | null = null;
          do {
            const query: Record<string, string> = { sort, direction, limit: '3', ...(cursor === null ? {} : { cursor }) };
            const { body }: { body: ItemPage } = await succeed('listItems', itemPageSchema, { query });
            seen.push(...body.items.map(({ sku }) => sku));
            cursor = body.nextCursor;
          } while (cursor !== null);
          assert.equal(new Set(seen).size, seen.length, 'no item twice');
          assert.ok(seen.length >= 7 && ['I-1', 'I-7'].every((sku) => seen.includes(sku)), `${sort} ${direction}`);
        }
      }
    });

    it('listItems filters, and refuses a cursor that it did not give for this order', async () => {
      const { body } = await succeed('listItems', itemPageSchema, { query: { location: 'Aisle 2', q: 'thing', below_reorder: 'true', status: 'active', limit: '1' } });
      assert.deepEqual(body.items.map(({ sku }) => sku), ['I-2']);
      assert.equal(await refused('listItems', { query: { cursor: body.nextCursor ?? '', sort: 'name' } }), '400 invalid-cursor');
      assert.equal(await refused('listItems', { query: { cursor: body.nextCursor ?? '', direction: 'desc' } }), '400 invalid-cursor');
      assert.equal(await refused('listItems', { query: { cursor: 'not a cursor' } }), '400 invalid-cursor');
    });

    it('listItems gives an empty page for a tenant that has nothing', async () => {
      const { body } = await succeed('listItems', itemPageSchema, { subject: subjectOf('globex') });
      assert.deepEqual(body, { items: [], nextCursor: null });
    });

    it('changeItem and retireItem answer the item under its new version', async () => {
      await create('C-2');
      const changed = await succeed('changeItem', itemSchema, { params: { sku: 'C-2' }, body: { reorderLevel: 4 }, ifMatch: 1 });
      assert.deepEqual([changed.status, changed.body.reorderLevel, changed.version], [200, 4, 2]);
      assert.equal(await refused('changeItem', { params: { sku: 'C-2' }, body: { reorderLevel: 5 }, ifMatch: 1 }), '412 precondition-failed');
      const retired = await succeed('retireItem', itemSchema, { params: { sku: 'C-2' }, ifMatch: 2 });
      assert.deepEqual([retired.status, retired.body.status, retired.version], [200, 'retired', 3]);
      assert.equal(await refused('recordMovement', { params: { sku: 'C-2' }, body: { delta: 1, reason: 'count' } }), '409 item-retired');
    });

    it('both ask for If-Match, and a POST does not', () => {
      const conditional = [...operations.values()].flatMap((one) => (one.kind === 'command' && one.precondition === 'if-match' ? [one.operationId] : []));
      assert.deepEqual(conditional, ['changeItem', 'retireItem']);
    });

    it('recordMovement answers 201 with the movement, and publishes it with the item', async () => {
      await create('C-3');
      const published: EventDraft[] = [];
      const { status, body } = await succeed('recordMovement', movementSchema, {
        params: { sku: 'C-3' },
        body: { delta: 5, reason: 'received', note: ' Delivery 12 ' },
        subject: subjectOf('acme', 'clerk', 'Cleo Clerk'),
        published,
      });
      assert.deepEqual([status, body.delta, body.reason, body.note, body.quantityAfter, body.actor], [201, 5, 'received', 'Delivery 12', 5, { id: 'clerk', name: 'Cleo Clerk' }]);
      assert.deepEqual(published[0]?.data['movement'], { ...body, actor: { name: 'Cleo Clerk' } }, 'all who listen read the same');
      assert.equal(await refused('recordMovement', { params: { sku: 'C-3' }, body: { delta: -6, reason: 'sold' } }), '409 insufficient-stock');
      assert.equal(await refused('recordMovement', { params: { sku: 'NONE' }, body: { delta: 1, reason: 'count' } }), '404 item-not-found');
    });

    it('listItemMovements leads through the ledger, newest first', async () => {
      await create('C-4');
      for (const delta of [10, -1, -2, -3]) await move('C-4', delta);
      const first = await succeed('listItemMovements', movementPageSchema, { params: { sku: 'C-4' }, query: { limit: '3' } });
      assert.deepEqual(first.body.movements.map(({ delta }) => delta), [-3, -2, -1]);
      const rest = await succeed('listItemMovements', movementPageSchema, { params: { sku: 'C-4' }, query: { cursor: first.body.nextCursor ?? '' } });
      assert.deepEqual(rest.body.movements.map(({ delta }) => delta), [10]);
      assert.equal(rest.body.nextCursor, null);
      assert.ok(!('note' in (rest.body.movements[0] ?? {})), 'no note, no member');
      assert.equal(await refused('listItemMovements', { params: { sku: 'C-3' }, query: { cursor: first.body.nextCursor ?? '' } }), '400 invalid-cursor');
      assert.equal(await refused('listItemMovements', { params: { sku: 'C-4' }, subject: subjectOf('globex') }), '404 item-not-found');
      assert.deepEqual((await succeed('listItemMovements', movementPageSchema, { params: { sku: 'I-1' } })).body, { movements: [], nextCursor: null });
    });

    it('listMovements leads through all of them, and shows no other tenant any', async () => {
      await create('C-5');
      for (const delta of [3, 2, 1]) await move('C-5', delta);
      const seen: string[] = [];
      let cursor: string | null = null;
      do {
        const { body }: { body: MovementPage } = await succeed('listMovements', movementPageSchema, { query: { limit: '2', ...(cursor === null ? {} : { cursor }) } });
        seen.push(...body.movements.map(({ id }) => id));
        cursor = body.nextCursor;
      } while (cursor !== null);
      assert.ok(seen.length >= 3);
      assert.equal(new Set(seen).size, seen.length);
      assert.equal(await refused('listMovements', { query: { cursor: 'WyJyZWNlbnQiXQ' } }), '400 invalid-cursor');
      assert.deepEqual((await succeed('listMovements', movementPageSchema, { subject: subjectOf('globex') })).body, { movements: [], nextCursor: null });
    });
  });
}
