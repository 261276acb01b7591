import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readTaskDefinitions, toPodman } from './task-definition.ts';

const DEFINITION = {
  name: 'service',
  image: 'registry.example/stockade@sha256:00',
  environment: [{ name: 'PORT', value: '3000' }],
  secrets: [{ name: 'OIDC_CLIENT_SECRET', valueFrom: 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:oidc' }],
  user: '65532:65532',
  readonlyRootFilesystem: true,
  linuxParameters: { capabilities: { add: [], drop: ['ALL'] }, initProcessEnabled: false },
  ulimits: [{ name: 'nofile', softLimit: 2_048, hardLimit: 4_096 }],
  stopTimeout: 80,
  command: ['--permission', 'app/main.ts'],
};
const resourceOf = (containers: unknown) => ({ address: 'aws_ecs_task_definition.service', mode: 'managed', type: 'aws_ecs_task_definition', values: { task_role_arn: 'arn:aws:iam::123456789012:role/task', ...(containers === undefined ? {} : { container_definitions: JSON.stringify(containers) }) } });
const moduleOf = (containers: unknown) => ({ root_module: { resources: [{ address: 'aws_vpc.main', mode: 'managed', type: 'aws_vpc', values: {} }], child_modules: [{ resources: [resourceOf(containers)] }] } });
const read = (containers: unknown) => readTaskDefinitions(JSON.stringify({ values: moduleOf(containers) }))[0];

test('it is read from a state in either form, a plan, and the last state of what terraform test writes', () => {
  const texts = [{ values: moduleOf([DEFINITION]) }, { planned_values: moduleOf([DEFINITION]) }].map((each) => JSON.stringify(each));
  const lines = [{ type: 'version' }, { type: 'test_state', test_state: moduleOf([{ ...DEFINITION, name: 'earlier' }]) }, { type: 'test_state', test_state: moduleOf([DEFINITION]) }].map((each) => JSON.stringify(each)).join('\n');
  const kept = JSON.stringify({ version: 4, resources: [{ mode: 'managed', type: 'aws_ecs_task_definition', name: 'service', instances: [{ attributes: resourceOf([DEFINITION]).values }] }] });
  for (const text of [...texts, `${lines}\n`, kept]) {
    const [found, ...others] = readTaskDefinitions(text);
    assert.deepEqual([found?.address, found?.hasRole, found?.containers[0]?.name, others.length], ['aws_ecs_task_definition.service', true, 'service', 0]);
  }
});

test('none, and one that is known only after the apply, is said to be so', () => {
  for (const text of ['', '{}', JSON.stringify({ values: { root_module: {} } })]) assert.throws(() => readTaskDefinitions(text), /no aws_ecs_task_definition/, text);
  assert.throws(() => read(undefined), /known only after the apply/);
});

test('whatever it says becomes an option, and what it does not say becomes none', () => {
  const full = read([DEFINITION])?.containers[0];
  assert.ok(full);
  assert.deepEqual(toPodman(full, { OIDC_CLIENT_SECRET: 'value', OTHER: 'not asked for' }), {
    options: ['--read-only', '--read-only-tmpfs=false', '--user', '65532:65532', '--cap-drop', 'ALL', '--ulimit', 'nofile=2048:4096', '--stop-timeout', '80', '--env', 'PORT=3000', '--env', 'OIDC_CLIENT_SECRET=value'],
    command: ['--permission', 'app/main.ts'],
  });
  const [bare] = read([{ name: 'a', image: 'b', entryPoint: ['/x', '-y'], command: ['z'], workingDirectory: '/w', linuxParameters: { capabilities: { add: ['CHOWN'] }, initProcessEnabled: true } }])?.containers ?? [];
  assert.ok(bare);
  assert.deepEqual(toPodman(bare, {}), { options: ['--workdir', '/w', '--cap-add', 'CHOWN', '--init', '--stop-timeout', '30', '--entrypoint', '/x'], command: ['-y', 'z'] });
});

test('a word that is neither applied nor named is refused, and so is a secret without a value', () => {
  for (const more of [{ mountPoints: [{ sourceVolume: 'a' }] }, { dockerLabels: {} }, { privileged: true }, { linuxParameters: { tmpfs: [] } }, { healthCheck: { command: ['CMD', 'x'], shell: 'sh' } }]) assert.throws(() => read([{ ...DEFINITION, ...more }]), /unrecognized_keys|invalid_value|invalid_type/, JSON.stringify(more));
  const [service] = read([DEFINITION])?.containers ?? [];
  assert.ok(service);
  assert.throws(() => toPodman(service, {}), /has the secret OIDC_CLIENT_SECRET/);
});
