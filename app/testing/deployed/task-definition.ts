// A task definition of ECS, from what Terraform writes, as options of Podman. Whatever a container's definition says is applied, or
// named as what Podman has no like of; a word that is neither is refused, so that nothing is left out without anybody noticing.
import { z } from 'zod';

const pair = z.strictObject({ name: z.string(), value: z.string() });

/** https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html */
const container = z.strictObject({
  name: z.string(),
  image: z.string(),
  entryPoint: z.array(z.string()).optional(),
  command: z.array(z.string()).optional(),
  workingDirectory: z.string().optional(),
  environment: z.array(pair).default([]),
  secrets: z.array(z.strictObject({ name: z.string(), valueFrom: z.string() })).default([]),
  user: z.string().optional(),
  readonlyRootFilesystem: z.boolean().default(false),
  privileged: z.literal(false).optional(),
  linuxParameters: z.strictObject({
    capabilities: z.strictObject({ add: z.array(z.string()).default([]), drop: z.array(z.string()).default([]) }).default({ add: [], drop: [] }),
    initProcessEnabled: z.boolean().default(false),
  }).default({ capabilities: { add: [], drop: [] }, initProcessEnabled: false }),
  ulimits: z.array(z.strictObject({ name: z.string(), softLimit: z.number(), hardLimit: z.number() })).default([]),
  stopTimeout: z.number().default(30),
  healthCheck: z.strictObject({ command: z.array(z.string()).min(2), interval: z.number().default(30), timeout: z.number().default(5), startPeriod: z.number().default(0), retries: z.number().default(3) }).optional(),
  portMappings: z.array(z.strictObject({ containerPort: z.number(), hostPort: z.number().optional(), protocol: z.string().optional(), name: z.string().optional() })).default([]),
  // As ECS gives them back where nothing was said.
  mountPoints: z.array(z.never()).optional(),
  volumesFrom: z.array(z.never()).optional(),
  systemControls: z.array(z.never()).optional(),
  // What ECS does around the container.
  cpu: z.number().optional(),
  memory: z.number().optional(),
  essential: z.boolean().optional(),
  logConfiguration: z.unknown().optional(),
  dependsOn: z.unknown().optional(),
});

export type ContainerDefinition = z.output<typeof container>;

export interface TaskDefinition {
  readonly address: string;
  readonly hasRole: boolean;
  readonly containers: readonly ContainerDefinition[];
}

/** What ECS does and Podman has no like of: said wherever the table is shown. */
export const NOT_THE_SAME: Readonly<Record<string, string>> = {
  image: 'the one built here from the Dockerfile, on this machine’s processor; ECS pulls the digest for the definition’s',
  logConfiguration: 'Podman’s own log in place of CloudWatch’s',
  essential: 'whether the task ends with the container is ECS’s to do',
  dependsOn: 'the order of containers is ECS’s to keep',
  'cpu, memory': 'Fargate’s limits, of a virtual machine for each task',
  'healthCheck, from time to time': 'here by hand, and once of a file that is not there: ECS runs the same words inside the container',
  'execution role': 'who pulls the image and reads the secrets is ECS; here their values are made',
  network: 'one loopback for the container and what stands in for AWS: security groups and routes are not there',
};

const resource = z.object({ address: z.string(), mode: z.string(), type: z.string(), values: z.record(z.string(), z.unknown()) });
interface Module { readonly resources?: readonly unknown[]; readonly child_modules?: readonly Module[] }
/** A state as Terraform keeps it, version 4. */
const keptState = z.object({
  version: z.literal(4),
  resources: z.array(z.object({ mode: z.string(), type: z.string(), name: z.string(), module: z.string().optional(), instances: z.array(z.object({ attributes: z.record(z.string(), z.unknown()) })) })),
});
const state = z.object({ root_module: z.custom<Module>((value) => typeof value === 'object' && value !== null) });

