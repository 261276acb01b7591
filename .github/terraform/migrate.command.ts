// Runs the migration as a one-off task and ends as it ended: `node migrate.command.ts outputs.json`. Whatever is not an exit status
// of zero is a failure, a task that never started among them.
import { readFileSync } from 'node:fs';
import { aws, outputsOf, pause } from './aws.ts';

interface Task {
  readonly taskArn: string;
  readonly lastStatus: string;
  readonly stoppedReason?: string;
  readonly containers?: readonly { readonly name: string; readonly exitCode?: number; readonly reason?: string }[];
}

interface Tasks {
  readonly tasks: readonly Task[];
  readonly failures: readonly { readonly reason?: string }[];
}

const MINUTES = 60;
const pollSeconds = Number(process.env['POLL_SECONDS'] ?? '5');

const output = outputsOf(readFileSync(process.argv[2] ?? 'outputs.json', 'utf8'));
const cluster = output('cluster_name');
const { tasks: [started], failures } = aws('ecs', 'run-task', '--cluster', cluster, '--task-definition', output('migration_task_definition'), '--launch-type', 'FARGATE', '--started-by', 'deploy', '--network-configuration', output('migration_network')) as Tasks;
if (started === undefined) throw new Error(`The migration was not started: ${failures.map(({ reason }) => reason).join(', ')}`);
console.log(`Started ${started.taskArn}`);

const deadline = Date.now() + MINUTES * 60_000;
let task = started;
while (task.lastStatus !== 'STOPPED') {
  if (Date.now() > deadline) throw new Error(`The migration still runs after ${MINUTES} minutes: ${task.taskArn}`);
  await pause(pollSeconds);
  task = (aws('ecs', 'describe-tasks', '--cluster', cluster, '--tasks', started.taskArn) as Tasks).tasks[0] ?? task;
}

printLog(task.taskArn.slice(task.taskArn.lastIndexOf('/') + 1));
const container = task.containers?.find(({ name }) => name === 'migration');
if (container?.exitCode === 0) console.log('The schema is up to date.');
else {
  console.error(`The migration failed (${container?.exitCode ?? 'no exit status'}): ${container?.reason ?? task.stoppedReason ?? 'see its log'}`);
  process.exitCode = 1;
}

/** A log that can't be read is no verdict; the exit status is. */
function printLog(id: string): void {
  try {
    const { events } = aws('logs', 'get-log-events', '--log-group-name', output('migration_log_group'), '--log-stream-name', `${output('migration_log_stream_prefix')}/${id}`, '--limit', '200', '--start-from-head') as { readonly events: readonly { readonly message: string }[] };
    for (const { message } of events) console.log(`  ${message}`);
  } catch (error) {
    console.error(`Its log can't be shown: ${(error as Error).message}`);
  }
}
