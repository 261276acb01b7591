import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Unusable } from './gate.ts';
import { findingsOf } from './workflows_are_valid.gate.ts';

const file = '.github/workflows/a.yml';
/** As actionlint 1.7.12 printed it. */
const recorded = {
  status: 1,
  stdout: `[{"message":"undefined variable \\"foo\\". available variables are \\"env\\"","filepath":"${file}","line":10,"column":23,"kind":"expression","snippet":"      - run: echo","end_column":29}]`,
  stderr: `verbose: Linting ${file}\nverbose: Found 0 parse errors in 0 ms for ${file}\nverbose: Found total 1 errors in 16 ms for ${file}\n`,
};

test('a problem is shown at its line, under its kind', () => {
  const [finding, ...more] = findingsOf(recorded, [file]);
  assert.deepEqual(more, []);
  assert.deepEqual({ ...finding, fix: '' }, { rule: 'expression', file, line: 10, severity: 'error', message: 'undefined variable "foo". available variables are "env"', fix: '' });
});

test('nothing is found where it found nothing', () => {
  assert.deepEqual(findingsOf({ status: 0, stdout: '[]\n', stderr: recorded.stderr.replace('total 1', 'total 0') }, [file]), []);
});

test('what it says of two files at once may begin a line twice, or without its word', () => {
  const other = '.github/workflows/b.yml';
  const stderr = `verbose: verbose: Found total 0 errors in 12 ms for ${file}\nFound total 0 errors in 1 ms for ${other}\n`;
  assert.deepEqual(findingsOf({ status: 0, stdout: '[]\n', stderr }, [file, other]), []);
});

for (const [what, output, files] of [
  ['is cut off', { ...recorded, stdout: recorded.stdout.slice(0, 60) }, [file]],
  ['is empty', { status: 0, stdout: '', stderr: recorded.stderr }, [file]],
  ['is of another form', { ...recorded, stdout: '[{"text":"x"}]' }, [file]],
  ['does not tell of a file that it was given', recorded, [file, '.github/workflows/b.yml']],
  ['says that there are problems, and names none', { ...recorded, stdout: '[]' }, [file]],
  ['names problems, and says that there are none', { ...recorded, status: 0 }, [file]],
] as const) {
  test(`an output that ${what} is no verdict`, () => {
    assert.throws(() => findingsOf(output, files), Unusable);
  });
}
