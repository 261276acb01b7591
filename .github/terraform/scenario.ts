// The life of an environment in an account of its own: bootstrap, apply, a second apply, destroy with and without protection, and what is left.
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { createZone, deleteDatabase, type Holdings, leftIn, listHoldings, moveBounds, REGION } from './account.ts';
import { type Difference, differencesOf, type Plan } from './differences.ts';
import { startShim } from './shim.ts';
import { apply, type Applied, copySources, environmentOf, initialise, readPlan, type Root, terraform } from './terraform.ts';

export interface Step {
  readonly root: string;
  readonly step: string;
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
  readonly seconds: number;
  /** Empty: it went as it should. */
  readonly problem: string;
}

export interface Stage {
  /** `production`, `staging`, `preview-7`. */
  readonly environment: string;
  readonly endpoint: string;
  readonly repository: string;
  /** The copy of it that Terraform works in, and what it writes. */
  readonly scratch: string;
  readonly say: (line: string) => void;
  readonly steps: Step[];
  readonly differences: Difference[];
}

const ACCOUNT = '123456789012';
const DOMAIN = 'stockade.example.org';
/** What the workflow says of its account: terraform/README.md. No image of this digest is ever pulled here. */
const VARIABLES = {
  region: REGION,
  repository: 'your-org/stockade',
  domain_name: DOMAIN,
  image: `${ACCOUNT}.dkr.ecr.${REGION}.amazonaws.com/stockade@sha256:${'0'.repeat(64)}`,
  security_contact: 'mailto:security@example.org',
  alarm_emails: '["operator@example.org"]',
  // With it come metrics, their rules and alerts, and traces.
  collector_image: `${ACCOUNT}.dkr.ecr.${REGION}.amazonaws.com/aws-otel-collector@sha256:${'1'.repeat(64)}`,
};
const BOOTSTRAP = { region: REGION, repository: 'your-org/stockade', repository_id: '123456789', repository_owner_id: '1234567' };
const [UNCHANGED, FAILED, CHANGED] = [0, 1, 2];

/** Of a preview too: it has a number, and its kind the settings. */
export const kindOf = (environment: string): string => environment.replace(/-\d+$/, '');

const asVariables = (values: Readonly<Record<string, string>>) => Object.fromEntries(Object.entries(values).map(([name, value]) => [`TF_VAR_${name}`, value]));

export function openStage(environment: string, repository: string, scratch: string, endpoint: string, say: Stage['say']): Stage {
  copySources(repository, scratch);
  return { environment, endpoint, repository, scratch, say, steps: [], differences: [] };
}

async function record(stage: Stage, root: Root, step: string, work: () => Promise<Partial<Applied> & { readonly problem?: string }>): Promise<boolean> {
  const from = performance.now();
  stage.say(`${root.name}: ${step} …`);
  const done = await work().catch((error: unknown) => ({ problem: error instanceof Error ? error.message : String(error) }));
  const { added = 0, changed = 0, removed = 0, problem = '' }: Partial<Applied> & { readonly problem?: string } = done;
  const seconds = (performance.now() - from) / 1_000;
  stage.steps.push({ root: root.name, step, added, changed, removed, seconds, problem });
  stage.say(`${problem === '' ? '✔' : '✖'} ${root.name}: ${step} (${seconds.toFixed(0)} s)${problem === '' ? '' : `: ${problem}`}`);
  return problem === '';
}

/** What Terraform would do now; nothing but what the emulator is known for may come of it. */
export async function replan(stage: Stage, root: Root, step: string, files: readonly string[]): Promise<Plan | undefined> {
  let plan: Plan | undefined;
  await record(stage, root, step, async () => {
    const file = path.join(stage.scratch, `${root.name}.plan`);
    const { status } = await terraform(root, ['plan', '-input=false', '-no-color', '-detailed-exitcode', '-parallelism=20', `-out=${file}`, ...files], [UNCHANGED, CHANGED]);
    plan = (await readPlan(root, file)) as Plan;
    const found = differencesOf(root.name, plan);
    stage.differences.push(...found);
    return { problem: status === CHANGED && found.length === 0 ? 'there is a difference that the plan does not show' : '' };
  });
  return plan;
}

export interface Addressed {
  readonly root: Root;
  readonly files: readonly string[];
}

