import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, matchesGlob } from 'node:path';
import { test, type TestContext } from 'node:test';
import { parse } from 'yaml';

const unix = { skip: process.platform === 'win32' ? 'not run: the stand-in for the CLI of AWS is a script of Unix' : false };
const TASK = 'arn:aws:ecs:eu-central-1:111122223333:task/stockade-staging/0123';
const WANTED = 'arn:aws:ecs:eu-central-1:111122223333:task-definition/stockade-staging-service:7';
const EARLIER = WANTED.replace(':7', ':6');
const outputs = Object.fromEntries(
  Object.entries({ cluster_name: 'stockade-staging', service_name: 'service', service_task_definition: WANTED, migration_task_definition: 'stockade-staging-migration', migration_network: '{}', migration_log_group: '/stockade-staging/migration', migration_log_stream_prefix: 'ecs/migration' }).map(([name, value]) => [name, { value }]),
);

/** Runs a command beside an AWS CLI that answers each call with the next of `answers`, or fails where there is none. */
function run(t: TestContext, command: string, answers: Readonly<Record<string, readonly unknown[]>>, given: object = outputs): { readonly status: number | null; readonly text: string } {
  const folder = mkdtempSync(join(tmpdir(), 'stockade-deployment-'));
  t.after(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  writeFileSync(join(folder, 'answers.json'), JSON.stringify(answers));
  writeFileSync(join(folder, 'outputs.json'), JSON.stringify(given));
  writeFileSync(
    join(folder, 'aws'),
    `#!/usr/bin/env node\nconst fs = require('fs');\nconst file = ${JSON.stringify(join(folder, 'answers.json'))};\nconst answers = JSON.parse(fs.readFileSync(file, 'utf8'));\nconst answer = (answers[process.argv[3]] ?? []).shift();\nif (answer === undefined) { console.error('no such call: ' + process.argv[3]); process.exit(1); }\nfs.writeFileSync(file, JSON.stringify(answers));\nconsole.log(JSON.stringify(answer));\n`,
  );
  chmodSync(join(folder, 'aws'), 0o755);
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(import.meta.dirname, command), join(folder, 'outputs.json')], { encoding: 'utf8', env: { ...process.env, PATH: `${folder}${delimiter}${process.env['PATH'] ?? ''}`, POLL_SECONDS: '0' } });
  return { status, text: stdout + stderr };
}

const migration = (last: object): Readonly<Record<string, readonly unknown[]>> => ({
  'run-task': [{ tasks: [{ taskArn: TASK, lastStatus: 'PROVISIONING' }], failures: [] }],
  'describe-tasks': [{ tasks: [{ taskArn: TASK, lastStatus: 'RUNNING' }] }, { tasks: [{ taskArn: TASK, lastStatus: 'STOPPED', ...last }] }],
  'get-log-events': [{ events: [{ message: 'applied 0012_audit.sql' }] }],
});

test('a migration that ended with zero is a success, and its log is shown', unix, (t) => {
  const { status, text } = run(t, 'migrate.command.ts', migration({ containers: [{ name: 'migration', exitCode: 0 }] }));
  assert.equal(status, 0, text);
  assert.match(text, /applied 0012_audit\.sql/);
});

for (const [what, last] of Object.entries({
  'ended with another status': { containers: [{ name: 'migration', exitCode: 1 }] },
  'was never started': { stoppedReason: 'CannotPullContainerError', containers: [{ name: 'migration', reason: 'CannotPullContainerError' }] },
  'has no container of that name': { containers: [{ name: 'other', exitCode: 0 }] },
  'has no container': {},
})) {
  test(`a migration that ${what} is a failure`, unix, (t) => {
    assert.equal(run(t, 'migrate.command.ts', migration(last)).status, 1);
  });
}

test('a migration that can not be started is a failure', unix, (t) => {
  const { status, text } = run(t, 'migrate.command.ts', { 'run-task': [{ tasks: [], failures: [{ reason: 'RESOURCE:MEMORY' }] }] });
  assert.notEqual(status, 0);
  assert.match(text, /RESOURCE:MEMORY/);
});

