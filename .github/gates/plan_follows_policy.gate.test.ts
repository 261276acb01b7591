import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import type { GateContext } from './gate.ts';
import { gate, merge } from './plan_follows_policy.gate.ts';

const texts: Readonly<Record<string, string>> = {
  'terraform/network.tf': '# Network.\nresource "aws_eip" "nat" {\n}\n\nresource "aws_subnet" "private" {\n}\n',
  'terraform/versions.tf': 'terraform {\n}\n',
  'terraform/bootstrap/state.tf': 'resource "aws_eip" "nat" {\n}\n',
};
const tree = { files: Object.keys(texts), read: (file: string) => texts[file] ?? '' };
const at = (name: string, resource: string, message = `${resource}: It is open.`) => ({ scenario: { name, module: 'terraform', variables: {} }, finding: { plan: `${name}.json`, rule: 'a', resource, severity: 'error' as const, message, fix: 'Close it.' } });

test('what several plans or instances have is one finding at the block, which names the plans', () => {
  const findings = merge([at('staging', 'aws_eip.nat["x"]'), at('production', 'aws_eip.nat["x"]'), at('production', 'aws_eip.nat["y"]')], tree);
  assert.deepEqual(findings, [{ rule: 'a', file: 'terraform/network.tf', line: 2, severity: 'error', message: 'aws_eip.nat["x"]: It is open. (staging, production)', fix: 'Close it.' }]);
});

test('what is about no resource is shown where the module says what runs it', () => {
  assert.deepEqual(merge([at('staging', 'plan')], tree).map(({ file, line }) => [file, line]), [['terraform/versions.tf', undefined]]);
});

test('a waiver is shown in its file', () => {
  const { finding } = at('staging', 'aws_eip.nat');
  assert.deepEqual(merge([{ scenario: undefined, finding: { ...finding, rule: 'unused-waiver' } }], tree).map(({ rule, file }) => [rule, file]), [['unused-waiver', 'policies/terraform/waivers.json']]);
});

test('the same configuration, rules and policies are planned once, while a waiver of what was found still ends on its day', async (t) => {
  const root = mkdtempSync(path.join(tmpdir(), 'plans-'));
  t.after(() => { rmSync(root, { recursive: true }); });
  const put = (file: string, text: string) => {
    mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    writeFileSync(path.join(root, file), text);
  };
  const waiver = { policy: 'a', resource: 'aws_eip.nat', reason: 'It is so for this test.', owner: '@owner', until: '2026-11-24' };
  const texts = new Map(Object.entries({ 'terraform/bootstrap/state.tf': 'resource "aws_eip" "nat" {\n}\n', 'policies/terraform/a.rego': '# A.\n', 'policies/terraform/waivers.json': JSON.stringify({ waivers: [waiver] }), 'observability/prometheus/rules.yaml': 'groups: []\n', '.github/gates/plan_follows_policy.gate.ts': '// It.\n' }));
  let plans = 0;
  const run: GateContext['run'] = async ({ program }, parameters) => {
    if (program === 'terraform') {
      const [, command] = parameters;
      if (command === 'plan') plans += 1;
      return Promise.resolve({ status: 0, stdout: { init: 'Terraform has been successfully initialized!', plan: 'Saved the plan to: x' }[command ?? ''] ?? '{}', stderr: '' });
    }
    const failure = { msg: 'It is open.', metadata: { policy: 'a', resource: 'aws_eip.nat', severity: 'error', remediation: 'Close it.' } };
    return Promise.resolve({ status: 0, stdout: JSON.stringify(parameters.filter((each) => each.endsWith('.json')).map((filename) => ({ filename, namespace: 'lib.terraform_verdict', failures: [failure], warnings: [{ msg: 'a' }] }))), stderr: '' });
  };
  const judge = async (day: string, changed: Readonly<Record<string, string>> = {}, build = 'terraform 1') => {
    for (const [file, text] of Object.entries(changed)) texts.set(file, text);
    for (const [file, text] of texts) put(file, text);
    const scratch = mkdtempSync(path.join(root, 'scratch-'));
    const findings = await gate.check({ root, scratch, tree: [...texts.keys()], files: ['terraform/bootstrap/state.tf'], now: Date.parse(`${day}T12:00:00Z`), environment: {}, read: (file) => texts.get(file) ?? '', installed: () => build, run });
    return { plans, rules: findings.map(({ rule }) => rule) };
  };
  assert.deepEqual(await judge('2026-11-23'), { plans: 2, rules: [] });
  assert.deepEqual(await judge('2026-11-24'), { plans: 2, rules: [] });
  assert.deepEqual(await judge('2026-11-25'), { plans: 2, rules: ['a', 'expired-waiver'] });
  const changes = [{ 'terraform/bootstrap/state.tf': 'resource "aws_eip" "nat" {\n}\n# More.\n' }, { 'policies/terraform/a.rego': '# Another.\n' }, { 'observability/prometheus/rules.yaml': 'groups: [ ]\n' }, { '.github/gates/plan_follows_policy.gate.ts': '// Another.\n' }];
  for (const [index, changed] of changes.entries()) assert.deepEqual(await judge('2026-11-24', changed), { plans: 4 + 2 * index, rules: [] }, Object.keys(changed).join());
  assert.equal((await judge('2026-11-24', {}, 'terraform 2')).plans, 12);
});