/** @param name `bootstrap` or `main` */
export function rootOf({ environment: of, endpoint, scratch }: Stage, name: 'bootstrap' | 'main', outputs: Readonly<Record<string, string>>, zone: string): Addressed {
  const environment = { ...environmentOf(endpoint, REGION), TF_DATA_DIR: path.join(scratch, 'data', name) };
  const kind = kindOf(of);
  if (name === 'bootstrap') return { root: { name, folder: path.join(scratch, 'terraform/bootstrap'), environment: { ...environment, ...asVariables({ ...BOOTSTRAP, environments: JSON.stringify(kind === 'preview' ? [kind] : ['staging', 'production']) }) } }, files: [] };
  const variables = asVariables({ ...VARIABLES, zone_id: zone, permissions_boundary: outputs['permissions_boundary'] ?? '', ...(kind === 'preview' && { environment: of }) });
  return { root: { name: of, folder: path.join(scratch, 'terraform'), environment: { ...environment, ...variables } }, files: [`-var-file=environments/${kind}.tfvars`] };
}

export interface Bootstrapped {
  readonly root: Root;
  readonly outputs: Readonly<Record<string, string>>;
}

export async function bootstrap(stage: Stage): Promise<Bootstrapped | undefined> {
  const { root } = rootOf(stage, 'bootstrap', {}, '');
  const isApplied = await record(stage, root, 'apply', async () => {
    await initialise(root, []);
    return apply(root, [], stage.say);
  });
  if (!isApplied) return undefined;
  await replan(stage, root, 're-plan', []);
  const { stdout } = await terraform(root, ['output', '-json']);
  const outputs = Object.fromEntries(Object.entries(JSON.parse(stdout) as Record<string, { readonly value: unknown }>).map(([name, { value }]) => [name, String(value)]));
  return { root, outputs };
}

export interface Deployment extends Addressed {
  /** As `terraform state pull` printed it, after the first apply and a refresh. */
  readonly state: string;
  readonly before: Holdings;
}

/** The main root, its state in the bucket that bootstrap made, locked there. */
export async function deploy(stage: Stage, { outputs }: Bootstrapped, zone: string): Promise<Deployment | undefined> {
  const { root, files } = rootOf(stage, 'main', outputs, zone);
  const before = await listHoldings(stage.endpoint);
  const key = `${stage.environment}/terraform.tfstate`;
  const isApplied = await record(stage, root, 'apply', async () => {
    await initialise(root, [`-backend-config=bucket=${outputs['state_bucket'] ?? ''}`, `-backend-config=key=${key}`, `-backend-config=region=${REGION}`, `-backend-config=kms_key_id=${outputs['state_key_arn'] ?? ''}`]);
    return apply(root, files, stage.say);
  });
  if (!isApplied) return undefined;
  // What one resource changes of another (a topic's policy) the first one's state does not know before it is read again.
  await record(stage, root, 'refresh', async () => apply(root, ['-refresh-only', ...files], stage.say));
  return { root, files, state: (await terraform(root, ['state', 'pull'])).stdout, before };
}

/** Applied twice, a configuration changes nothing; and the state is locked while somebody else holds its lock. */
export async function reapply(stage: Stage, { root, files }: Deployment, bucket: string): Promise<void> {
  await replan(stage, root, 're-plan', files);
  await record(stage, root, 'a schedule moves the bounds of the tasks', async () => ({ problem: await moveBounds(stage.endpoint, `service/stockade-${stage.environment}/service`) }));
  await replan(stage, root, 're-plan with other bounds', files);
  await record(stage, root, 'second apply', async () => apply(root, files, stage.say));
  await replan(stage, root, 're-plan after the second apply', files);
  await record(stage, root, 'plan while another holds the lock: refused', async () => {
    const lock = `${stage.endpoint}/${bucket}/${root.name}/terraform.tfstate.tflock`;
    const signed = { authorization: `AWS4-HMAC-SHA256 Credential=emulator/20260101/${REGION}/s3/aws4_request, SignedHeaders=host, Signature=none` };
    await fetch(lock, { method: 'PUT', headers: signed, body: JSON.stringify({ ID: '00000000-0000-0000-0000-000000000000', Operation: 'OperationTypeApply', Who: 'somebody else', Version: '1.11.4', Created: '2026-01-01T00:00:00Z' }) });
    const { status, stderr } = await terraform(root, ['plan', '-input=false', '-no-color', '-refresh=false', ...files], [UNCHANGED, FAILED]);
    await fetch(lock, { method: 'DELETE', headers: signed });
    return { problem: status === FAILED && stderr.includes('Error acquiring the state lock') ? '' : 'it planned all the same' };
  });
}