test('a log that can not be read leaves the verdict to the exit status', unix, (t) => {
  assert.equal(run(t, 'migrate.command.ts', { ...migration({ containers: [{ name: 'migration', exitCode: 0 }] }), 'get-log-events': [] }).status, 0);
});

test('an output that is not there is a failure', unix, (t) => {
  assert.notEqual(run(t, 'migrate.command.ts', migration({ containers: [{ name: 'migration', exitCode: 0 }] }), {}).status, 0);
});

const rollout = (...answers: readonly (readonly object[])[]): Readonly<Record<string, readonly unknown[]>> => ({ 'describe-services': answers.map((deployments) => ({ services: [{ deployments }] })) });
const going = { status: 'PRIMARY', taskDefinition: WANTED, rolloutState: 'IN_PROGRESS', runningCount: 1, desiredCount: 2 };
const done = { ...going, rolloutState: 'COMPLETED', runningCount: 2 };

test('a rollout is waited for', unix, (t) => {
  assert.equal(run(t, 'rollout.command.ts', rollout([going], [going], [done])).status, 0);
});

for (const [what, deployments] of Object.entries<readonly object[]>({
  'the alarm or the circuit breaker took it back': [{ ...done, taskDefinition: EARLIER, rolloutStateReason: 'ECS deployment circuit breaker: rolling back' }],
  'it failed and nothing could be gone back to': [{ ...going, rolloutState: 'FAILED' }],
})) {
  test(`a rollout is a failure where ${what}`, unix, (t) => {
    const { status, text } = run(t, 'rollout.command.ts', rollout([going], deployments));
    assert.equal(status, 1, text);
    assert.match(text, /took the rollout back/);
  });
}

test('no service, or none of its tasks, is no rollout', unix, (t) => {
  const nothing = { ...done, runningCount: 0, desiredCount: 0 };
  const { status } = run(t, 'rollout.command.ts', rollout([nothing], []));
  assert.notEqual(status, 0);
});

const repository = join(import.meta.dirname, '../..');
const read = (...path: readonly string[]): string => readFileSync(join(repository, ...path), 'utf8');
const allOf = (text: string, pattern: RegExp): readonly string[] => [...new Set([...text.matchAll(pattern)].map(([, name = '']) => name))].sort();

test('every output that a deployment reads is one of the root', () => {
  const workflows = ['deploy.yml', 'preview.yml'].map((name) => read('.github/workflows', name)).join('\n');
  const commands = ['migrate', 'rollout'].map((name) => read('.github/terraform', `${name}.command.ts`)).join('\n');
  const wanted = [...allOf(commands, /\boutput\('(\w+)'\)/g), ...allOf(workflows, /\.(\w+)\.value\b/g)];
  const root = readdirSync(join(repository, 'terraform')).filter((name) => name.endsWith('.tf')).map((name) => read('terraform', name)).join('\n');
  const given = allOf(root, /^output "(\w+)"/gm);
  assert.ok(wanted.length > 7);
  assert.deepEqual(wanted.filter((name) => !given.includes(name) && name !== 'image'), []);
});

test('what the migration reads is there before the service is: a plan with a target has no output that refers to no resource', () => {
  const wanted = allOf(read('.github/terraform/migrate.command.ts'), /\boutput\('(\w+)'\)/g);
  const root = read('terraform/outputs.tf');
  assert.ok(wanted.length > 3);
  assert.deepEqual(wanted.filter((name) => !new RegExp(String.raw`^output "${name}" \{[^}]*\n  value\s*=[^}]*\baws_`, 'm').test(root)), []);
});

test('a change of what the root reads elsewhere is planned, and applied when it is merged', () => {
  const root = readdirSync(join(repository, 'terraform')).filter((name) => name.endsWith('.tf')).map((name) => read('terraform', name)).join('\n');
  const elsewhere = allOf(root, /"\.\.\/([\w/.-]+)"/g);
  assert.ok(elsewhere.length > 1, elsewhere.join());
  const { on } = parse(read('.github/workflows/deploy.yml')) as { readonly on: Readonly<Record<'pull_request' | 'push', { readonly paths: readonly string[] }>> };
  for (const event of ['pull_request', 'push'] as const) assert.deepEqual(elsewhere.filter((name) => !on[event].paths.some((pattern) => matchesGlob(name, pattern) || matchesGlob(`${name}/any.yaml`, pattern))), [], event);
});

