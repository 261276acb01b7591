// Looks for known weaknesses in the service's code, with semgrep and rules of this repository.
import { mkdir, writeFile } from 'node:fs/promises';
import { stripTypeScriptTypes } from 'node:module';
import path from 'node:path';
import { z } from 'zod';
import { type Finding, type Gate, parseJson, type Tool, Unusable } from './gate.ts';
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
    const config = path.join(context.scratch, 'rules.yaml');
    await writeFile(config, toConfig(rules));
    const examples = examplesOf(rules);
    const texts = [...context.files.map((file) => [file, context.read(file)] as const), ...[...examples].map(([file, { text }]) => [file, text] as const)];
    const copies = new Map(texts.map(([file, text]) => [path.join(context.scratch, 'erased', `${file}.js`), { file, text: eraseTypes(file, text) }]));
    for (const [copy, { text }] of copies) {
      await mkdir(path.dirname(copy), { recursive: true });
      await writeFile(copy, text);
    }
    const { stdout } = await context.run(semgrep, ['scan', '--metrics', 'off', '--disable-version-check', '--disable-nosem', '--no-git-ignore', '--max-target-bytes', '0', '--timeout', '60', '--timeout-threshold', '1', '--json', '--quiet', '--config', config, ...copies.keys()], {
      environment: { SEMGREP_SEND_METRICS: 'off', SEMGREP_ENABLE_VERSION_CHECK: '0' },
    });
    return readFindings(stdout, { rules, examples, files: new Map([...copies].map(([copy, { file }]) => [copy, file])) });
  },
};

/**
 * Semgrep's TypeScript is years behind (it stumbles over `as const satisfies`), and what it can't read it passes over. Node erases the
 * types as it does to run the file: every line stays where it is.
 */
function eraseTypes(file: string, text: string): string {
  try {
    return /\.[cm]?tsx?$/.test(file) ? stripTypeScriptTypes(text) : text;
  } catch (error) {
    throw new Unusable(`${file} can't be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

interface Example {
  readonly rule: string;
  readonly isRefused: boolean;
  readonly text: string;
}

/** Every run judges them with the tree: a rule that finds its own examples no more would let everything pass. */
export function examplesOf(rules: readonly NamedRule[]): ReadonlyMap<string, Example> {
  const all = rules.flatMap(({ id, refuses, allows }) => [
    ...refuses.map((text, index) => [`examples/${id}.refused-${index}.js`, { rule: id, isRefused: true, text }] as const),
    ...allows.map((text, index) => [`examples/${id}.allowed-${index}.js`, { rule: id, isRefused: false, text }] as const),
  ]);
  return new Map(all);
}

export interface Judged {
  readonly rules: readonly NamedRule[];
  /** Absolute path of what semgrep was given → what it stands for: a file of the tree, or an example. */
  readonly files: ReadonlyMap<string, string>;
  readonly examples: ReadonlyMap<string, Example>;
}

/** @throws Unusable when semgrep did not judge every file by every rule, or a rule is wrong about its own examples. */
export function readFindings(stdout: string, { rules, files, examples }: Judged): readonly Finding[] {
  const report = Report.safeParse(parseJson(stdout, 'semgrep'));
  if (!report.success) throw new Unusable('semgrep wrote a report of another form');
  const { results, errors, paths, skipped_rules: skipped } = report.data;
  const [error] = errors;
  if (error !== undefined) throw new Unusable(`semgrep could not read ${error.path === undefined ? 'everything' : (files.get(error.path) ?? error.path)}: ${error.message ?? JSON.stringify(error.type)}`);
  if (skipped.length > 0) throw new Unusable(`semgrep left out ${skipped.length} rules`);
  const scanned = new Set(paths.scanned);
  const missed = [...files].filter(([copy]) => !scanned.has(copy)).map(([, file]) => file);
  if (missed.length > 0) throw new Unusable(`semgrep did not look at ${missed.slice(0, 3).join(', ')}${missed.length > 3 ? ` and ${missed.length - 3} more` : ''}`);
  // Semgrep puts the folder of its settings before the name.
  const found = results.map(({ check_id: id, path: copy, start }) => ({ rule: rules.find((rule) => id === rule.id || id.endsWith(`.${rule.id}`)), file: files.get(copy) ?? copy, line: start.line }));
  checkExamples(found, examples);
  const findings = found.flatMap(({ rule, file, line }) => {
    if (rule === undefined) throw new Unusable(`semgrep found something in ${file} by a rule that is none of ours`);
    const isMeant = !examples.has(file) && rule.except?.test(file) !== true && rule.only?.test(file) !== false;
    return isMeant ? [{ rule: rule.id, file, line, severity: 'error' as const, message: `${rule.message} (CWE-${rule.cwe})`, fix: rule.fix }] : [];
  });
  // Patterns overlap; one line is wrong once.
  return [...new Map(findings.map((finding) => [`${finding.rule} ${finding.file}:${finding.line}`, finding])).values()];
}

function checkExamples(found: readonly { readonly rule: NamedRule | undefined; readonly file: string }[], examples: Judged['examples']): void {
  const hits = new Set(found.map(({ rule, file }) => `${rule?.id ?? ''} ${file}`));
  const wrong = [...examples].filter(([file, { rule, isRefused }]) => hits.has(`${rule} ${file}`) !== isRefused).map(([file]) => path.basename(file, '.js'));
  if (wrong.length > 0) throw new Unusable(`rules are wrong about their own examples: ${wrong.join(', ')}`);
}
