import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Unusable } from './gate.ts';
import { findingsOf } from './workflows_resist_attack.gate.ts';

const file = '.github/workflows/a.yml';

const location = (row: number, kind: string, annotation: string) => ({
  symbolic: { key: { Local: { verbatim_path: `./${file}` } }, annotation, route: { route: [{ Key: 'jobs' }] }, feature_kind: 'Normal', kind },
  concrete: { location: { start_point: { row, column: 8 }, end_point: { row: 7, column: 64 }, offset_span: { start: 89, end: 179 } }, feature: 'uses: actions/checkout@v4', comments: [] },
});

/** As zizmor 1.32.0 prints it. */
const audit = {
  ident: 'artipacked',
  desc: 'credential persistence through GitHub Actions artifacts',
  url: 'https://docs.zizmor.sh/audits/#artipacked',
  determinations: { confidence: 'Low', severity: 'Medium', persona: 'Regular' },
  locations: [location(2, 'Related', 'this job'), location(6, 'Primary', 'does not set persist-credentials: false')],
  ignored: false,
};
const recorded = { status: 13, stdout: JSON.stringify([audit]), stderr: ` INFO zizmor: 🌈 zizmor v1.32.0\n INFO audit: zizmor: 🌈 completed ${file}\n` };

test('an audit is shown at its primary location, with what to write instead', () => {
  assert.deepEqual(findingsOf(recorded, [file]), [
    { rule: 'artipacked', file, line: 7, severity: 'error', message: 'credential persistence through GitHub Actions artifacts: does not set persist-credentials: false', fix: 'Add `persist-credentials: false` below `with:` of actions/checkout.' },
  ]);
});

test('the severity is that of the audit, and one that is not known counts as the highest', () => {
  const of = (severity: string) => findingsOf({ ...recorded, stdout: JSON.stringify([{ ...audit, determinations: { severity } }]) }, [file])[0]?.severity;
  assert.deepEqual(['High', 'Low', 'Informational', 'Unknown'].map(of), ['error', 'warning', 'note', 'error']);
});

test('nothing is found where it found nothing', () => {
  assert.deepEqual(findingsOf({ ...recorded, status: 0, stdout: '[]' }, [file]), []);
});

for (const [what, output, files] of [
  ['is cut off', { ...recorded, stdout: recorded.stdout.slice(0, 300) }, [file]],
  ['is empty', { ...recorded, status: 0, stdout: '' }, [file]],
  ['is of another form', { ...recorded, stdout: '[{"ident":"x"}]' }, [file]],
  ['does not tell of a file that it was given', recorded, [file, '.github/dependabot.yml']],
  ['says that there are findings, and names none', { ...recorded, stdout: '[]' }, [file]],
  ['names findings, and says that there are none', { ...recorded, status: 0 }, [file]],
] as const) {
  test(`an output that ${what} is no verdict`, () => {
    assert.throws(() => findingsOf(output, files), Unusable);
  });
}
