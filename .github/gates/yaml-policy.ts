// Holds YAML files, with their text, to a folder of policies: what no parser takes, or has another form, is no verdict.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { type Finding, type GateContext, parseJson, type Tool, Unusable } from './gate.ts';
import { findingsOf, policiesIn } from './policy-verdict.ts';

export const conftest: Tool = { set: 'go', program: 'conftest' };
const Parsed = z.array(z.object({ path: z.string(), contents: z.unknown() }));

/**
 * @param folder of policies/, which is the first part of their packages' names
 * @param form what each file has to be for the policies to see what is in it
 * @throws Unusable
 */
export async function judgeYaml(context: GateContext, folder: string, form: z.ZodType): Promise<readonly Finding[]> {
  const { run, read, files, tree, scratch } = context;
  const { stdout } = await run(conftest, ['parse', '--combine', '--parser', 'yaml', ...files]);
  confirmForm(stdout, files, form);
  const documents = files.map((file, index) => {
    const document = path.join(scratch, `${index}.json`);
    writeFileSync(document, JSON.stringify({ file, text: read(file), tree }));
    return document;
  });
  const verdict = await run(conftest, ['test', '--no-fail', '--output', 'json', '--all-namespaces', '--policy', `policies/${folder}`, '--policy', 'policies/lib', ...documents]);
  return findingsOf(verdict.stdout, documents, policiesIn(folder, tree));
}

/** @throws Unusable */
export function confirmForm(output: string, files: readonly string[], form: z.ZodType): void {
  const parsed = Parsed.safeParse(parseJson(output, 'conftest'));
  if (!parsed.success) throw new Unusable(`conftest parsed into another form: ${z.prettifyError(parsed.error)}`);
  for (const file of files) {
    const found = parsed.data.filter((one) => one.path === file);
    if (found.length === 0) throw new Unusable(`conftest left ${file} out`);
    // Several documents in one file come as a list, or as several; a policy would see the first alone.
    const [only] = found;
    if (found.length > 1 || only === undefined || !form.safeParse(only.contents).success) throw new Unusable(`${file} is not one document of the form that its policies read`);
  }
}