/**
 * From an applied state as it is, from `terraform show -json` of one or of a plan, or from the lines of `terraform test -verbose -json`.
 * @throws Error where there is none, or where it is known only after the apply.
 */
export function readTaskDefinitions(text: string): readonly TaskDefinition[] {
  const found = valuesOf(text).flatMap(({ root_module: root }) => resourcesOf(root)).filter(({ type, mode }) => type === 'aws_ecs_task_definition' && mode === 'managed');
  if (found.length === 0) throw new Error('There is no aws_ecs_task_definition in it.');
  return found.map(({ address, values }) => {
    const { container_definitions: definitions, task_role_arn: role } = values;
    if (typeof definitions !== 'string') throw new Error(`${address} has containers that are known only after the apply: give the state, or what terraform test -verbose -json writes.`);
    return { address, hasRole: typeof role === 'string', containers: z.array(container).min(1).parse(JSON.parse(definitions)) };
  });
}

function valuesOf(text: string): readonly z.output<typeof state>[] {
  const whole = parse(text);
  const kept = keptState.safeParse(whole).data;
  if (kept !== undefined) return [{ root_module: { resources: kept.resources.flatMap(({ instances, mode, type, name, module }) => instances.map(({ attributes: values }) => ({ address: [...(module === undefined ? [] : [module]), type, name].join('.'), mode, type, values }))) } }];
  if (whole !== undefined) return [whole['values'], whole['planned_values']].filter((values) => values !== undefined).map((values) => state.parse(values)).slice(0, 1);
  const states = text.split('\n').map((line) => parse(line)?.['test_state']).filter((one) => one !== undefined);
  return states.slice(-1).map((one) => state.parse(one));
}

function parse(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return JSON.parse(text) as Readonly<Record<string, unknown>>;
  } catch {
    return undefined;
  }
}

function resourcesOf({ resources = [], child_modules: children = [] }: Module): readonly z.output<typeof resource>[] {
  return [...resources.map((one) => resource.parse({ values: {}, ...(one as object) })), ...children.flatMap(resourcesOf)];
}

export function environmentOf({ environment }: ContainerDefinition): Readonly<Record<string, string>> {
  return Object.fromEntries(environment.map(({ name, value }) => [name, value]));
}

/** Everything of it that Podman can do, and of this proof's own nothing. @throws Error for a secret without a value. */
export function toPodman(definition: ContainerDefinition, secrets: Readonly<Record<string, string>>): { readonly options: readonly string[]; readonly command: readonly string[] } {
  const { capabilities, initProcessEnabled } = definition.linuxParameters;
  const values = definition.secrets.map(({ name }) => {
    const value = secrets[name];
    if (value === undefined) throw new Error(`${definition.name} has the secret ${name}, for which there is no value here.`);
    return [name, value] as const;
  });
  const [entry, ...words] = definition.entryPoint ?? [];
  return {
    options: [
      ...(definition.readonlyRootFilesystem ? ['--read-only', '--read-only-tmpfs=false'] : []),
      ...(definition.user === undefined ? [] : ['--user', definition.user]),
      ...(definition.workingDirectory === undefined ? [] : ['--workdir', definition.workingDirectory]),
      ...capabilities.drop.flatMap((name) => ['--cap-drop', name]),
      ...capabilities.add.flatMap((name) => ['--cap-add', name]),
      ...(initProcessEnabled ? ['--init'] : []),
      ...definition.ulimits.flatMap(({ name, softLimit, hardLimit }) => ['--ulimit', `${name}=${softLimit}:${hardLimit}`]),
      '--stop-timeout', String(definition.stopTimeout),
      ...[...Object.entries(environmentOf(definition)), ...values].flatMap(([name, value]) => ['--env', `${name}=${value}`]),
      ...(entry === undefined ? [] : ['--entrypoint', entry]),
    ],
    command: [...words, ...(definition.command ?? [])],
  };
}
