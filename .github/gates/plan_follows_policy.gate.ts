// Plans every environment from nothing, as its first deployment does, and holds the plans to policies/terraform.
import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { openEmptyAccount, REGION } from './empty-account.ts';
import { type Finding, type Gate, type GateContext, type Tool, Unusable } from './gate.ts';
import { applyPlanWaivers, conftest, judgePlans, type PlanFinding, planPolicies, readPlanWaivers, unindexed, WAIVERS } from './plan-policy.ts';
import { copyFiles } from './tree-state.ts';
import { Verdicts } from './verdicts.ts';

const terraform: Tool = { set: 'machine', program: 'terraform', get: 'https://developer.hashicorp.com/terraform/install, 1.11 or newer' };
const IMAGE = `111122223333.dkr.ecr.${REGION}.amazonaws.com/stockade@sha256:${'0'.repeat(64)}`;

/** What the workflow says besides; the names of AWS's and RFC 2606's examples. */
const EXAMPLE = {
  region: REGION,
  repository: 'owner/name',
  repository_id: '1',
  repository_owner_id: '2',
  domain_name: 'stockade.example.com',
  zone_id: 'Z0123456789ABCDEFGHIJ',
  image: IMAGE,
  security_contact: 'mailto:security@example.com',
  alarm_emails: '["operations@example.com"]',
};

interface Scenario {
  readonly name: string;
  readonly module: string;
  readonly tfvars?: string;
  readonly variables: Readonly<Record<string, string>>;
}

/** Production with all that is optional, so that nothing is left out for being off. */
const SCENARIOS: readonly Scenario[] = [
  { name: 'bootstrap', module: 'terraform/bootstrap', variables: { environments: '["production","staging"]' } },
  { name: 'bootstrap of previews', module: 'terraform/bootstrap', variables: { environments: '["preview"]' } },
  { name: 'staging', module: 'terraform', tfvars: 'environments/staging.tfvars', variables: {} },
  { name: 'preview', module: 'terraform', tfvars: 'environments/preview.tfvars', variables: { environment: 'preview-1' } },
  { name: 'production', module: 'terraform', tfvars: 'environments/production.tfvars', variables: { audit_trail_enabled: 'true', cache_enabled: 'true', cache_prepared: 'true', collector_image: IMAGE, outbound_smtp: 'true' } },
];

/** What the configuration reads besides. */
const RULES = /^observability\/(?:prometheus|alertmanager)\//;

const OWN = '.github/gates/plan_follows_policy.gate.ts';
const SETTINGS = /^policies\/(?:terraform|lib)\/|^\.github\/gates\/(?:plan-policy|policy-verdict|empty-account)\.ts$/;

export const gate: Gate = {
  claim: 'what each environment would be made of, as planned, follows policies/terraform',
  why: 'Files show what somebody wrote; a plan shows what comes of it, with the variables of production and the defaults of the provider.',
  remedy: `Each finding names the policy that it breaks; policies/terraform/<rule>.rego says why it is there. What has to be waived goes into ${WAIVERS}, with reason, owner and last day.`,
  link: 'https://developer.hashicorp.com/terraform/internals/json-format',
  part: 'terraform/',
  tools: [terraform, conftest],
  reads: /^terraform\/.*\.(?:tf|tfvars)$|^terraform\/(?:.*\/)?\.terraform\.lock\.hcl$/,
  settings: SETTINGS,
  scope: 'tree',
  when: 'change',
  unparsable: { file: 'terraform/seeded.tf', text: '# Not Terraform.\nresource "aws_s3_bucket" {{{\n' },
  async check(context) {
    const { files, read, now, tree } = context;
    const scenarios = SCENARIOS.filter(({ module, tfvars }) => files.some((file) => path.posix.dirname(file) === module) && (tfvars === undefined || files.includes(`${module}/${tfvars}`)));
    if (scenarios.length === 0) throw new Unusable('there is neither a root module nor an environment to plan');
    const kept = new Verdicts(context.root, { name: 'plans', form: Kept, judge: judgeOf(context) });
    const text = JSON.stringify(given(context).map((file) => [file, read(file)]));
    const known = kept.of(PLANNED, text);
    const found = known ?? (await judge(context, scenarios));
    if (known === undefined) {
      kept.add(PLANNED, text, found);
      await kept.keep([PLANNED]);
    }
    const waivers = tree.includes(WAIVERS) ? readPlanWaivers(read(WAIVERS), planPolicies(tree), now) : [];
    const { left, unused } = applyPlanWaivers(found, waivers, now);
    return merge([...left, ...unused].map((finding) => ({ scenario: scenarios.find(({ name }) => name === finding.plan), finding })), { files, read });
  },
};

