// What a fork may not want comes off: in a copy of the repository without a feature's folder, or without the infrastructure, the checks pass.
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
/** As terraform/README.md says it. */
const infrastructure = ['terraform/', '.github/terraform/', '.github/workflows/deploy.yml', '.github/workflows/preview.yml'];

/** What a clone has, without these and without this test, which would copy itself for ever. */
function copyWithout(name: string, parts: readonly string[]): string {
  const copy = mkdtempSync(join(tmpdir(), `stockade-without-${name}-`));
  const dropped = [...parts, '.github/deletion.test.ts'];
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

async function check(copy: string, command = 'npm run check'): Promise<{ readonly code: number | null; readonly output: string }> {
  const child = spawn(`(${command}) 2>&1`, { cwd: copy, env: environment(), shell: true, stdio: ['ignore', 'pipe', 'ignore'] });
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'close') as Promise<[number | null]>]);
  return { code, output };
}

test('deleting a feature is deleting its folder', async (t) => {
  for (const feature of existsSync(features) ? readdirSync(features) : []) {
    await t.test(`without ${feature} types, lint and tests pass`, async (each) => {
      const copy = copyWithout(feature, [`app/features/${feature}/`]);
      each.after(() => {
        rmSync(copy, { recursive: true, force: true });
      });
      const { code, output } = await check(copy);
      assert.equal(code, 0, output.split('\n').slice(-LINES_SHOWN).join('\n'));
      assert.match(output, /ℹ pass \d+\nℹ fail 0\n/, 'the tests of the copy did not run');
    });
  }
});

test('deleting the infrastructure is deleting its folders and two workflows', { skip: !existsSync(join(root, 'terraform')) && 'it is deleted' }, async (t) => {
  const copy = copyWithout('infrastructure', infrastructure);
  t.after(() => {
    rmSync(copy, { recursive: true, force: true });
  });
  // Nothing in app/ can import of it; what reads the whole repository is in .github/.
  const { code, output } = await check(copy, 'npm run types && npm run lint && npm test -- .github');
  assert.equal(code, 0, output.split('\n').slice(-LINES_SHOWN).join('\n'));
  assert.match(output, /ℹ pass \d+\nℹ fail 0\n/, 'the tests of the copy did not run');
});
