// Looks for known weaknesses in the service's code, with semgrep and rules of this repository.
import { mkdir, writeFile } from 'node:fs/promises';
import { stripTypeScriptTypes } from 'node:module';
import path from 'node:path';
import { z } from 'zod';
import { type Finding, type Gate, type GateContext, parseJson, type Tool, Unusable } from './gate.ts';
import { checkExamples, type Examples, examplesOf } from './semgrep/examples.ts';
import { findRules, Hit, type NamedRule, toConfig } from './semgrep/weakness.ts';
import { tablesWithout } from './sql-statements.ts';
import { Verdicts } from './verdicts.ts';

const semgrep: Tool = { set: 'python', program: 'semgrep' };
const OWN = '.github/gates/code_avoids_known_weaknesses.gate.ts';
/** Stands for all examples where verdicts are kept; it is no file that is judged. */
const EXAMPLES = '.github/gates/semgrep/examples.ts';

const MIGRATIONS = /^app\/(?:.*\/)?migrations\/.*\.sql$/i;

const Report = z.object({
  version: z.string(),
  results: z.array(z.object({ check_id: z.string(), path: z.string(), start: z.object({ line: z.int().positive() }), extra: z.looseObject({ lines: z.string().default(''), metavars: z.looseObject({ $Q: z.looseObject({ abstract_content: z.string() }).optional() }).optional() }) })),
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
  reads: /^(?!.*\.(?:test|proof)\.ts$|app\/(?:testing|bench|probes|attacks)\/|.*\/proofs\/|\.github\/gates\/semgrep\/)(?:(?:app|\.github)\/.*|[^/]+)\.[cm]?[jt]sx?$/,
  settings: /^\.github\/(?:gates\/semgrep|tools\/python)\//,
  scope: 'file',
  when: 'change',
  unparsable: { file: 'app/http/unparsable.ts', text: '// Nothing that a parser accepts.\nexport const = {{{ ( ;\n' },
  async check(context) {
    const rules = await findRules(context.root);
    const texts = new Map(context.files.map((file) => [file, context.read(file)]));
    const kept = new Verdicts(context.root, { name: 'weaknesses', form: Hit, judge: judgeOf(context, rules) });
    const unjudged = [...texts].filter(([file, text]) => kept.of(file, text) === undefined);
    const examples = examplesOf(rules);
    // That these rules find their examples is a verdict of this semgrep too, and kept like one.
    const areProven = kept.of(EXAMPLES, JSON.stringify([...examples])) !== undefined;
    if (unjudged.length > 0 || !areProven) {
      const hits = await scan(context, rules, unjudged, areProven ? new Map() : examples);
      for (const [file, text] of unjudged) kept.add(file, text, hits.filter((hit) => hit.file === file));
      kept.add(EXAMPLES, JSON.stringify([...examples]), []);
      await kept.keep(context.tree);
    }
    const migrations = context.tree.filter((file) => MIGRATIONS.test(file)).map((file) => context.read(file));
    return toFindings([...texts].flatMap(([file, text]) => kept.of(file, text) ?? []), rules, tablesWithout('tenant_id', migrations));
  },
};

/** The semgrep that is installed, the rules, and this file, which says how types are erased. Without the first nothing that was kept counts. */
function judgeOf({ installed, now, read }: GateContext, rules: readonly NamedRule[]): readonly string[] {
  return [installed(semgrep) || String(now), toConfig(rules), read(OWN)];
}

async function scan(context: GateContext, rules: readonly NamedRule[], texts: readonly (readonly [file: string, text: string])[], examples: Examples): Promise<readonly Hit[]> {
  const given = await copyErased(context.scratch, [...texts, ...[...examples].map(([file, { text }]) => [file, text] as const)]);
  const settings = path.join(context.scratch, 'rules.yaml');
  await writeFile(settings, toConfig(rules));
  const { stdout } = await context.run(semgrep, ['scan', '--metrics', 'off', '--disable-version-check', '--disable-nosem', '--no-git-ignore', '--max-target-bytes', '0', '--timeout', '60', '--timeout-threshold', '1', '--json', '--quiet', '--config', settings, ...given.keys()], {
    environment: { SEMGREP_SEND_METRICS: 'off', SEMGREP_ENABLE_VERSION_CHECK: '0' },
  });
  const hits = readHits(stdout, { rules, given });
  checkExamples(hits, examples);
  return hits;
}

/**
 * Semgrep's TypeScript is years behind (it stumbles over `as const satisfies`), and what it can't read it passes over. Node erases the
 * types as it does to run the file: every line stays where it is. Returns what stands for what.
 */
async function copyErased(scratch: string, texts: readonly (readonly [file: string, text: string])[]): Promise<ReadonlyMap<string, string>> {
  const copies = texts.map(([file, text]) => ({ file, copy: path.join(scratch, 'erased', `${file}.js`), text: eraseTypes(file, text) }));
  for (const { copy, text } of copies) {
    await mkdir(path.dirname(copy), { recursive: true });
    await writeFile(copy, text);
  }
  return new Map(copies.map(({ copy, file }) => [copy, file]));
}

export function eraseTypes(file: string, text: string): string {
  try {
    const script = /\.[cm]?tsx?$/.test(file) ? stripTypeScriptTypes(text) : text;
    return named(withoutDefaults(script));
  } catch (error) {
    throw new Unusable(`${file} can't be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Semgrep loses what is taken apart with a default (`const { next = '/' } = ctx.query`): the default goes, at the same length. */
function withoutDefaults(script: string): string {
  return script.replaceAll(/\b(?:const|let) \{[^{}]*\}(?= = )/g, (taken) => taken.replaceAll(/ = (?:'[^'\n]*'|"[^"\n]*"|[\w.-]+|\[\])(?=\s*[,}])/g, (standard) => ' '.repeat(standard.length)));
}

/** Rules name functions as their modules do, whatever a file calls them: `import { exec as run }`. */
function named(script: string): string {
  const aliases = [...script.matchAll(/^import \{([^}]*)\} from /gm)].flatMap(([, names = '']) => [...names.matchAll(/(\w+) as (\w+)/g)]);
  return aliases.reduce((text, [, name = '', alias = '']) => text.replaceAll(new RegExp(`(?<![.\\w$'"\`-])${alias}(?=\\s*[(\`.])`, 'g'), name), script);
}

export interface Judged {
  readonly rules: readonly NamedRule[];
  /** Absolute path of what semgrep was given → what it stands for: a file of the tree, or of examples. */
  readonly given: ReadonlyMap<string, string>;
}

/** @throws Unusable when semgrep did not judge everything that it was given by every rule. */
export function readHits(stdout: string, { rules, given }: Judged): readonly Hit[] {
  const report = Report.safeParse(parseJson(stdout, 'semgrep'));
  if (!report.success) throw new Unusable('semgrep wrote a report of another form');
  const { results, errors, paths, skipped_rules: skipped } = report.data;
  const [error] = errors;
  if (error !== undefined) throw new Unusable(`semgrep could not read ${error.path === undefined ? 'everything' : (given.get(error.path) ?? error.path)}: ${error.message ?? JSON.stringify(error.type)}`);
  if (skipped.length > 0) throw new Unusable(`semgrep left out ${skipped.length} rules`);
  const scanned = new Set(paths.scanned);
  const missed = [...given].filter(([copy]) => !scanned.has(copy)).map(([, file]) => file);
  if (missed.length > 0) throw new Unusable(`semgrep did not look at ${missed.slice(0, 3).join(', ')}${missed.length > 3 ? ` and ${missed.length - 3} more` : ''}`);
  return results.map(({ check_id: id, path: copy, start: { line }, extra: { lines, metavars } }) => {
    // Semgrep puts the folder of its settings before the name.
    const rule = rules.find((each) => id === each.id || id.endsWith(`.${each.id}`));
    const file = given.get(copy);
    if (rule === undefined || file === undefined) throw new Unusable(`semgrep tells of ${id} in ${copy}, which it was not asked about`);
    return { rule: rule.id, file, line, matched: metavars?.$Q?.abstract_content ?? lines };
  });
}

export function toFindings(hits: readonly Hit[], rules: readonly NamedRule[], sharedTables: ReadonlySet<string> = new Set()): readonly Finding[] {
  const named = new Map(rules.map((rule) => [rule.id, rule]));
  const findings = hits.flatMap(({ rule: id, file, line, matched }) => {
    const rule = named.get(id);
    const isMeant = rule !== undefined && rule.except?.test(file) !== true && rule.only?.test(file) !== false && rule.spares?.(matched, sharedTables) !== true;
    return isMeant ? [{ rule: id, file, line, severity: 'error' as const, message: `${rule.message} (CWE-${rule.cwe})`, fix: rule.fix }] : [];
  });
  // Patterns overlap; one line is wrong once.
  return [...new Map(findings.map((finding) => [`${finding.rule} ${finding.file}:${finding.line}`, finding])).values()];
}
