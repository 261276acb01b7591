import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeStatement, operationOf } from '#app/data/statement.ts';

test('a statement is called by its operation and its tables', () => {
  const summaries: Readonly<Record<string, string>> = {
    'select "id" from "item" where "tenant_id" = $1': 'SELECT item',
    'select * from item join movement on true left join "person" on true': 'SELECT item movement person',
    'insert into outbox_event (id) values ($1), ($2) on conflict (id) do update set id = $1': 'INSERT outbox_event',
    'with published as (insert into outbox_event (id) values ($1)) insert into audit_entry (a) select (select 1) from audit_head for update': 'INSERT outbox_event audit_entry audit_head',
    'with a as (select 1), "b" as materialized (select * from a) select * from b join item on b.x is distinct from item.x': 'SELECT item',
    'update only "item" set on_hand = on_hand - $1': 'UPDATE item',
    'delete from session where expires_at < $1': 'DELETE session',
    'select sequence_outbox($1::integer) as numbered': 'SELECT',
    'select x from generate_series(1, 10) as x, lateral (select 1) y': 'SELECT',
    begin: 'BEGIN',
    'start transaction isolation level repeatable read': 'BEGIN',
    commit: 'COMMIT',
    'create table x (y text)': '_OTHER',
    '': '_OTHER',
    '(((': '_OTHER',
  };
  assert.deepEqual(Object.fromEntries(Object.keys(summaries).map((sql) => [sql, describeStatement(sql).summary])), summaries);
});

test('nothing that a statement holds is told: neither text in any form of PostgreSQL, nor numbers, nor comments', () => {
  for (const literal of ["'canary'", "'it''s canary'", String.raw`e'\' canary'`, "'x\ncanary'", '$$canary$$', '$tag$ canary $$ $tag$', '4711', '47.11e5', '0x4711', '-4711']) {
    const { text, summary } = describeStatement(`select ${literal} as a, $1 from item -- canary 4711\n where /* canary */ b2 = ${literal} and c = $2 and "d3" = ${literal}`);
    assert.ok(!/canary|47/.test(text + summary), text);
    assert.match(text, /^select -?\? as a, \$1 from item where b2 = -?\? and c = \$2 and "d3" = -?\?$/);
    assert.equal(summary, 'SELECT item');
  }
});

test('operations are of few, whatever is sent, and what is sent often is read once', () => {
  assert.equal(describeStatement('select 1'), describeStatement('select 1'));
  const strange = Array.from({ length: 2_000 }, (_, index) => operationOf(`word${index} from table${index}`));
  assert.deepEqual(new Set(strange), new Set(['_OTHER']));
  assert.notEqual(describeStatement('select 2'), describeStatement('select 2'), 'what is remembered is bounded');
});

test('the text is bounded, and found in a time that grows with it', () => {
  const from = performance.now();
  const { text, summary } = describeStatement(`select * from item where id in (${"'canary', ".repeat(50_000)} $1)`);
  assert.ok(text.length <= 2_000 && summary === 'SELECT item');
  for (const nasty of ["'".repeat(50_001), '$'.repeat(50_000), `with ${'a, '.repeat(20_000)}`, '/*'.repeat(25_000), '('.repeat(50_000)]) describeStatement(nasty);
  assert.ok(performance.now() - from < 5_000);
});
