// Holds workflows and composite actions to the policies in policies/github: each package is a claim, and is found by its name.
import { z } from 'zod';
import { type Finding, type Gate, type GateContext, parseJson, type Severity, type Tool, Unusable } from './gate.ts';

const opa: Tool = { set: 'go', program: 'opa' };
const POLICIES = 'policies/github';
const SHARED = 'policies/lib';
const RULESET = '.github/ruleset.json';

/** `rules`: how many policies were asked about the file. One query, since starting opa takes longer than it thinks. */
const QUERY = '[{"file": file.file, "asked": asked, "denials": denials} | some file in input.files; asked := [claim | some claim; _ = data.github[claim].deny with input as file]; denials := [{"claim": claim, "denial": denial} | some claim; some denial in data.github[claim].deny with input as file]]';

const Answer = z.object({
  result: z.tuple([z.object({ expressions: z.tuple([z.object({ value: z.array(z.object({
    file: z.string(),
    asked: z.array(z.string()),
    denials: z.array(z.object({ claim: z.string(), denial: z.strictObject({ line: z.int().positive(), message: z.string().min(1) }) })),
  })) })]) })]),
});

const Inspection = z.object({
  annotations: z.array(z.object({ annotations: z.object({ scope: z.string(), custom: z.object({ remediation: z.string().min(1), severity: z.enum(['error', 'warning', 'note']) }).optional() }), path: z.array(z.object({ value: z.string() })).optional() })),
});

interface Policy {
  readonly claim: string;
  readonly fix: string;
  readonly severity: Severity;
}

export const gate: Gate = {
  claim: 'every workflow keeps the rules of policies/github: whose code runs, with which rights, and that its checks can fail',
  why: 'The linters know the attacks that were published. These are the decisions of this repository: who may publish, what starts a workflow, which check may never be softened.',
  remedy: 'Each policy says in its METADATA what to write instead and which control it stands for.',
  link: 'https://owasp.org/www-project-top-10-ci-cd-security-risks/',
  tools: [opa],
  reads: /^\.github\/workflows\/[^/]+\.ya?ml$|(?:^|\/)action\.ya?ml$/,
  settings: /^policies\/(?:github|lib)\/|^\.github\/ruleset\.json$/,
  scope: 'file',
  when: 'change',
  unparsable: { file: '.github/workflows/unparsable.yml', text: 'on: [push\njobs: {\n' },
  async check(context) {
    const policies = policiesOf((await context.run(opa, ['inspect', '--annotations', '--format', 'json', POLICIES])).stdout, claimsOf(context.tree));
    return findingsOf(await ask(context), context.files, policies);
  },
};

async function ask(context: GateContext): Promise<string> {
  const ruleset = parseJson(context.read(RULESET), RULESET);
  const input = { files: context.files.map((file) => ({ file, text: context.read(file), ruleset })) };
  const { stdout } = await context.run(opa, ['eval', '--strict-builtin-errors', '--format', 'json', '--data', POLICIES, '--data', SHARED, '--stdin-input', QUERY], { input: JSON.stringify(input) });
  return stdout;
}

/** What the folder has a file for. */
export function claimsOf(tree: readonly string[]): readonly string[] {
  return tree.map((file) => /^policies\/github\/([a-z_]+)\.rego$/.exec(file)?.[1] ?? '').filter((claim) => claim !== '' && !claim.endsWith('_test'));
}

/** @throws Unusable when a claim does not say how it is mended. */
export function policiesOf(stdout: string, claims: readonly string[]): readonly Policy[] {
  const inspection = Inspection.safeParse(parseJson(stdout, 'opa inspect'));
  if (!inspection.success || claims.length === 0) throw new Unusable('opa inspect printed another form, or there is no policy');
  return claims.map((claim) => {
    const found = inspection.data.annotations.find(({ annotations, path = [] }) => annotations.scope === 'package' && path.map(({ value }) => value).join('.') === `data.github.${claim}`);
    const custom = found?.annotations.custom;
    if (custom === undefined) throw new Unusable(`${claim} has no METADATA with remediation and severity`);
    return { claim, fix: custom.remediation, severity: custom.severity };
  });
}

/** @throws Unusable unless every policy was asked about every file. */
export function findingsOf(stdout: string, files: readonly string[], policies: readonly Policy[]): readonly Finding[] {
  const answer = Answer.safeParse(parseJson(stdout, 'opa eval'));
  if (!answer.success) throw new Unusable('opa eval answered in another form');
  const judged = answer.data.result[0].expressions[0].value;
  for (const file of files) {
    const asked = new Set(judged.find((each) => each.file === file)?.asked);
    const unasked = policies.filter(({ claim }) => !asked.has(claim));
    if (unasked.length > 0) throw new Unusable(`${unasked.map(({ claim }) => claim).join(', ')} did not judge ${file}`);
  }
  return judged.flatMap(({ file, denials }) => denials.map(({ claim, denial: { line, message } }) => {
    const policy = policies.find((each) => each.claim === claim);
    if (policy === undefined) throw new Unusable(`${claim} denies, and is no policy of a file`);
    return { rule: claim, file, line, severity: policy.severity, message, fix: policy.fix };
  }));
}
