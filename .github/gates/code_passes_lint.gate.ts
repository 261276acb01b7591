// Holds ESLint's verdict over every script and module, by this repository's own rules and eslint-plugin-security.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { type Finding, type Gate, type GateContext, parseJson, type Tool, Unusable } from './gate.ts';
import { reachDigests } from './import-reach.ts';
import { KeptFinding, Verdicts } from './verdicts.ts';

const eslint: Tool = { set: 'packages', program: 'eslint' };
const OWN = '.github/gates/code_passes_lint.gate.ts';
const ACCEPTED = [0, 1];
const WARNING = 1;
const TYPED = /\.[cm]?tsx?$/;
const SETTINGS = /^(?:eslint\.config\.js|tsconfig\.json|package\.json|package-lock\.json)$/;

const Report = z.array(
  z.object({
    filePath: z.string(),
    messages: z.array(z.object({ ruleId: z.string().nullable(), fatal: z.boolean().optional(), severity: z.int(), message: z.string(), line: z.int().optional() })),
    suppressedMessages: z.array(z.object({ ruleId: z.string().nullable(), line: z.int().optional(), suppressions: z.array(z.object({ kind: z.string(), justification: z.string() })).min(1) })),
  }),
);

export const gate: Gate = {
  claim: 'every script and module keeps the lint rules, those about security among them',
  why: 'A promise that nobody awaits, a regular expression that never ends, a comparison that coerces: the compiler lets them pass.',
  remedy: 'Change the code as the message says. Where the rule is wrong about it, disable that rule for that line, with the reason behind two hyphens.',
  link: 'https://github.com/eslint-community/eslint-plugin-security#rules',
  tools: [eslint],
  reads: /^(?!app\/bench\/stacks\/).*\.[cm]?[jt]sx?$/,
  settings: SETTINGS,
  scope: 'file',
  when: 'change',
  unparsable: { file: 'app/http/unparsable.ts', text: '// Nothing that a parser accepts.\nexport const = {{{ ( ;\n' },
  async check(context) {
    // Rules ask for types, so that a verdict is about the file and what its imports lead to; ESLint's own cache knows of the file alone.
    const reach = reachDigests(context.tree, context.read);
    const kept = new Verdicts(context.root, { name: 'lint', form: KeptFinding, judge: judgeOf(context) });
    const unjudged = context.files.filter((file) => kept.of(file, reach(file)) === undefined);
    const findings = unjudged.length === 0 ? [] : await lint(context, unjudged);
    for (const file of unjudged) kept.add(file, reach(file), findings.filter((finding) => finding.file === file));
    await kept.keep(context.tree);
    return context.files.flatMap((file) => kept.of(file, reach(file)) ?? []);
  },
};

/** The ESLint that is installed with its plugins and everybody's types, the settings, this file, and what declares for all files at once. */
function judgeOf(context: GateContext): readonly string[] {
  const { installed, now, read, tree } = context;
  const everywhere = [...tree.filter((file) => SETTINGS.test(file)), ...declaringForAll(context)];
  return [installed(eslint) || String(now), read(OWN), ...everywhere.flatMap((file) => [file, read(file)])];
}

const declaringForAll = ({ read, tree }: Pick<GateContext, 'read' | 'tree'>): readonly string[] =>
  tree.filter((file) => /\.d\.[cm]?ts$/.test(file) || (TYPED.test(file) && /^\s*declare (?:global|module)\b/m.test(read(file))));

async function lint(context: GateContext, files: readonly string[]): Promise<readonly Finding[]> {
  const { stdout } = await context.run(eslint, ['--format', 'json', '--report-unused-disable-directives-severity', 'error', ...programOf(context, files), ...files], { accept: ACCEPTED });
  return readFindings(stdout, { root: context.root, files });
}

/** The types of these files and of what their imports lead to, in place of everybody's: to load all for one of them takes three times as long. */
function programOf(context: GateContext, files: readonly string[]): readonly string[] {
  const typed = files.filter((file) => TYPED.test(file));
  if (typed.length === 0) return [];
  const inRoot = (file: string): string => path.join(context.root, file);
  const project = path.join(context.scratch, 'tsconfig.json');
  writeFileSync(project, JSON.stringify({ extends: inRoot('tsconfig.json'), compilerOptions: { typeRoots: [inRoot('node_modules/@types')] }, include: [], files: [...new Set([...typed, ...declaringForAll(context)])].map(inRoot) }));
  // In quotes, since ESLint reads the value as JSON, almost.
  return ['--parser-options', 'projectService:false', '--parser-options', `project:${JSON.stringify(project.split(path.sep).join('/'))}`];
}

/** @throws Unusable when ESLint left out a file, or could not parse one. */
export function readFindings(stdout: string, { root, files }: Pick<GateContext, 'root' | 'files'>): readonly Finding[] {
  const report = Report.safeParse(parseJson(stdout, 'eslint'));
  if (!report.success) throw new Unusable('eslint wrote a report of another form');
  const results = report.data.map((result) => ({ ...result, file: path.relative(root, result.filePath).split(path.sep).join('/') }));
  const linted = new Set(results.map(({ file }) => file));
  const missed = files.filter((file) => !linted.has(file));
  if (missed.length > 0) throw new Unusable(`eslint did not lint ${missed.slice(0, 3).join(', ')}${missed.length > 3 ? ` and ${missed.length - 3} more` : ''}`);
  return results.flatMap(({ file, messages, suppressedMessages }) => {
    const unread = messages.find(({ fatal, ruleId, severity }) => fatal === true || (ruleId === null && severity === WARNING));
    // A file that is ignored is told as a warning of no rule.
    if (unread !== undefined) throw new Unusable(`eslint could not judge ${file}: ${unread.message}`);
    return [
      ...messages.map(({ ruleId, message, line }) => toFinding(ruleId ?? 'unused-directive', file, line, message, FIX)),
      ...suppressedMessages.filter(({ suppressions }) => suppressions.every(({ justification }) => justification.trim() === '')).map(({ ruleId, line }) => toFinding('unjustified-directive', file, line, `${ruleId ?? 'A rule'} is disabled here, and nobody says why.`, 'Mend the code, or write the reason behind the rule: `-- why it holds here`.')),
    ];
  });
}

const FIX = 'Change the code as the message says; `npx eslint --fix FILE` mends what a program can.';

function toFinding(rule: string, file: string, line: number | undefined, message: string, fix: string): Finding {
  return { rule, file, ...(line === undefined ? {} : { line }), severity: 'error', message, fix };
}
