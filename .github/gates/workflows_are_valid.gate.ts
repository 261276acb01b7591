// Has actionlint check what GitHub would refuse, or silently do otherwise than it reads: keys, types, expressions, contexts, labels.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { type Finding, type Gate, type Output, parseJson, type Tool, Unusable } from './gate.ts';

const actionlint: Tool = { set: 'go', program: 'actionlint' };
const Problems = z.array(z.object({ message: z.string().min(1), filepath: z.string().min(1), line: z.int().nonnegative(), kind: z.string().min(1) }));
const FOUND_PROBLEMS = 1;

export const gate: Gate = {
  claim: 'GitHub runs every workflow as it reads',
  why: 'An expression with a name that is not there is empty, and a key that GitHub does not know is ignored or ends the run before its first check.',
  remedy: 'Mend the line; each kind is explained in the documentation of actionlint.',
  link: 'https://github.com/rhysd/actionlint/blob/main/docs/checks.md',
  tools: [actionlint],
  reads: /^\.github\/workflows\/[^/]+\.ya?ml$/,
  scope: 'file',
  when: 'change',
  unparsable: { file: '.github/workflows/unparsable.yml', text: 'on: [push\njobs: {\n' },
  async check(context) {
    const { files, scratch } = context;
    // Without one of its own it would take the repository's, which may tell it to ignore files.
    const settings = path.join(scratch, 'actionlint.yaml');
    writeFileSync(settings, '{}\n');
    // shellcheck, which actionlint runs where it happens to be, would make the verdict differ from machine to machine.
    const output = await context.run(actionlint, ['-config-file', settings, '-verbose', '-no-color', '-shellcheck=', '-pyflakes=', '-format', '{{json .}}', ...files], { accept: [0, FOUND_PROBLEMS] });
    return findingsOf(output, files);
  },
};

/** @throws Unusable when the output is not that of a run over all of `files`. */
export function findingsOf({ status, stdout, stderr }: Output, files: readonly string[]): readonly Finding[] {
  const problems = Problems.safeParse(parseJson(stdout, 'actionlint'));
  if (!problems.success) throw new Unusable('actionlint printed another form');
  // It looks at several files at once, and what begins a line is written apart from what follows.
  const judged = new Set([...stderr.matchAll(/Found total \d+ errors in \d+ ms for (.+?)\r?$/gm)].map(([, file = '']) => file.replaceAll('\\', '/')));
  const unjudged = files.filter((file) => !judged.has(file));
  if (unjudged.length > 0) throw new Unusable(`actionlint did not judge ${unjudged.join(', ')}`);
  if ((status === FOUND_PROBLEMS) !== problems.data.length > 0) throw new Unusable(`actionlint ended with status ${status} and ${problems.data.length} problems`);
  return problems.data.map(({ message, filepath, line, kind }) => ({
    rule: kind,
    file: filepath.replaceAll('\\', '/'),
    ...(line > 0 ? { line } : {}),
    severity: 'error',
    message,
    fix: 'Mend what is named; GitHub would refuse it, or take it for something else than it says.',
  }));
}
