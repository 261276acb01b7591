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
  return { undocumented, text: [HEAD, ...tables].join('\n') };
}
