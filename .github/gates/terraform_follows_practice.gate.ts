// Looks for infrastructure that is open, unencrypted or unlogged, with checkov.
import path from 'node:path';
import { z } from 'zod';
import { type Finding, type Gate, parseJson, type Tool, Unusable } from './gate.ts';
import { copyFiles } from './tree-state.ts';

const checkov: Tool = { set: 'python', program: 'checkov' };
const Check = z.object({ check_id: z.string().min(1), check_name: z.string().min(1), file_path: z.string().min(1), file_line_range: z.tuple([z.int(), z.int()]), resource: z.string(), guideline: z.string().nullish() });
const Report = z.object({
  check_type: z.literal('terraform'),
  results: z.object({ passed_checks: z.array(z.unknown()), failed_checks: z.array(Check), skipped_checks: z.array(Check), parsing_errors: z.array(z.string()) }),
  summary: z.object({ passed: z.int(), failed: z.int(), skipped: z.int(), parsing_errors: z.int(), resource_count: z.int() }),
});

export const gate: Gate = {
  claim: 'no resource is open to everybody, unencrypted, unlogged or more privileged than it needs',
  why: 'A bucket, a role or a security group is opened by one line, and found by scanners of others within minutes.',
  remedy: 'Write the argument that the check asks for. What is meant to be so gets a waiver beside it, with the reason; a skip of checkov itself does not count.',
  link: 'https://www.checkov.io/5.Policy%20Index/terraform.html',
  part: 'terraform/',
  tools: [checkov],
  reads: /^terraform\/.*\.tf$/,
  // A bucket and what protects it are two resources, perhaps in two files.
  scope: 'tree',
  when: 'change',
  unparsable: { file: 'terraform/seeded.tf', text: '# Not Terraform.\nresource "aws_s3_bucket" {{{\n' },
  async check({ run, root, files, scratch, read }) {
    copyFiles(files, root, scratch);
    const { stdout } = await run(checkov, ['--directory', path.join(scratch, 'terraform'), '--framework', 'terraform', '--output', 'json', '--compact', '--soft-fail', '--skip-download', '--download-external-modules', 'false', '--config-file', path.join(root, '.github/gates/checkov.yaml')], { environment: { LOG_LEVEL: 'ERROR', BC_API_KEY: '' } });
    return findingsOf(stdout, files.filter((file) => /^\s*resource\s+"/m.test(read(file))).length);
  },
};

/**
 * @param filesWithResources how many there are: of resources that are there, checkov has to have seen some
 * @throws Unusable
 */
export function findingsOf(output: string, filesWithResources: number): readonly Finding[] {
  const json = parseJson(output, 'checkov');
  // Without a resource it prints its summary alone.
  if (filesWithResources === 0 && z.object({ resource_count: z.literal(0), parsing_errors: z.literal(0) }).safeParse(json).success) return [];
  const read = Report.safeParse(json);
  if (!read.success) throw new Unusable(`checkov printed a report of another form: ${z.prettifyError(read.error)}`);
  const { results, summary } = read.data;
  if (summary.parsing_errors > 0 || results.parsing_errors.length > 0) throw new Unusable(`checkov can't read ${results.parsing_errors.map((file) => path.basename(file)).join(', ')}, and ends with status 0 all the same`);
  if (summary.resource_count < filesWithResources || summary.failed !== results.failed_checks.length || summary.skipped !== results.skipped_checks.length) throw new Unusable('checkov counts less than there is');
  return [...results.failed_checks, ...results.skipped_checks].map(({ check_id: rule, check_name: name, file_path: file, file_line_range: [line], resource, guideline }) => ({
    rule,
    file: path.posix.join('terraform', file),
    line: Math.max(line, 1),
    severity: 'error',
    message: `${resource} does not hold to: ${name}.`,
    fix: `Set the argument of ${resource.split('.')[0] ?? resource} that makes it so${guideline === null || guideline === undefined ? '' : `: ${guideline}`}, or waive it on the line before the resource, with the reason and a date.`,
  }));
}
