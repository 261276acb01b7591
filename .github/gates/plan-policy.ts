// From plans of Terraform, as JSON, to findings: policies/terraform in one call of conftest, and the waivers of its findings.
import { z } from 'zod';
import { type Output, parseJson, type RunOptions, type Severity, type Tool, Unusable } from './gate.ts';
import { policiesIn } from './policy-verdict.ts';

export const conftest: Tool = { set: 'go', program: 'conftest' };
export const WAIVERS = 'policies/terraform/waivers.json';
const LONGEST_DAYS = 366;
const FEWEST_WORDS = 5;
const DAY_MS = 86_400_000;

export interface PlanFinding {
  /** The file that `terraform show -json` was written to. */
  readonly plan: string;
  /** The policy, by its file's name. */
  readonly rule: string;
  /** The resource's address, or what it is about where it is about none. */
  readonly resource: string;
  readonly severity: Severity;
  readonly message: string;
  readonly fix: string;
}

type Run = (tool: Tool, parameters: readonly string[], options?: RunOptions) => Promise<Output>;

/** @throws Unusable */
export async function judgePlans(run: Run, plans: readonly string[], tree: readonly string[]): Promise<readonly PlanFinding[]> {
  if (plans.length === 0) throw new Unusable('there is no plan to judge');
  const { stdout } = await run(conftest, ['test', '--no-fail', '--output', 'json', '--parser', 'json', '--namespace', NAMESPACE, '--policy', 'policies/terraform', '--policy', 'policies/lib', ...plans]);
  return planFindingsOf(stdout, plans, planPolicies(tree));
}

/** Asks all policies at once, and warns of each that it asked. */
const NAMESPACE = 'lib.terraform_verdict';
const Failure = z.object({ msg: z.string(), metadata: z.object({ policy: z.string().min(1), resource: z.string().min(1), severity: z.enum(['error', 'warning', 'note']), remediation: z.string().min(1) }) });
const Results = z.array(z.object({ filename: z.string(), namespace: z.literal(NAMESPACE), failures: z.array(Failure).optional(), warnings: z.array(z.object({ msg: z.string() })).min(1), exceptions: z.array(z.unknown()).max(0).optional() }));

/**
 * @param policies those that have to have been asked about each plan
 * @throws Unusable
 */
export function planFindingsOf(output: string, plans: readonly string[], policies: readonly string[]): readonly PlanFinding[] {
  const results = Results.safeParse(parseJson(output, 'conftest'));
  if (!results.success) throw new Unusable(`conftest printed results of another form: ${z.prettifyError(results.error)}`);
  if (policies.length === 0) throw new Unusable('there is no policy to ask');
  for (const plan of plans) {
    const asked = results.data.find(({ filename }) => filename === plan)?.warnings.map(({ msg }) => msg) ?? [];
    const unasked = policies.filter((policy) => !asked.includes(policy));
    if (unasked.length > 0) throw new Unusable(`conftest did not ask ${unasked.join(', ')} about ${plan}`);
  }
  return results.data.flatMap(({ filename, failures = [] }) => failures.map(({ msg, metadata: { policy, resource, severity, remediation } }) => ({ plan: filename, rule: policy, resource, severity, message: `${resource}: ${msg}`, fix: remediation })));
}

/** By their files. */
export function planPolicies(tree: readonly string[]): readonly string[] {
  return policiesIn('terraform', tree).map((policy) => policy.slice('terraform.'.length));
}

/** A plan has no line to put a comment on, and is judged where no file is at hand: these are data. */
const Waiver = z.strictObject({
  policy: z.string().min(1),
  /** An address, without indices for all instances. */
  resource: z.string().min(1),
  reason: z.string(),
  owner: z.string().regex(/^@[\w-]+(?:\/[\w-]+)?$|^[^@\s]+@[^@\s]+$/, 'a person or a team: @name, @organisation/team or an address'),
  /** The last day on which it holds. */
  until: z.iso.date(),
});
const Waivers = z.strictObject({ waivers: z.array(Waiver) });
export type PlanWaiver = z.infer<typeof Waiver>;

/** @throws Unusable when one lacks its reason, owner or end, or is for a policy that there is not: then none is trusted. */
export function readPlanWaivers(text: string, policies: readonly string[], now: number): readonly PlanWaiver[] {
  const read = Waivers.safeParse(parseJson(text, WAIVERS));
  if (!read.success) throw new Unusable(`${WAIVERS} has another form: ${z.prettifyError(read.error)}`);
  for (const { policy, resource, reason, until } of read.data.waivers) {
    const subject = `the waiver of ${policy} for ${resource} in ${WAIVERS}`;
    if (!policies.includes(policy)) throw new Unusable(`${subject} is of a policy that there is not`);
    if (reason.split(/\s+/).length < FEWEST_WORDS) throw new Unusable(`${subject} says too little of why`);
    if (Date.parse(until) > now + LONGEST_DAYS * DAY_MS) throw new Unusable(`${subject} ends more than a year ahead`);
  }
  return read.data.waivers;
}

export interface Waived {
  /** What no waiver takes away, and each waiver that has ended. */
  readonly left: readonly PlanFinding[];
  /** Each waiver that took nothing away: of one plan alone that need not be a fault. */
  readonly unused: readonly PlanFinding[];
}

export function applyPlanWaivers(findings: readonly PlanFinding[], waivers: readonly PlanWaiver[], now: number): Waived {
  const today = new Date(now).toISOString().slice(0, 10);
  const valid = waivers.filter(({ until }) => until >= today);
  const used = new Set<PlanWaiver>();
  const left = findings.filter((finding) => {
    const waiver = valid.find(({ policy, resource }) => policy === finding.rule && [finding.resource, unindexed(finding.resource)].includes(resource));
    if (waiver !== undefined) used.add(waiver);
    return waiver === undefined;
  });
  const complain = (rule: string, says: string, fix: string) => ({ policy, resource }: PlanWaiver): PlanFinding => ({ plan: WAIVERS, rule, resource, severity: 'warning', message: `The waiver of ${policy} for ${resource} ${says}.`, fix });
  return {
    left: [...left, ...waivers.filter(({ until }) => until < today).map(complain('expired-waiver', 'has ended', 'Mend what it waived, or decide anew and write why and until when.'))],
    unused: valid.filter((waiver) => !used.has(waiver)).map(complain('unused-waiver', 'takes nothing away', 'Remove it.')),
  };
}

export function unindexed(address: string): string {
  return address.replaceAll(/\[(?:"[^"]*"|\d+)\]/g, '');
}
