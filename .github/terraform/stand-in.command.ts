// Stands in for what the workflows call beside Terraform: `node stand-in.command.ts aws s3 cp …`. It remembers every call, and answers from the
// file CLOUD, as the references of the CLIs have it. What it does not know fails. Tested by workflow-steps.test.ts, whose ground it is.
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Cloud } from './small-environment.ts';

const [program = '', ...given] = process.argv.slice(2);
const file = process.env['CLOUD'] ?? '';
const cloud = JSON.parse(readFileSync(file, 'utf8')) as Cloud;
const bucket = path.join(path.dirname(file), 'bucket');
let changes: Partial<Cloud> = {};
const answer = answerOf(`${program} ${given.join(' ')}`, given);
writeFileSync(file, JSON.stringify({ ...cloud, ...changes, calls: [...cloud.calls, `${program} ${given.join(' ')}`] }));
if (answer !== undefined) console.log(typeof answer === 'string' ? answer : JSON.stringify(answer));

function answerOf(call: string, parameters: readonly string[]): unknown {
  const after = (name: string): string => parameters[parameters.indexOf(name) + 1] ?? '';
  const about = (start: string): boolean => call.startsWith(`${start} `) || call === start;
  if (cloud.failing !== undefined && about(cloud.failing)) return fail(call);
  if (about('aws s3 cp')) copy(parameters.at(-2) ?? '', parameters.at(-1) ?? '');
  if (about('aws s3 rm')) rmSync(inBucket(parameters.at(-1) ?? ''));
  if (about('aws s3')) return undefined;
  if (about('aws s3api list-objects-v2')) return { Contents: objects(after('--prefix')) };
  if (about('aws ecr describe-images')) return call.includes('--query') ? 'sha256:'.padEnd(71, '0') : { imageDetails: cloud.images };
  if (about('aws ecs describe-services')) return { services: served() === undefined ? [] : [{ status: 'ACTIVE', deployments: [{ status: 'PRIMARY', taskDefinition: served(), rolloutState: 'COMPLETED', runningCount: 2, desiredCount: 2 }] }] };
  if (about('aws ecs describe-task-definition')) return { taskDefinition: { containerDefinitions: [{ name: 'collector', image: 'other' }, { name: 'service', image: after('--task-definition').replace('definition-of-', '') }] } };
  if (about('aws ecs run-task')) return { tasks: [{ taskArn: 'arn:aws:ecs:eu-central-1:111122223333:task/made/1', lastStatus: 'PROVISIONING' }], failures: [] };
  if (about('aws ecs describe-tasks')) return { tasks: [{ taskArn: 'arn:aws:ecs:eu-central-1:111122223333:task/made/1', lastStatus: 'STOPPED', containers: [{ name: 'migration', exitCode: cloud.migrationStatus }] }] };
  if (about('aws logs get-log-events')) return { events: [{ message: 'applied 0012_audit.sql' }] };
  if (about('aws secretsmanager describe-secret')) return cloud.box === undefined ? {} : { VersionIdsToStages: { one: ['AWSCURRENT'] } };
  if (about('aws secretsmanager put-secret-value')) return change({ box: readFileSync(after('--secret-string').replace('file://', ''), 'utf8') });
  if (about('aws cognito-idp list-user-pool-client-secrets')) return { ClientSecrets: cloud.clientSecrets.map(({ id, made }) => ({ ClientSecretId: id, ClientSecretCreateDate: made })).reverse() };
  if (about('aws cognito-idp add-user-pool-client-secret')) return cloud.clientSecrets.length > 1 ? fail('LimitExceededException') : change({ clientSecrets: [...cloud.clientSecrets, { id: String(cloud.calls.length), made: new Date(Date.UTC(2026, 0, 1, 0, 0, cloud.calls.length)).toISOString(), value: readFileSync(after('--client-secret').replace('file://', ''), 'utf8') }] });
  if (about('aws cognito-idp delete-user-pool-client-secret')) return cloud.clientSecrets.length < 2 ? fail('InvalidParameterException') : change({ clientSecrets: cloud.clientSecrets.filter(({ id }) => id !== after('--client-secret-id')) });
  if (about('gh api')) return cloud.pulls[(parameters[1] ?? '').replace(/.*\/pulls\//, '')] ?? fail(call);
  if (about('docker buildx imagetools inspect')) return { digest: cloud.released };
  if (['docker', 'gh attestation verify', 'aws ecr get-login-password', 'npm', 'curl'].some(about)) return '';
  if (about('npx node')) return parameters[1]?.endsWith('plan-policy.command.ts') === true ? judge(parameters.slice(2)) : pass(parameters.slice(1));
  return fail(call);
}

function change(values: Partial<Cloud>): object {
  changes = values;
  return {};
}

/** What ECS runs: where nothing else is said, what was applied last. */
function served(): string | undefined {
  const state = path.join(process.cwd(), 'terraform/terraform.tfstate');
  const { outputs } = (existsSync(state) ? JSON.parse(readFileSync(state, 'utf8')) : { outputs: {} }) as { readonly outputs: Readonly<Record<string, { readonly value: string }>> };
  return cloud.serves ?? outputs['service_task_definition']?.value;
}

/** As policies/terraform/plan_is_whole.rego does; deploy-steps.test.ts holds that it does. */
function judge(plans: readonly string[]): string {
  if (plans.length === 0) throw new Error('There is no plan to judge.');
  for (const plan of plans) if ((JSON.parse(readFileSync(plan, 'utf8')) as { readonly complete?: boolean }).complete !== true) throw new Error(`plan_is_whole: ${path.basename(plan)} is partial.`);
  return 'Nothing found.';
}

function pass(parameters: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, parameters, { encoding: 'utf8' });
  process.stderr.write(stderr);
  process.exitCode = status ?? 1;
  return stdout;
}

function copy(from: string, to: string): void {
  const [source, target] = [from, to].map((each) => (each.startsWith('s3://') ? inBucket(each) : each)) as [string, string];
  mkdirSync(path.dirname(target), { recursive: true });
  copyFileSync(source, target);
}

function inBucket(url: string): string {
  return path.join(bucket, url.replace(/^s3:\/\/[^/]+\//, ''));
}

function objects(prefix: string): readonly object[] {
  if (!existsSync(bucket)) return [];
  const keys = readdirSync(bucket, { recursive: true, encoding: 'utf8' }).filter((key) => key.startsWith(prefix) && statSync(path.join(bucket, key)).isFile());
  return keys.map((Key) => ({ Key, LastModified: statSync(path.join(bucket, Key)).mtime.toISOString() }));
}

function fail(call: string): never {
  throw new Error(`No such call is known: ${call}`);
}
