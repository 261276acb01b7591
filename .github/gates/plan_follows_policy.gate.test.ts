import assert from 'node:assert/strict';
import { test } from 'node:test';
import { merge } from './plan_follows_policy.gate.ts';

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
