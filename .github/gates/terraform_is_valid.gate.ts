// Has Terraform itself look at form, references and types of every root module, in a copy that it may write to.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { type Finding, type Gate, type GateContext, parseJson, type Tool, Unusable } from './gate.ts';
import { copyFiles } from './tree-state.ts';

const terraform: Tool = { set: 'machine', program: 'terraform', get: 'https://developer.hashicorp.com/terraform/install, 1.11 or newer' };
const Validation = z.object({
  valid: z.boolean(),
  error_count: z.int(),
  diagnostics: z.array(z.object({ severity: z.enum(['error', 'warning']), summary: z.string().min(1), detail: z.string().optional(), range: z.object({ filename: z.string(), start: z.object({ line: z.int() }) }).optional() })),
});
/** `terraform fmt` says nothing when all is well, as does a program that did nothing: this it has to name. */
const CANARY = 'locals {\n    canary   = 1\n}\n';
const [VALID, INVALID, UNFORMATTED] = [0, 1, 3];

export const gate: Gate = {
  claim: 'the infrastructure is Terraform that is formatted, refers to what is there, and has the right types',
  why: 'What does not validate fails in the middle of an apply, with half of it done.',
  remedy: 'terraform fmt -recursive terraform, and terraform validate in the folder that a finding names.',
  link: 'https://developer.hashicorp.com/terraform/cli/commands/validate',
  part: 'terraform/',
  tools: [terraform],
  reads: /^terraform\/.*\.(?:tf|tfvars|tf(?:test|mock)\.hcl)$|^terraform\/(?:.*\/)?\.terraform\.lock\.hcl$/,
  scope: 'tree',
  when: 'change',
  unparsable: { file: 'terraform/seeded.tf', text: '# Not Terraform.\nresource "aws_s3_bucket" {{{\n' },
  async check(context) {
    const unformatted = await format(context);
    const copy = path.join(context.scratch, 'copy');
    copyFiles(context.files, context.root, copy);
    const modules = [...new Set(context.files.filter((file) => file.endsWith('.tf')).map((file) => path.posix.dirname(file)))];
    if (modules.length === 0) throw new Unusable('there is no .tf file');
    const invalid: Finding[] = [];
    for (const module of modules) invalid.push(...(await validate(context, copy, module)));
    return [...unformatted, ...invalid];
  },
};

async function format({ run, files, scratch }: GateContext): Promise<readonly Finding[]> {
  const canary = path.join(scratch, 'canary.tf');
  writeFileSync(canary, CANARY);
  const { stdout } = await run(terraform, ['fmt', '-check', '-list=true', '-no-color', canary, ...files.filter((file) => !file.endsWith('.lock.hcl'))], { accept: [UNFORMATTED] });
  return unformattedIn(stdout, canary);
}

/** @throws Unusable */
export function unformattedIn(output: string, canary: string): readonly Finding[] {
  const listed = output.split('\n').map((line) => line.trim()).filter((line) => line !== '');
  if (!listed.some((file) => path.basename(file) === path.basename(canary))) throw new Unusable('terraform fmt did not look at the files');
  return listed.filter((file) => path.basename(file) !== path.basename(canary)).map((file) => ({ rule: 'unformatted', file, severity: 'note', message: 'It is not written as terraform fmt writes it.', fix: `Run \`terraform fmt ${file}\`.` }));
}

async function validate({ run, environment, scratch }: GateContext, copy: string, module: string): Promise<readonly Finding[]> {
  const folder = path.join(copy, module);
  // Terraform takes the provider from a mirror on this machine where one is named, and downloads it otherwise.
  const mirror = environment['TERRAFORM_PLUGIN_DIR'];
  const settings = { TF_IN_AUTOMATION: '1', CHECKPOINT_DISABLE: '1', TF_DATA_DIR: path.join(scratch, 'data', module.replaceAll('/', '-')) };
  const prepared = await run(terraform, [`-chdir=${folder}`, 'init', '-backend=false', '-input=false', '-lockfile=readonly', '-no-color', ...(mirror === undefined ? [] : [`-plugin-dir=${mirror}`])], { accept: [VALID, INVALID], environment: settings });
  if (prepared.status === VALID && !prepared.stdout.includes('successfully initialized')) throw new Unusable('terraform init did not come to its end');
  const { stdout } = await run(terraform, [`-chdir=${folder}`, 'validate', '-json', '-no-color'], { accept: [VALID, INVALID], environment: settings });
  const findings = findingsOf(stdout, module);
  // What init refuses may be a mistake, which validate then shows, or a provider that can't be had, which is no verdict.
  if (prepared.status !== VALID && (findings.length === 0 || findings.some(({ message, fix }) => /terraform init|required provider|not installed|no package for|cached in/i.test(`${message} ${fix}`)))) throw new Unusable(`terraform init ended with status ${prepared.status}: ${prepared.stderr.trim().slice(0, 400)}`);
  return findings;
}

/** @throws Unusable */
export function findingsOf(output: string, module: string): readonly Finding[] {
  const read = Validation.safeParse(parseJson(output, 'terraform validate'));
  if (!read.success) throw new Unusable(`terraform validate printed another form: ${z.prettifyError(read.error)}`);
  const { valid, error_count: errors, diagnostics } = read.data;
  if (valid !== (errors === 0) || diagnostics.filter(({ severity }) => severity === 'error').length !== errors) throw new Unusable('terraform validate counts other errors than it shows');
  return diagnostics.map(({ severity, summary, detail = '', range }) => ({
    rule: severity === 'error' ? 'invalid' : 'deprecated',
    file: range === undefined ? module : path.posix.join(module, range.filename),
    ...(range === undefined ? {} : { line: range.start.line }),
    severity,
    message: summary,
    fix: detail === '' ? 'Mend it as the message says.' : detail.replaceAll('\n', ' '),
  }));
}
