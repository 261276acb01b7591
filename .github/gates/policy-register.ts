// The register of the policies that gates ask, policies/README.md, out of the annotations of each.
import { z } from 'zod';
import { parseJson, Unusable } from './gate.ts';

export const REGISTER = 'policies/README.md';

const Annotated = z.object({
  annotations: z.object({ title: z.string().optional(), description: z.string().optional(), scope: z.string(), custom: z.record(z.string(), z.unknown()).optional() }),
  location: z.object({ file: z.string() }),
});
const Inspection = z.object({ namespaces: z.record(z.string(), z.array(z.string())), annotations: z.array(Annotated).min(1) });
const Policy = z.object({ title: z.string().min(1), description: z.string().min(1), custom: z.object({ remediation: z.string().min(1), severity: z.enum(['error', 'warning', 'note']), control: z.string().min(1) }) });

export interface Register {
  /** Policies that say too little of themselves. */
  readonly undocumented: readonly string[];
  readonly text: string;
}

const HEAD = `# Policies

What is decided in Rego. \`access/\` decides each request inside the service; the folders below are asked by gates
(\`npm run gates\`), a file a claim, and \`lib/\` is what they share. \`<claim>_test.rego\` beside each holds it to both answers.

A policy is \`package <folder>.<claim>\` with \`deny contains …\`, and annotations: title (what holds), description (why), and custom:
remediation, severity (error, warning or note) and control. This register is made of them: run
\`npx node .github/gates/policy-register.command.ts\` after a change; a gate tells when it is stale.
`;

/** What another tool holds well has no twin here. Where both look, ours adds what the other one can't see: the reason stands beside it. */
const ELSEWHERE = `## Who holds what

Policies on a plan hold what is this template's own decision, what takes several resources to tell, and what only a plan shows: the
variables of an environment, the provider's defaults, what would be destroyed. What a scanner finds in one block of a file is left to it.

| claim | held by |
| --- | --- |
| default security groups are closed; rules have a description | checkov CKV2_AWS_12, CKV_AWS_23 |
| buckets keep versions, and end uploads that were broken off | checkov CKV_AWS_21, CKV_AWS_300; ours where logs or state are in them |
| the audit trail covers all regions, is validated and encrypted | checkov CKV_AWS_67, CKV_AWS_36, CKV_AWS_35 |
| databases take minor upgrades, are monitored closely, and show slow queries | checkov CKV_AWS_226, CKV_AWS_118, CKV_AWS_353 |
| the cluster has container insights; the two roles of a task differ | checkov CKV_AWS_65, CKV_AWS_249 |
| the firewall knows Log4Shell | checkov CKV_AWS_192 |
| a certificate is replaced before it goes | checkov CKV_AWS_233 |
| encryption, public access, logs of load balancers, rotation of keys, immutable registries, machine metadata | checkov in files, and ours in the plan: checkov does not follow \`for_each\`, modules and variables to the end, and passes what is unknown |
| names, references, types, formatting | terraform validate and fmt (gate terraform_is_valid) |
| bounds of variables, and what production demands | validations, and \`terraform test\` |
| style of a Dockerfile; packages and shells in it | hadolint; ours hold what it misses (no USER, the permissions of the process) |
| published attacks on workflows; their syntax | zizmor, actionlint; ours hold what this repository decided |
| that rules of Prometheus parse, and their tests pass | promtool; ours hold what people need of an alert |
`;

/** @throws Unusable when `opa inspect --annotations --format json` printed something else, or left out one of `files` */
export function registerOf(inspection: string, files: readonly string[], read: (file: string) => string): Register {
  const inspected = Inspection.safeParse(parseJson(inspection, 'opa inspect'));
  if (!inspected.success) throw new Unusable(`opa inspect printed another form: ${z.prettifyError(inspected.error)}`);
  const seen = new Set(Object.values(inspected.data.namespaces).flat());
  const missed = files.find((file) => !seen.has(file));
  if (missed !== undefined) throw new Unusable(`opa inspect left ${missed} out`);
  const asked = files.filter((file) => /^policies\/(?!access\/|lib\/)[^/]+\/[^/]+\.rego$/.test(file) && !file.endsWith('_test.rego') && /^deny contains\b/m.test(read(file))).toSorted();
  const undocumented: string[] = [];
  const sections = new Map<string, string[]>();
  for (const file of asked) {
    const policy = Policy.safeParse(inspected.data.annotations.find(({ annotations, location }) => annotations.scope === 'package' && location.file === file)?.annotations);
    if (!policy.success) {
      undocumented.push(file);
      continue;
    }
    const [, folder = '', name = ''] = file.split('/');
    const { title, description, custom } = policy.data;
    const row = [`[${name.replace('.rego', '')}](${folder}/${name})`, title, description, custom.remediation, custom.severity, custom.control];
    sections.set(folder, [...(sections.get(folder) ?? []), `| ${row.map((cell) => cell.trim().replaceAll('|', '\\|')).join(' | ')} |`]);
  }
  const tables = [...sections].map(([folder, rows]) => `## ${folder}\n\n| policy | what holds | why | what to do | severity | control |\n| --- | --- | --- | --- | --- | --- |\n${rows.join('\n')}\n`);
  return { undocumented, text: [HEAD, ...tables, ELSEWHERE].join('\n') };
}
