import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { type Accepted, compareSurvivors, describeChange } from './survivors.ts';

const SOURCE = ['function f(a: number): number {', '  if (a > 1 && a < 9) {', '    return a;', '  }', '  return 0;', '}'].join('\n');
const at = (line: number, column: number, length: number) => ({ start: { line, column }, end: { line, column: column + length } });

test('a mutant is told by what changes and by its line, not by the line’s number', () => {
  const change = describeChange(SOURCE, at(1, 6, 5), 'a >= 1');
  assert.equal(change, 'if ( ⟦a > 1 → a >= 1⟧ && a < 9) {');
  assert.equal(describeChange(`\n\n${SOURCE}`, at(3, 6, 5), 'a >= 1'), change);
  assert.notEqual(describeChange(SOURCE, at(1, 15, 5), 'a >= 1'), change);
});

test('what goes over several lines is told in one, and shortened in its middle', () => {
  assert.equal(describeChange(SOURCE, { start: { line: 1, column: 22 }, end: { line: 3, column: 3 } }, '{}'), 'if (a > 1 && a < 9) ⟦{ return a; } → {}⟧');
  const long = describeChange(`const text = '${'x'.repeat(500)}';`, at(0, 13, 502), '""');
  assert.ok(long.length < 250, long);
  assert.match(long, /^const text = ⟦'x+ … x+' → ""⟧ ;$/);
});

const accepted: Accepted = { 'it is the same': { 'app/a.ts': ['one', 'two', 'two'] }, 'text of the log': { 'app/b.ts': ['three'] } };
const anywhere = () => true;
const survivor = (file: string, change: string) => ({ file, change });

test('a survivor that is listed passes, as often as it is listed', () => {
  const all = [survivor('app/a.ts', 'one'), survivor('app/a.ts', 'two'), survivor('app/a.ts', 'two'), survivor('app/b.ts', 'three')];
  assert.deepEqual(compareSurvivors(all, accepted, anywhere), { unlisted: [], outdated: [] });
  assert.deepEqual(compareSurvivors([...all, survivor('app/a.ts', 'two')], accepted, anywhere).unlisted, [survivor('app/a.ts', 'two')]);
});

test('one that is not listed, or for another file, is found; and so is a listed one that was killed', () => {
  const { unlisted, outdated } = compareSurvivors([survivor('app/b.ts', 'one'), survivor('app/a.ts', 'two')], accepted, anywhere);
  assert.deepEqual(unlisted, [survivor('app/b.ts', 'one')]);
  assert.deepEqual(outdated, [survivor('app/a.ts', 'one'), survivor('app/a.ts', 'two'), survivor('app/b.ts', 'three')]);
});

test('of what was not looked at nothing is said', () => {
  const inB = ({ file }: { readonly file: string }) => file === 'app/b.ts';
  assert.deepEqual(compareSurvivors([], accepted, inB).outdated, [survivor('app/b.ts', 'three')]);
  assert.deepEqual(compareSurvivors([survivor('app/a.ts', 'two')], accepted, inB).unlisted, [], 'one of two that are alike');
});

test('every survivor that is accepted has a reason in words, and a file that is there', () => {
  const list = JSON.parse(readFileSync(path.join(import.meta.dirname, 'survivors.json'), 'utf8')) as Accepted;
  for (const [reason, files] of Object.entries(list)) {
    assert.match(reason, /\S+(?: \S+){3,}/);
    for (const [file, changes] of Object.entries(files)) {
      assert.match(file, /^app\/.*\.ts$/);
      assert.ok(changes.length > 0, file);
    }
  }
});
