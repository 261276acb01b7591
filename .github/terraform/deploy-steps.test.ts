import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { conftest } from '../gates/plan-policy.ts';
import { locate } from '../gates/tools.ts';
import { makeSmallEnvironment, type SmallEnvironment } from './small-environment.ts';
import { type Ran, runJob } from './workflow-steps.ts';

// deploy.yml, as it is written, with the real Terraform.
const missing = ['terraform', 'jq', 'bash', 'tar', 'sha256sum'].filter((program) => spawnSync(program, ['--version']).error !== undefined);
const skip = missing.length === 0 ? false : `not run: no ${missing.join(', ')} on the PATH`;
const repository = join(import.meta.dirname, '../..');
const policies = locate(conftest, join(repository, '.cache/tools'));
const WORKFLOW = join(import.meta.dirname, '../workflows/deploy.yml');
const REGISTRY = '111122223333.dkr.ecr.eu-central-1.amazonaws.com/stockade';
const [first, second] = ['1', '2'].map((digit) => `sha256:${digit.repeat(64)}`) as [string, string];
const MIGRATE = 'aws ecs run-task';
const POLICIES = 'npx node .github/gates/plan-policy.command.ts';

interface Started {
  readonly event: 'push' | 'pull_request' | 'schedule' | 'workflow_dispatch';
  /** The digest of the release that was asked for. */
  readonly release?: string;
}

let runs = 0;

function contextOf({ event, release = '' }: Started): Readonly<Record<string, string>> {
  const vars = { AWS_REGION: 'eu-central-1', AWS_ACCOUNT_ID: '111122223333', REPOSITORY_URL: REGISTRY, STATE_BUCKET: 'state', STATE_KEY_ARN: 'key', TERRAFORM_VARIABLES: '{ "domain_name": "shop.example.org" }' };
  return {
    ...Object.fromEntries(Object.entries(vars).map(([name, value]) => [`vars.${name}`, value])),
    'github.event_name': event,
    'github.repository': 'octo-org/stockade',
    'github.run_id': String(++runs),
    'matrix.environment': 'staging',
    'inputs.release': release === '' ? '' : 'v1.0.0',
    'needs.release.outputs.digest': release,
  };
}

const plan = (place: SmallEnvironment, started: Started): Ran => runJob(WORKFLOW, 'plan', contextOf(started), place);

/** A run: the plan, and where it is not red, what applies it. */
function deploy(place: SmallEnvironment, started: Started): { readonly planned: Ran; readonly applied: Ran | undefined } {
  const context = contextOf(started);
  const planned = runJob(WORKFLOW, 'plan', context, place);
  if (planned.failed !== undefined) return { planned, applied: undefined };
  return { planned, applied: runJob(WORKFLOW, 'apply', { ...context, 'needs.plan.outputs.staging': planned.outputs['steps.save.outputs.staging'] ?? '' }, place) };
}

/** Of the environment, what has an image. */
function stateOf({ workspace }: SmallEnvironment): Readonly<Record<string, string>> {
  const file = join(workspace, 'terraform/terraform.tfstate');
  const { outputs, resources } = (existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { outputs: {}, resources: [] }) as { readonly outputs: Readonly<Record<string, { readonly value: string }>>; readonly resources: readonly { readonly name: string }[] };
  return { image: outputs['image']?.value ?? '', serves: outputs['service_task_definition']?.value ?? '', resources: resources.map(({ name }) => name).sort().join() };
}

/** Step 4 of terraform/README.md, by hand. */
function prepare({ workspace }: SmallEnvironment, image: string): void {
  for (const parameters of [['init'], ['apply', '-auto-approve', '-target=terraform_data.migration', '-var=environment=staging', '-var=domain_name=shop.example.org', `-var=image=${REGISTRY}@${image}`]]) {
    const { status, stderr } = spawnSync('terraform', ['-chdir=terraform', ...parameters], { cwd: workspace, encoding: 'utf8' });
    assert.equal(status, 0, stderr);
  }
}

/** An environment in which the first release runs. */
function running(t: TestContext): SmallEnvironment {
  const place = makeSmallEnvironment(t);
  const { planned, applied } = deploy(place, { event: 'workflow_dispatch', release: first });
  assert.equal(applied?.failed, undefined, planned.text + (applied?.text ?? ''));
  assert.equal(stateOf(place)['serves'], `definition-of-${REGISTRY}@${first}`, planned.text);
  return place;
}

