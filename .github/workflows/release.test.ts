// What has to hold before a tag becomes an image: the step of release.yml itself, beside a GitHub that answers as it would.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { parse } from 'yaml';

interface Workflow {
  readonly jobs: Readonly<Record<string, { readonly steps: readonly { readonly name?: string; readonly run?: string }[] }>>;
}

const { jobs } = parse(readFileSync(path.join(import.meta.dirname, 'release.yml'), 'utf8')) as Workflow;
const ruleset = readFileSync(path.join(import.meta.dirname, '../ruleset.json'), 'utf8');
const step = jobs['approved']?.steps.find(({ name }) => name === 'Demand that the required checks of this commit passed')?.run ?? assert.fail('release.yml has another step');
const programs = ['bash', 'jq'].filter((program) => spawnSync(program, ['--version']).status !== 0);
const unix = { skip: process.env['CI'] !== 'true' && (process.platform === 'win32' || programs.length > 0) ? 'not run: the step is for bash and jq, on Linux' : false };

const ACTIONS = 15368;
const passed = { conclusion: 'success', app: { id: ACTIONS } };

/** The exit status of the step, where a check has these runs. */
function approve(t: TestContext, runs: Readonly<Record<string, readonly object[]>>, rules: string | undefined = ruleset): number | null {
  const folder = mkdtempSync(path.join(tmpdir(), 'stockade-release-'));
  t.after(() => { rmSync(folder, { recursive: true }); });
  mkdirSync(path.join(folder, '.github'));
  if (rules !== '') writeFileSync(path.join(folder, '.github/ruleset.json'), rules);
  for (const [check, of] of Object.entries(runs)) writeFileSync(path.join(folder, `${check}.json`), JSON.stringify({ check_runs: of }));
  writeFileSync(path.join(folder, 'gh'), `#!/bin/bash\nexec cat "${folder}/\${2##*check_name=}.json"\n`);
  chmodSync(path.join(folder, 'gh'), 0o755);
  // As GitHub starts a step whose shell is bash.
  return spawnSync('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', step], { cwd: folder, env: { PATH: `${folder}${path.delimiter}${process.env['PATH'] ?? ''}`, GITHUB_REPOSITORY: 'owner/name', GITHUB_SHA: 'abc' } }).status;
}

test('a commit is released when every required check passed, however often it ran', unix, (t) => {
  assert.equal(approve(t, { check: [passed], gates: [passed, passed] }), 0);
});

for (const [what, runs] of Object.entries({
  'failed': { check: [passed], gates: [{ ...passed, conclusion: 'failure' }] },
  'failed once': { check: [passed, { ...passed, conclusion: 'failure' }], gates: [passed] },
  'was skipped': { check: [{ ...passed, conclusion: 'skipped' }], gates: [passed] },
  'is still running': { check: [{ ...passed, conclusion: null }], gates: [passed] },
  'never ran': { check: [passed], gates: [] },
  'was reported by another app than the ruleset names': { check: [{ ...passed, app: { id: 1 } }], gates: [passed] },
  'can not be asked for': { gates: [passed] },
})) {
  test(`a commit is not released when a required check ${what}`, unix, (t) => {
    assert.notEqual(approve(t, runs), 0);
  });
}

test('nothing is released by a ruleset that is gone, unreadable, or requires no check', unix, (t) => {
  const all = { check: [passed], gates: [passed] };
  for (const rules of ['', '{', '{"rules":[]}', '{"rules":[{"type":"required_status_checks","parameters":{"required_status_checks":[]}}]}']) assert.notEqual(approve(t, all, rules), 0, rules);
});