test('every variable that a deployment takes from GitHub is one that bootstrap or the operator is told to set', () => {
  const workflows = ['deploy.yml', 'preview.yml'].map((name) => read('.github/workflows', name)).join('\n');
  const told = `${read('terraform/bootstrap/outputs.tf')}\n${read('terraform/README.md')}`;
  const taken = allOf(workflows, /\bvars\.([A-Z_]+)/g);
  assert.ok(taken.length > 8);
  assert.deepEqual(taken.filter((name) => !new RegExp(String.raw`\b${name}\b`).test(told)), []);
});

test('the trust of the roles names workflows that are there, and the environments that their jobs have', () => {
  const trust = read('terraform/bootstrap/github.tf');
  for (const [name, environments] of Object.entries({ 'deploy.yml': ['${{ matrix.environment }}', '${{ matrix.environment }}-plan'], 'preview.yml': ['preview', 'preview-cleanup'] })) {
    assert.ok(trust.includes(`/.github/workflows/${name}"`), name);
    assert.deepEqual(allOf(read('.github/workflows', name), /^ {4}environment:\n {6}name: (.+)$/gm), environments);
  }
  assert.match(trust, /environments = \["\$\{each\}-plan"\]/);
});

test('an environment whose role trusts main alone is restricted to main by the README, and to it by name', () => {
  type Trust = Readonly<Record<string, { readonly Statement: readonly { readonly Condition: { readonly StringEquals: Readonly<Record<string, unknown>>; readonly StringLike: Readonly<Record<string, unknown>> } }[] }>>;
  const of = (claim: string): string => `token.actions.githubusercontent.com:${claim}`;
  const conditions = Object.values(JSON.parse(read('terraform/bootstrap/trust.json')) as Trust).flatMap(({ Statement }) => Statement.map(({ Condition }) => Condition));
  const ofMain = conditions.filter(({ StringLike }) => JSON.stringify(StringLike[of('ref')]) === '["refs/heads/main"]').flatMap(({ StringEquals }) => StringEquals[of('environment')] as readonly string[]);
  const readme = read('terraform/README.md');
  const restricted = [...readme.matchAll(/for name in ([\w -]+); do only_for_main \$name|only_for_main (\w[\w-]*)$/gm)].flatMap(([, loop, one]) => (loop ?? one ?? '').split(' '));
  assert.deepEqual([...new Set(ofMain)].sort(), restricted.sort());
  // A ruleset, as this repository has one, is no protected branch to GitHub's environments.
  assert.match(readme, /\[protected_branches\]=false' -F 'deployment_branch_policy\[custom_branch_policies\]=true'\n.*deployment-branch-policies" -f name=main -f type=branch/);
});

/** What the provider writes into the state, or reads back into it: https://developer.hashicorp.com/terraform/language/manage-sensitive-data */
const secretInState = /(?:resource|data) "(?:aws_(?:secretsmanager_(?:secret_version|random_password)|iam_access_key|iam_service_specific_credential|ssm_parameter|kms_secrets?|lightsail_key_pair)|random_(?:password|string|bytes)|tls_private_key)"|^\s*(?:(?:master_)?(?:user_)?password|passwords|auth_token|secret_(?:string|binary))\s*=/;

test('no secret that is in use gets into the state, which the role that plans reads', () => {
  for (const text of ['resource "aws_secretsmanager_secret_version" "x" {', 'data "aws_ssm_parameter" "x" {', '  password = var.x', '  auth_token                 = "x"', 'resource "random_password" "x" {']) assert.match(text, secretInState);
  const found = ['terraform', 'terraform/bootstrap'].flatMap((folder) =>
    readdirSync(join(repository, folder))
      .filter((name) => name.endsWith('.tf'))
      .flatMap((name) => read(folder, name).split('\n').filter((line) => secretInState.test(line)).map((line) => `${folder}/${name}: ${line.trim()}`)),
  );
  assert.deepEqual(found, []);
});
