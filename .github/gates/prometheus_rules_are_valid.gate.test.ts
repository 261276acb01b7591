import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { type GateContext, Unusable } from './gate.ts';
import { findingsOf, gate } from './prometheus_rules_are_valid.gate.ts';

const file = 'observability/prometheus/rules/service.yaml';

test('a rule that does not parse is a finding on its line', () => {
  const [finding] = findingsOf(file, { status: 1, stdout: `Checking ${file}\n\n`, stderr: `  FAILED:\n${file}: 5:15: group "service", rule 1, "ServiceDown": could not parse expression: 1:8: parse error: unclosed left parenthesis\n` });
  assert.deepEqual([finding?.rule, finding?.file, finding?.line, finding?.severity], ['rule-invalid', file, 5, 'error']);
  assert.match(finding?.message ?? '', /unclosed left parenthesis/);
});

test('a test that fails and a configuration that does not load are findings of their own', () => {
  const failed = { status: 1, stdout: 'Unit Testing:  x\n', stderr: '  FAILED:\n    alertname: ServiceDown, time: 5m,\n        exp:[],\n        got:[]\n' };
  assert.deepEqual(findingsOf('observability/prometheus/service.test.yaml', failed).map(({ rule }) => rule), ['rule-test-failed']);
  assert.deepEqual(findingsOf('observability/prometheus/prometheus.yaml', failed).map(({ rule }) => rule), ['configuration-invalid']);
});

test('what promtool calls good is good, and a file without a rule is not', () => {
  assert.deepEqual(findingsOf(file, { status: 0, stdout: `Checking ${file}\n  SUCCESS: 1 rules found\n`, stderr: '' }), []);
  assert.deepEqual(findingsOf(file, { status: 0, stdout: `Checking ${file}\n  SUCCESS: 0 rules found\n`, stderr: '' }).length, 1);
});

test('a configuration is good with every file of rules that it loads, and no verdict where one of them is not told of', () => {
  const configuration = 'observability/prometheus/prometheus.yaml';
  const valid = `Checking ${configuration}\n  SUCCESS: 2 rule files found\n SUCCESS: ${configuration} is valid prometheus config file syntax\n\nChecking a\n  SUCCESS: 3 rules found\n\n`;
  assert.deepEqual(findingsOf(configuration, { status: 0, stdout: `${valid}Checking b\n  SUCCESS: 10 rules found\n\n`, stderr: '' }), []);
  assert.throws(() => findingsOf(configuration, { status: 0, stdout: valid, stderr: '' }), Unusable);
  assert.throws(() => findingsOf(configuration, { status: 0, stdout: valid.slice(0, valid.indexOf(' is valid')), stderr: '' }), Unusable);
});

test('a good end without a word about the file, and a bad one without a reason, are no verdict', () => {
  assert.throws(() => findingsOf(file, { status: 0, stdout: '', stderr: '' }), Unusable);
  assert.throws(() => findingsOf(file, { status: 0, stdout: `Checking ${file}\n  SUC`, stderr: '' }), Unusable);
  assert.throws(() => findingsOf(file, { status: 0, stdout: 'Checking other.yaml\n  SUCCESS: 1 rules found\n', stderr: '' }), Unusable);
  assert.throws(() => findingsOf(file, { status: 1, stdout: '', stderr: "promtool: error: path 'x' does not exist" }), Unusable);
});

test('promtool is not asked twice about the same files, and is about others, by another build, and where nobody knows which it is', async (t) => {
  const root = await mkdtemp(path.join(tmpdir(), 'rules-'));
  t.after(() => rm(root, { recursive: true, force: true }));
  let asked = 0;
  const run: GateContext['run'] = async (_, parameters) => {
    asked += 1;
    return Promise.resolve({ status: 0, stdout: `Checking ${parameters.at(-1) ?? ''}\n  SUCCESS: ${parameters.at(-1) === file ? 1 : 0} rules found\n`, stderr: '' });
  };
  let now = 0;
  const judge = async (text: string, build = 'promtool 1', files: readonly string[] = [file]) => {
    now += 1;
    const findings = await gate.check({ root, files, tree: files, scratch: '/', now, environment: {}, read: (name) => (name.endsWith('.yaml') ? text : 'the gate'), installed: () => build, run });
    return { asked, rules: findings.map(({ rule }) => rule) };
  };
  assert.deepEqual(await judge('one'), { asked: 1, rules: [] });
  assert.deepEqual(await judge('one'), { asked: 1, rules: [] });
  assert.deepEqual(await judge('two'), { asked: 2, rules: [] });
  assert.deepEqual(await judge('two', 'promtool 2'), { asked: 3, rules: [] });
  const empty = 'observability/prometheus/rules/empty.yaml';
  assert.deepEqual(await judge('two', 'promtool 2', [file, empty]), { asked: 5, rules: ['rule-invalid'] });
  assert.deepEqual(await judge('two', 'promtool 2', [file, empty]), { asked: 5, rules: ['rule-invalid'] });
  await judge('two', '');
  assert.equal((await judge('two', '')).asked, 7);
});
