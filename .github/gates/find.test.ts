import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { findGates } from './find.ts';

function tree(context: TestContext, files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(path.join(tmpdir(), 'find-'));
  context.after(() => { rmSync(root, { recursive: true }); });
  for (const [file, text] of Object.entries({ 'package.json': '{"type":"module"}', ...files })) {
    mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    writeFileSync(path.join(root, file), text);
  }
  return root;
}

const gate = "export const gate = { claim: 'it holds' };\n";

test('a gate is found by its name, in folders too, and knows where it is', async (context) => {
  const root = tree(context, { '.github/gates/z_holds.gate.ts': gate, '.github/gates/cloud/a_holds.gate.ts': gate, '.github/gates/z_holds.gate.test.ts': '', '.github/gates/judge.ts': '', 'app/b_holds.gate.ts': gate });
  assert.deepEqual((await findGates(root)).map(({ name, source }) => [name, source]), [['a_holds', '.github/gates/cloud/a_holds.gate.ts'], ['z_holds', '.github/gates/z_holds.gate.ts']]);
});

test('a file with the name of a gate that is none is an error, and not a claim less', async (context) => {
  await assert.rejects(findGates(tree(context, { '.github/gates/a_holds.gate.ts': 'export const other = 1;\n' })), /a_holds\.gate\.ts exports no gate/);
  await assert.rejects(findGates(tree(context, { '.github/gates/b_holds.gate.ts': 'export const gate = {\n' })));
});

test('two gates of one name are an error: one would hide the other', async (context) => {
  await assert.rejects(findGates(tree(context, { '.github/gates/a_holds.gate.ts': gate, '.github/gates/cloud/a_holds.gate.ts': gate })), /two gates are named a_holds/);
});

test('every gate of this repository says what it claims, why, how to mend it and where to read on', async () => {
  const gates = await findGates(path.resolve(import.meta.dirname, '../..'));
  assert.ok(gates.length > 0);
  for (const { name, claim, why, remedy, link, reads, standIn } of gates) {
    for (const text of [claim, why, remedy, standIn ?? 'as nothing stands in']) assert.ok(text.split(' ').length >= 4, `${name}: ${text}`);
    assert.ok(URL.canParse(link) && link.startsWith('https://'), `${name}: ${link}`);
    assert.ok(!reads.global && !reads.sticky, `${name}: such a pattern remembers where it was`);
    assert.match(name, /^[a-z0-9]+(?:_[a-z0-9]+)+$/);
  }
});