test('a release gets through: its plan is whole to the policies, the migration runs before the service, and all of it is applied', { skip }, (t) => {
  const place = makeSmallEnvironment(t);
  const { planned, applied } = deploy(place, { event: 'workflow_dispatch', release: first });
  assert.equal(planned.failed, undefined, planned.text);
  assert.equal(place.calls(POLICIES).length, 1);
  assert.ok(applied);
  assert.equal(applied.failed, undefined, applied.text);
  assert.deepEqual(stateOf(place), { image: `${REGISTRY}@${first}`, serves: `definition-of-${REGISTRY}@${first}`, resources: 'migration,migration_task,service' });
  assert.equal(place.calls(MIGRATE).length, 1);
  assert.match(applied.text, /applied 0012_audit\.sql/);
  assert.equal(place.calls('curl').length, 1);
});

test('what comes before the rollout is held to the plan that the policies judge: Terraform calls it partial', { skip }, (t) => {
  const place = makeSmallEnvironment(t);
  const { failed, text } = plan(place, { event: 'pull_request', release: first });
  assert.equal(failed, undefined, text);
  const runner = readdirSync(place.scratch).find((name) => name.startsWith('runner-')) ?? '';
  const [whole, part] = ['full', 'migration'].map((name) => JSON.parse(readFileSync(join(place.scratch, runner, 'plan', `${name}.json`), 'utf8')) as { readonly complete: boolean; readonly resource_changes: readonly object[] });
  assert.deepEqual([whole?.complete, part?.complete, whole?.resource_changes.length, part?.resource_changes.length], [true, false, 3, 2]);
  assert.match(text, /Nothing but what was approved/);
  // What the stand-in says of the two, the policy says itself.
  if (policies === undefined) {
    t.diagnostic('not run: no conftest to ask the policy (npm run gates:setup)');
    return;
  }
  const [denied, passed] = ['migration', 'full'].map((name) => spawnSync(policies, ['test', '--parser', 'json', '--namespace', 'terraform.plan_is_whole', '--policy', 'policies/terraform', '--policy', 'policies/lib', join(place.scratch, runner, 'plan', `${name}.json`)], { cwd: repository, encoding: 'utf8' }));
  assert.match(denied?.stdout ?? '', /It is partial/);
  assert.equal(passed?.status, 0, passed?.stdout ?? '');
});

test('what was made by hand for the first deployment does not keep the migration from running', { skip }, (t) => {
  const place = makeSmallEnvironment(t);
  prepare(place, first);
  const { planned, applied } = deploy(place, { event: 'workflow_dispatch', release: first });
  assert.equal(applied?.failed, undefined, planned.text + (applied?.text ?? ''));
  assert.equal(place.calls(MIGRATE).length, 1);
  assert.equal(stateOf(place)['serves'], `definition-of-${REGISTRY}@${first}`);
});

test('a migration that failed leaves the service as it is, and is run again by the next deployment', { skip }, (t) => {
  const place = running(t);
  place.change({ migrationStatus: 1 });
  const failed = deploy(place, { event: 'workflow_dispatch', release: second });
  assert.match(failed.applied?.failed ?? '', /^Migrate/);
  assert.equal(stateOf(place)['serves'], `definition-of-${REGISTRY}@${first}`);
  place.change({ migrationStatus: 0 });
  const { applied } = deploy(place, { event: 'workflow_dispatch', release: second });
  assert.equal(applied?.failed, undefined, applied?.text ?? '');
  assert.equal(place.calls(MIGRATE).length, 3);
  assert.equal(stateOf(place)['serves'], `definition-of-${REGISTRY}@${second}`);
});

test('a rollout that ECS took back is red, and the next merge keeps what serves', { skip }, (t) => {
  const place = running(t);
  place.change({ serves: `definition-of-${REGISTRY}@${first}` });
  const { applied } = deploy(place, { event: 'workflow_dispatch', release: second });
  assert.match(applied?.failed ?? '', /take the rollout back/);
  assert.equal(stateOf(place)['image'], `${REGISTRY}@${second}`);
  const merged = deploy(place, { event: 'push' });
  assert.equal(merged.applied?.failed, undefined, merged.planned.text + (merged.applied?.text ?? ''));
  assert.match(merged.planned.text, /::warning::.*took a rollout back/);
  assert.equal(stateOf(place)['image'], `${REGISTRY}@${first}`);
  assert.equal(stateOf(place)['serves'], `definition-of-${REGISTRY}@${first}`);
});

test('a merge that changes nothing applies nothing, and a night without a difference is green', { skip }, (t) => {
  const place = running(t);
  for (const event of ['push', 'schedule'] as const) {
    const { planned, applied } = deploy(place, { event });
    assert.deepEqual([planned.failed, planned.outputs['steps.plan.outputs.verdict'], applied?.steps], [undefined, '0', ['Say what is to be done']], planned.text);
  }
  assert.equal(place.calls(MIGRATE).length, 1);
});
