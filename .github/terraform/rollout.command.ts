// Waits until the service runs what was applied, and ends with 1 where ECS took it back: `node rollout.command.ts outputs.json`.
// Terraform's own wait ends at any steady state, that of a rollback too: https://github.com/hashicorp/terraform-provider-aws/issues/20858
// The root's postcondition notices another task definition; this also a rollout that failed with nothing to go back to, and asks ECS itself.
import { readFileSync } from 'node:fs';
import { aws, outputsOf, pause } from './aws.ts';

interface Deployment {
  readonly status: string;
  readonly taskDefinition: string;
  readonly rolloutState?: string;
  readonly rolloutStateReason?: string;
  readonly runningCount: number;
  readonly desiredCount: number;
}

const MINUTES = 40;
const pollSeconds = Number(process.env['POLL_SECONDS'] ?? '10');

const output = outputsOf(readFileSync(process.argv[2] ?? 'outputs.json', 'utf8'));
const wanted = output('service_task_definition');
const deadline = Date.now() + MINUTES * 60_000;

for (;;) {
  const { services } = aws('ecs', 'describe-services', '--cluster', output('cluster_name'), '--services', output('service_name')) as { readonly services: readonly { readonly deployments: readonly Deployment[] }[] };
  const deployments = services[0]?.deployments ?? [];
  const failed = deployments.find(({ taskDefinition, rolloutState }) => taskDefinition === wanted && rolloutState === 'FAILED');
  const primary = deployments.find(({ status }) => status === 'PRIMARY');
  if (failed !== undefined || (primary !== undefined && primary.taskDefinition !== wanted)) {
    console.error(`ECS took the rollout back: it runs ${primary?.taskDefinition ?? 'nothing'}, not ${wanted}. ${failed?.rolloutStateReason ?? primary?.rolloutStateReason ?? ''}`);
    process.exitCode = 1;
    break;
  }
  if (primary?.rolloutState === 'COMPLETED' && primary.runningCount === primary.desiredCount && primary.runningCount > 0) {
    console.log(`${primary.runningCount} tasks run ${wanted}.`);
    break;
  }
  if (Date.now() > deadline) throw new Error(`The rollout is not over after ${MINUTES} minutes.`);
  await pause(pollSeconds);
}