/** What managed Prometheus was given is the configuration of an Alertmanager: asked of Alertmanager's own tool. */
export async function readAlertmanager(stage: Stage, { root, state }: Deployment): Promise<void> {
  await record(stage, root, 'amtool takes the routes of the alerts', async () => {
    const definition = attributeIn(state, 'aws_prometheus_alert_manager_definition', 'definition');
    const file = path.join(stage.scratch, 'alertmanager.yaml');
    // It is YAML in YAML, and the inner one is what AWS hands to Alertmanager.
    writeFileSync(file, (parse(definition) as { readonly alertmanager_config: string }).alertmanager_config);
    const { stdout, stderr } = await promisify(execFile)('amtool', ['check-config', file]).catch((error: unknown) => ({ stdout: '', stderr: String(error) }));
    return { problem: /SUCCESS[^]*- 4 receivers/.test(stdout) ? '' : `it does not (Debian: prometheus-alertmanager): ${stdout}${stderr}`.slice(0, 600) };
  });
}

/** An ECS that goes on with the task definition that it has, as after a rollback: the apply has to fail, though the provider takes that for a steady state. */
export async function takeBack(stage: Stage, { root, files, state }: Deployment): Promise<void> {
  await record(stage, root, 'apply whose rollout ECS takes back: refused', async () => {
    const link = 'https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html';
    const earlier = attributeIn(state, 'aws_ecs_service', 'task_definition');
    const ecs = await startShim(stage.endpoint, [{ service: 'ecs', operation: /^UpdateService$/, link, ask: ({ text }) => text.replace(/"taskDefinition":"[^"]*"/, `"taskDefinition":"${earlier}"`) }]);
    const other = `-var=image=${VARIABLES.image.replace(/0{64}$/, '2'.repeat(64))}`;
    const said = await apply({ ...root, environment: { ...root.environment, AWS_ENDPOINT_URL: ecs.origin } }, ['-target=aws_ecs_service.service', ...files, other], stage.say).then(() => 'it ended well', String).finally(() => ecs.close());
    return { problem: said.includes('ECS has taken the rollout back') ? '' : `it was not refused: ${said.slice(0, 300)}` };
  });
}

/** Of a preview nothing resists, since nobody is there to take it away by hand. @param unasked what the emulator can't be asked for once it is gone */
export async function demolish(stage: Stage, deployment: Deployment, unasked: readonly string[]): Promise<Holdings> {
  const { root, files } = deployment;
  const resists = kindOf(stage.environment) !== 'preview';
  const unprotected = [...files, ...(resists ? ['-var=deletion_protection=false'] : [])];
  if (resists) await record(stage, root, 'deletion of the protected database: refused', async () => {
    const answer = await deleteDatabase(stage.endpoint, attributeIn(deployment.state, 'aws_db_instance', 'identifier'));
    return { problem: answer.includes('Cannot delete protected DB Instance') ? '' : `it was not refused: ${answer.slice(0, 300)}` };
  });
  if (resists) await record(stage, root, 'apply without deletion protection', async () => apply(root, unprotected, stage.say));
  const state = (await terraform(root, ['state', 'pull'])).stdout;
  await record(stage, root, 'destroy', async () => apply(root, ['-destroy', ...unprotected], stage.say));
  await record(stage, root, 'each resource of the state is gone', async () => ({ problem: (await stillThere(stage, root, 'afterwards', without(state, unasked))).join(', ') }));
  await record(stage, root, 'what the emulator can\'t be asked for is known', async () => ({ problem: (await answered(stage, root, state, unasked)).map((each) => `${each} can be asked for: take it out of emulator.json`).join(', ') }));
  return leftIn(deployment.before, await listHoldings(stage.endpoint));
}

/** Refreshes the state from before the destruction, without any configuration: what the provider still finds was not destroyed. */
async function stillThere(stage: Stage, { environment }: Root, name: string, state: string): Promise<readonly string[]> {
  const folder = path.join(stage.scratch, name);
  mkdirSync(folder);
  writeFileSync(path.join(folder, 'main.tf'), 'terraform {\n  required_providers {\n    aws = {\n      source = "hashicorp/aws"\n    }\n  }\n}\n');
  cpSync(path.join(stage.repository, 'terraform/.terraform.lock.hcl'), path.join(folder, '.terraform.lock.hcl'));
  writeFileSync(path.join(folder, 'terraform.tfstate'), state);
  const root: Root = { name, folder, environment: { ...environment, TF_DATA_DIR: path.join(stage.scratch, 'data', name) } };
  await initialise(root, []);
  const file = path.join(stage.scratch, `${name}.plan`);
  await terraform(root, ['plan', '-refresh-only', '-input=false', '-no-color', '-parallelism=20', `-out=${file}`]);
  const { resource_drift: drift = [] } = (await readPlan(root, file)) as Plan;
  const gone = new Set(drift.filter(({ change }) => change.actions.includes('delete')).map(({ address }) => address));
  return addressesIn(state).filter((address) => !gone.has(address) && !address.startsWith('terraform_data.'));
}

/** Of what is left out of that question, what has an answer by now, and need not be left out: neither an error nor a thing that is still there. */
async function answered(stage: Stage, root: Root, state: string, unasked: readonly string[]): Promise<readonly string[]> {
  const found: string[] = [];
  for (const [index, resource] of unasked.entries()) {
    const others = [...new Set(addressesIn(state).map((address) => address.replace(/\[.*$/, '')))].filter((address) => address !== resource);
    const left = await stillThere(stage, root, `afterwards-${index}`, without(state, others)).catch((error: unknown) => [String(error)]);
    if (left.length === 0) found.push(resource);
  }
  return found;
}

/** The state as it would be without some resources. */
function without(state: string, resources: readonly string[]): string {
  const whole = JSON.parse(state) as State;
  return JSON.stringify({ ...whole, outputs: {}, resources: whole.resources.filter(({ mode, type, name }) => mode === 'managed' && !resources.includes(`${type}.${name}`)) });
}

/** With one file that is not the repository's own: a state that stays on this machine, as it was. */
export function copyWithState(stage: Stage, root: Root, name: string, state: string): Root {
  copySources(stage.repository, path.join(stage.scratch, name));
  const folder = path.join(stage.scratch, name, path.relative(stage.scratch, root.folder));
  writeFileSync(path.join(folder, 'backend_override.tf'), 'terraform {\n  backend "local" {}\n}\n');
  writeFileSync(path.join(folder, 'terraform.tfstate'), state);
  return { ...root, name, folder, environment: { ...root.environment, TF_DATA_DIR: path.join(stage.scratch, 'data', name) } };
}

interface State {
  readonly resources: readonly { readonly mode: string; readonly type: string; readonly name: string; readonly instances: readonly { readonly index_key?: string | number; readonly attributes?: Readonly<Record<string, unknown>> }[] }[];
}

function attributeIn(state: string, type: string, name: string): string {
  const resource = (JSON.parse(state) as State).resources.find((each) => each.type === type);
  return String(resource?.instances[0]?.attributes?.[name]);
}

export function addressesIn(state: string): readonly string[] {
  return (JSON.parse(state) as State).resources.filter(({ mode }) => mode === 'managed').flatMap(({ type, name, instances }) => instances.map(({ index_key: key }) => `${type}.${name}${key === undefined ? '' : `[${JSON.stringify(key)}]`}`));
}

/** What deliberately resists: Terraform itself refuses, since the configuration says so. */
export async function demolishBootstrap(stage: Stage, { root }: Bootstrapped): Promise<readonly string[]> {
  let resisting: readonly string[] = [];
  await record(stage, root, 'destroy: refused', async () => {
    const { status, stderr } = await terraform(root, ['destroy', '-input=false', '-no-color', '-auto-approve'], [UNCHANGED, FAILED]);
    resisting = [...new Set([...stderr.matchAll(/Resource (\S+) has\s+lifecycle\.prevent_destroy set/g)].map((match) => match[1] ?? ''))].toSorted();
    return { problem: status === FAILED && resisting.length > 0 ? '' : `it was not refused: ${stderr.slice(-300)}` };
  });
  return resisting;
}

export async function prepareAccount(stage: Stage): Promise<string> {
  return createZone(stage.endpoint, DOMAIN.split('.').slice(1).join('.'));
}