/** As it is kept, before waivers, since those have an end; `plan` is the scenario's name. A plan of nothing takes a minute, and is what its files make of it. */
const Kept = z.object({ plan: z.string(), rule: z.string(), resource: z.string(), severity: z.enum(['error', 'warning', 'note']), message: z.string(), fix: z.string() });
const PLANNED = 'terraform';

/** Terraform, conftest, the policies, and how this gate asks; the lock file, which is read with the configuration, has the provider's hashes. */
function judgeOf({ installed, now, read, tree }: GateContext): readonly string[] {
  const settings = tree.filter((file) => SETTINGS.test(file) || file === OWN);
  return [installed(terraform) || String(now), installed(conftest) || String(now), ...settings.flatMap((file) => [file, read(file)])];
}

/** All that Terraform sees. */
function given({ files, tree }: GateContext): readonly string[] {
  return [...files, ...tree.filter((each) => RULES.test(each))];
}

async function judge(context: GateContext, scenarios: readonly Scenario[]): Promise<readonly PlanFinding[]> {
  const plans = await plan(context, scenarios);
  const found = await judgePlans(context.run, [...plans.keys()], context.tree);
  return found.map((finding) => ({ ...finding, plan: plans.get(finding.plan)?.name ?? finding.plan }));
}

/** From the file of each plan to what was planned. */
async function plan(context: GateContext, scenarios: readonly Scenario[]): Promise<ReadonlyMap<string, Scenario>> {
  const { root, scratch } = context;
  const account = await openEmptyAccount();
  try {
    copyFiles(given(context), root, scratch);
    const modules = [...new Set(scenarios.map(({ module }) => module))];
    for (const module of modules) {
      // The state is that of nothing, and stays here.
      writeFileSync(path.join(scratch, module, 'backend_override.tf'), 'terraform {\n  backend "local" {}\n}\n');
      await initialise(context, module, account.origin);
    }
    const shown = new Map<string, Scenario>();
    const waiting = [...scenarios];
    // Each takes a processor and 400 MB, most of it the provider's.
    const workers = Array.from({ length: Math.min(2, availableParallelism()) }, async () => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) shown.set(await show(context, next, account.origin), next);
    });
    // Whoever fails, the account stays open until the others are done.
    for (const worker of await Promise.allSettled(workers)) if (worker.status === 'rejected') throw worker.reason;
    if (account.unanswered.length > 0) throw new Unusable(`the provider asked what an empty account can't answer: ${account.unanswered.join(', ')}`);
    // In their order, whoever was first: what conftest is asked is the same each time.
    return new Map([...shown].toSorted(([, one], [, other]) => scenarios.indexOf(one) - scenarios.indexOf(other)));
  } finally {
    await account.close();
  }
}

/** Where the plan is, as JSON. */
async function show(context: GateContext, { name, module, tfvars, variables }: Scenario, origin: string): Promise<string> {
  const { run, scratch } = context;
  const folder = `-chdir=${path.join(scratch, module)}`;
  const file = path.join(scratch, `${name}.json`);
  const environment = { ...surroundings(context, module, origin), ...asVariables({ ...EXAMPLE, ...variables }) };
  const { stdout } = await run(terraform, [folder, 'plan', '-input=false', '-no-color', '-lock=false', '-refresh=false', ...(tfvars === undefined ? [] : [`-var-file=${tfvars}`]), `-out=${file}.bin`], { environment });
  if (!stdout.includes('Saved the plan to:')) throw new Unusable(`terraform plan of ${name} did not come to its end`);
  writeFileSync(file, (await run(terraform, [folder, 'show', '-json', '-no-color', `${file}.bin`], { environment })).stdout);
  return file;
}

