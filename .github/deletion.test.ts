// Every feature comes off: in a copy of the repository without its folder, `npm run check` passes.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { listFiles } from './rules/tree.ts';

const root = resolve(import.meta.dirname, '..');
const features = join(root, 'app', 'features');
const LINES_SHOWN = 80;

/** What a clone has, without the feature and without this test, which would copy itself for ever. */
function copyWithout(feature: string): string {
  const copy = mkdtempSync(join(tmpdir(), `stockade-without-${feature}-`));
  const dropped = [`app/features/${feature}/`, '.github/deletion.test.ts'];
  for (const path of listFiles(root).filter((each) => !dropped.some((drop) => each.startsWith(drop)))) {
    cpSync(join(root, path), join(copy, path));
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'), 'junction');
  return copy;
}

/** The environment decides which databases and browser serve; what npm and node:test put there belongs to this run alone. */
function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_|^NODE_TEST_CONTEXT$|^NODE_OPTIONS$|^INIT_CWD$/i.test(name)));
}

async function check(copy: string): Promise<{ readonly code: number | null; readonly output: string }> {
  const child = spawn('npm run check 2>&1', { cwd: copy, env: environment(), shell: true, stdio: ['ignore', 'pipe', 'ignore'] });
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'close') as Promise<[number | null]>]);
  return { code, output };
}

test('deleting a feature is deleting its folder', async (t) => {
  for (const feature of existsSync(features) ? readdirSync(features) : []) {
    await t.test(`without ${feature} types, lint and tests pass`, async (each) => {
      const copy = copyWithout(feature);
      each.after(() => {
        rmSync(copy, { recursive: true, force: true });
      });
      const { code, output } = await check(copy);
      assert.equal(code, 0, output.split('\n').slice(-LINES_SHOWN).join('\n'));
      assert.match(output, /ℹ pass \d+\nℹ fail 0\n/, 'the tests of the copy did not run');
    });
  }
});
