import assert from 'node:assert/strict';
import { test } from 'node:test';
import { summaryOf } from './plan-summary.ts';
import { beyond } from './plan-within.ts';

interface Planned {
  readonly address: string;
  readonly actions: readonly string[];
  readonly before?: object | null;
  readonly after?: object | null;
  readonly after_unknown?: object;
}

function planOf(...changes: readonly Planned[]): string {
  return JSON.stringify({ format_version: '1.2', resource_changes: changes.map(({ address, actions, before = null, after = null, after_unknown = {} }) => ({ address, change: { actions, before, after, after_unknown } })) });
}

const service: Planned = { address: 'aws_ecs_service.service', actions: ['update'], before: { task_definition: 'service:1', desired_count: 2 }, after: { desired_count: 2 }, after_unknown: { task_definition: true } };
const made: Planned = { address: 'aws_sns_topic.alarms', actions: ['create'], after: { name: 'alarms', policy: 'a' }, after_unknown: { arn: true } };
const still: Planned = { address: 'aws_vpc.main', actions: ['no-op'], before: { id: 'vpc-1' }, after: { id: 'vpc-1' } };

test('a summary counts, names what differs, and shows what is lost first', () => {
  const text = summaryOf('production', planOf(made, service, still, { address: 'aws_db_instance.main', actions: ['delete', 'create'], before: { engine_version: '16' }, after: { engine_version: '17' } }, { address: 'aws_kms_key.logs', actions: ['delete'], before: { id: 'k' } }));
  assert.match(text, /^### production: 1 to replace, 1 to destroy, 1 to change, 1 to make\n/);
  assert.match(text, /\| \*\*replace\*\* \| `aws_db_instance\.main` \| engine_version \|\n\| \*\*destroy\*\* \| `aws_kms_key\.logs` \| {2}\|\n\| change \| `aws_ecs_service\.service` \| task_definition \|\n\| make \|/);
  assert.doesNotMatch(text, /aws_vpc/);
});

test('a summary has no value of the plan in it', () => {
  assert.doesNotMatch(summaryOf('staging', planOf({ address: 'a.b', actions: ['update'], before: { password: 'hunter1' }, after: { password: 'hunter2' } })), /hunter/);
});

test('a summary of a plan that changes nothing says so', () => {
  assert.equal(summaryOf('staging', planOf(still)), '### staging: nothing changes\n');
});

test('a summary that is too long says how much is left out, and those of staging and production go into one comment', () => {
  const many = planOf(...Array.from({ length: 5000 }, (_, index) => ({ address: `aws_route.number_${index}`, actions: ['create'] })));
  const texts = ['staging', 'production'].map((environment) => `${summaryOf(environment, many)}\n`);
  for (const text of texts) assert.match(text, /\d+ more are in the log/);
  assert.ok(texts.join('').length <= 65_536);
});

test('what is no plan, or a broken one, is not taken for one that changes nothing', () => {
  assert.throws(() => summaryOf('staging', '{}'));
  assert.throws(() => summaryOf('staging', '{"format_version":"1.2","errored":true}'));
  assert.throws(() => summaryOf('staging', planOf({ address: 'a.b', actions: ['dance'] })), /dance/);
});

test('a plan is within itself, and within one that does more', () => {
  assert.deepEqual(beyond(planOf(made, service), planOf(made, service)), []);
  assert.deepEqual(beyond(planOf(made, service), planOf(service, still)), []);
  assert.deepEqual(beyond(planOf(made), planOf()), []);
});

test('what was not known when it was approved may be known by now', () => {
  assert.deepEqual(beyond(planOf(service), planOf({ ...service, after: { desired_count: 2, task_definition: 'service:2' }, after_unknown: {} })), []);
});

test('what the plan does not change may have moved meanwhile, as autoscaling moves the count of tasks', () => {
  const scaled = { ...service, before: { task_definition: 'service:1', desired_count: 5 }, after: { desired_count: 5 } };
  assert.deepEqual(beyond(planOf(service), planOf(scaled)), []);
  assert.equal(beyond(planOf(service), planOf({ ...scaled, before: { desired_count: 2 } })).length, 1);
});

for (const [what, final] of Object.entries<Planned>({
  'another resource': { address: 'aws_iam_role.admin', actions: ['create'] },
  'another action': { ...made, actions: ['delete'] },
  'a replacement': { ...service, actions: ['delete', 'create'] },
  'another value': { ...made, after: { name: 'alarms', policy: 'b' } },
  'a value that was not set': { ...service, after: { desired_count: 2, enable_execute_command: true } },
  'a value that is gone': { ...service, before: { task_definition: 'service:1', desired_count: 2 }, after: {} },
})) {
  test(`${what} is beyond what was approved`, () => {
    assert.equal(beyond(planOf(made, service), planOf(final)).length, 1);
  });
}
