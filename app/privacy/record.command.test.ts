// The record of processing has every entry of the register, and what a fork fills in.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { parseConfig } from '#app/config.ts';
import { findFeatures } from '#app/features.ts';
import { whatOf } from '#app/privacy/personal-rows.ts';
import { collectRegister } from '#app/privacy/register.ts';

test('the record names each purpose with its basis, its end and its table, in one row each', async () => {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['--disable-warning=ExperimentalWarning', path.join(import.meta.dirname, 'record.command.ts')]);
  assert.equal(stderr, '');
  const rows = stdout.split('\n').filter((line) => line.startsWith('| ')).slice(2);
  const register = collectRegister((await findFeatures()).map(({ module }) => module), parseConfig({}));
  assert.equal(rows.length, register.length);
  for (const [index, { table, purpose, basis, columns }] of register.entries()) {
    const row = rows[index] ?? '';
    assert.ok(row.startsWith(`| ${purpose} | `) && row.includes(`| Article 6(1): ${basis} |`) && row.endsWith(`table \`${table}\` |`), row);
    assert.equal(row.split(' | ').length, 6, row);
    assert.ok(row.includes(` | ${Object.values(columns).map(whatOf).join('; ')} | `), row);
  }
  assert.match(stdout, /TEMPLATE: fill in/);
  const [whose] = /Whose data: .*$/m.exec(stdout) ?? [];
  assert.equal(whose, `Whose data: the people who sign in to the service, by their identity provider${register.some(({ table }) => table === 'account') ? ' or with an account of its own' : ''} (c). Nothing`);
});