async function initialise({ run, environment, scratch, ...context }: GateContext, module: string, origin: string): Promise<void> {
  const mirror = environment['TERRAFORM_PLUGIN_DIR'];
  const { stdout } = await run(terraform, [`-chdir=${path.join(scratch, module)}`, 'init', '-input=false', '-no-color', ...(mirror === undefined ? [] : [`-plugin-dir=${mirror}`])], { environment: surroundings({ ...context, run, environment, scratch }, module, origin) });
  if (!stdout.includes('successfully initialized')) throw new Unusable(`terraform init of ${module} did not come to its end`);
}

/** Nothing of whoever runs it: neither their account nor their settings of Terraform's variables. */
function surroundings({ scratch, environment }: GateContext, module: string, origin: string): Readonly<Record<string, string>> {
  const none = path.join(scratch, 'none');
  return {
    ...Object.fromEntries(Object.keys(environment).filter((name) => /^(?:TF_VAR|TF_CLI_ARGS|AWS)_?/.test(name)).map((name) => [name, ''])),
    // It then says at its end where the plan is.
    TF_IN_AUTOMATION: '',
    CHECKPOINT_DISABLE: '1',
    TF_DATA_DIR: path.join(scratch, 'data', module.replaceAll('/', '-')),
    AWS_ENDPOINT_URL: origin,
    AWS_ACCESS_KEY_ID: 'plan',
    AWS_SECRET_ACCESS_KEY: 'plan',
    AWS_REGION: REGION,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_CONFIG_FILE: none,
    AWS_SHARED_CREDENTIALS_FILE: none,
  };
}

/** Terraform takes no notice of those that a module does not declare. */
function asVariables(values: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [`TF_VAR_${name}`, value]));
}

interface Located {
  /** Undefined for a waiver. */
  readonly scenario: Scenario | undefined;
  readonly finding: PlanFinding;
}

/** One finding for what several plans have, at the resource's block. */
export function merge(located: readonly Located[], { files, read }: Pick<GateContext, 'files' | 'read'>): readonly Finding[] {
  const groups = Map.groupBy(located, ({ scenario, finding }) => JSON.stringify([scenario?.module, finding.rule, unindexed(finding.resource), unindexed(finding.message)]));
  return [...groups.values()].map((group) => {
    const [{ scenario, finding }] = group as [Located];
    const names = [...new Set(group.flatMap((each) => each.scenario?.name ?? []))];
    return { rule: finding.rule, ...(scenario === undefined ? { file: WAIVERS } : placeOf(finding.resource, scenario.module, files, read)), severity: finding.severity, message: names.length === 0 ? finding.message : `${finding.message} (${names.join(', ')})`, fix: finding.fix };
  });
}

/** Of what is no resource (the plan, a provider, a missing one) the file that says what runs the module. */
function placeOf(resource: string, module: string, files: readonly string[], read: (file: string) => string): Pick<Finding, 'file' | 'line'> {
  const inModule = files.filter((file) => path.posix.dirname(file) === module && file.endsWith('.tf'));
  const [type = '', name = ''] = unindexed(resource).replace(/^(?:module\.[\w-]+\.)*(?:data\.)?/, '').split('.');
  for (const file of inModule) {
    const line = read(file).split('\n').findIndex((text) => new RegExp(`^(?:resource|data)\\s+"${RegExp.escape(type)}"\\s+"${RegExp.escape(name)}"`).test(text));
    if (line >= 0) return { file, line: line + 1 };
  }
  return { file: inModule.find((file) => /^terraform\s*\{/m.test(read(file))) ?? inModule[0] ?? module };
}
