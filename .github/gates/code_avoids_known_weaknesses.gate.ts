// Looks for known weaknesses in the service's code, with semgrep and rules of this repository.
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { type Finding, type Gate, type GateContext, parseJson, type Tool, Unusable } from './gate.ts';
import { findRules, type NamedRule, toConfig } from './semgrep/weakness.ts';

const semgrep: Tool = { set: 'python', program: 'semgrep' };

const Report = z.object({
  version: z.string(),
  results: z.array(z.object({ check_id: z.string(), path: z.string(), start: z.object({ line: z.int().positive() }) })),
  errors: z.array(z.looseObject({ message: z.string().optional(), path: z.string().optional(), type: z.unknown() })),
  paths: z.object({ scanned: z.array(z.string()) }),
  skipped_rules: z.array(z.unknown()),
});

export const gate: Gate = {
  claim: 'no code of the service has a weakness that is known by its form',
  why: 'SQL that is put together, a redirect to anywhere, a token that nobody verified: each is one line, compiles, passes its test, and is found first by who looks for it.',
  remedy: 'Each finding says what to write instead. Where the code is right, waive it on its line with a reason and a date; a rule that is wrong is mended in .github/gates/semgrep, with the code that it must let pass.',
  link: 'https://cwe.mitre.org/top25/',
  tools: [semgrep],
  // What runs in production, or decides here; tests and proofs hold weaknesses on purpose.
  reads: /^(?!.*\.(?:test|proof|attack)\.ts$|app\/(?:testing|bench|probes|attacks)\/|.*\/proofs\/|\.github\/gates\/semgrep\/)(?:(?:app|\.github)\/.*|[^/]+)\.[cm]?[jt]sx?$/,
  settings: /^\.github\/gates\/semgrep\//,
  scope: 'file',
  when: 'change',
  unparsable: { file: 'app/http/unparsable.ts', text: '// Nothing that a parser accepts.\nexport const = {{{ ( ;\n' },
  async check(context) {
    const rules = await findRules(context.root);
    const examples = await writeExamples(context, rules);
    const config = path.join(context.scratch, 'rules.yaml');
    await writeFile(config, toConfig(rules));
    const { stdout } = await context.run(semgrep, ['scan', '--metrics', 'off', '--disable-version-check', '--disable-nosem', '--no-git-ignore', '--max-target-bytes', '0', '--timeout', '60', '--timeout-threshold', '1', '--json', '--quiet', '--config', config, ...context.files, ...examples.keys()], {
      environment: { SEMGREP_SEND_METRICS: 'off', SEMGREP_ENABLE_VERSION_CHECK: '0' },
    });
    return readFindings(stdout, { rules, files: context.files, examples });
  },
};

/** By file: which rule must find it, or must not. */
export type Examples = ReadonlyMap<string, { readonly rule: string; readonly isRefused: boolean }>;

/** Every run judges them with the tree: a rule that finds its own examples no more would let everything pass. */
async function writeExamples({ scratch }: GateContext, rules: readonly NamedRule[]): Promise<Examples> {
  const folder = path.join(scratch, 'examples');
  await mkdir(folder);
  const examples = rules.flatMap(({ id, refuses, allows }) => [...refuses.map((text, index) => ({ id, text, isRefused: true, name: `${id}.refused-${index}.ts` })), ...allows.map((text, index) => ({ id, text, isRefused: false, name: `${id}.allowed-${index}.ts` }))]);
  await Promise.all(examples.map(({ name, text }) => writeFile(path.join(folder, name), `${text}\n`)));
  return new Map(examples.map(({ id, name, isRefused }) => [path.join(folder, name), { rule: id, isRefused }]));
}

export interface Judged {
  readonly rules: readonly NamedRule[];
  readonly files: readonly string[];
  readonly examples: Examples;
}

/** @throws Unusable when semgrep did not judge every file by every rule, or a rule is wrong about its own examples. */
export function readFindings(stdout: string, { rules, files, examples }: Judged): readonly Finding[] {
  const report = Report.safeParse(parseJson(stdout, 'semgrep'));
  if (!report.success) throw new Unusable('semgrep wrote a report of another form');
  const { results, errors, paths, skipped_rules: skipped } = report.data;
  const [error] = errors;
  if (error !== undefined) throw new Unusable(`semgrep could not read ${error.path ?? 'everything'}: ${error.message ?? JSON.stringify(error.type)}`);
  if (skipped.length > 0) throw new Unusable(`semgrep left out ${skipped.length} rules`);
  const scanned = new Set(paths.scanned);
  const missed = [...files, ...examples.keys()].filter((file) => !scanned.has(file));
  if (missed.length > 0) throw new Unusable(`semgrep did not look at ${missed.slice(0, 3).join(', ')}${missed.length > 3 ? ` and ${missed.length - 3} more` : ''}`);
  const found = results.map(({ check_id: id, path: file, start }) => ({ rule: rules.find((rule) => id === rule.id || id.endsWith(`.${rule.id}`)), file, line: start.line }));
  checkExamples(found, examples);
  const isJudged = new Set(files);
  const findings = found.flatMap(({ rule, file, line }) => (rule === undefined || !isJudged.has(file) || rule.except?.test(file) || rule.only?.test(file) === false ? [] : [{ rule: rule.id, file, line, severity: 'error' as const, message: `${rule.message} (CWE-${rule.cwe})`, fix: rule.fix }]));
  // Patterns overlap; one line is wrong once.
  return [...new Map(findings.map((finding) => [`${finding.rule} ${finding.file}:${finding.line}`, finding])).values()];
}

function checkExamples(found: readonly { readonly rule: NamedRule | undefined; readonly file: string }[], examples: Examples): void {
  const hits = new Set(found.map(({ rule, file }) => `${rule?.id ?? ''} ${file}`));
  const wrong = [...examples].filter(([file, { rule, isRefused }]) => hits.has(`${rule} ${file}`) !== isRefused).map(([file]) => path.basename(file));
  if (wrong.length > 0) throw new Unusable(`rules are wrong about their own examples: ${wrong.join(', ')}`);
}
