// Holds the TypeScript compiler's verdict over everything that tsconfig.json includes.
import { type Finding, type Gate, type GateContext, type Tool, Unusable } from './gate.ts';

const tsc: Tool = { set: 'typescript', program: 'tsc' };
/** 1 where errors kept it from emitting, 2 where they did not. */
const ACCEPTED = [0, 1, 2];
const DIAGNOSTIC = /^(?<file>[^\s(][^(\n]*)\((?<line>\d+),\d+\): error (?<rule>TS\d+): (?<message>.*)$/;

export const gate: Gate = {
  claim: 'the compiler finds no contradiction in any file',
  why: 'Node runs this code with its types erased, unread: what contradicts them starts all the same, and fails for a user.',
  remedy: 'Mend the code until the types agree. A cast, an `any` or @ts-expect-error says that you know better, and takes the check away from everybody after you.',
  link: 'https://www.typescriptlang.org/tsconfig/',
  tools: [tsc],
  reads: /^(?!app\/bench\/stacks\/)(?:app|\.github)\/.*\.[cm]?ts$/,
  settings: /^(?:tsconfig\.json|package\.json|package-lock\.json)$/,
  scope: 'tree',
  when: 'change',
  unparsable: { file: 'app/http/unparsable.ts', text: '// Nothing that a parser accepts.\nexport const = {{{ ( ;\n' },
  async check(context) {
    // What is kept is told by the hash of every file that was read, those of packages too, and holds for this version of the compiler alone.
    const { status, stdout } = await context.run(tsc, ['--noEmit', '--pretty', 'false', '--listFiles', '--incremental', '--tsBuildInfoFile', '.cache/gates/types.tsbuildinfo'], { accept: ACCEPTED });
    return readDiagnostics({ status, stdout }, context);
  },
};

/** @throws Unusable when the compiler did not read every file, or its status and its words differ. */
export function readDiagnostics({ status, stdout }: { readonly status: number; readonly stdout: string }, { root, files }: Pick<GateContext, 'root' | 'files'>): readonly Finding[] {
  const lines = stdout.split(/\r?\n/);
  const read = new Set(lines.map((line) => line.replaceAll('\\', '/')));
  const base = root.replaceAll('\\', '/');
  const missed = files.filter((file) => !read.has(`${base}/${file}`));
  const findings = lines.flatMap((line) => {
    const { file, line: number, rule, message } = DIAGNOSTIC.exec(line)?.groups ?? {};
    return file === undefined || rule === undefined || message === undefined ? [] : [{ rule, file: file.replaceAll('\\', '/'), line: Number(number), severity: 'error' as const, message, fix: 'Mend the code until the types agree: the type that is declared, or the value that is given, is wrong.' }];
  });
  const general = lines.find((line) => /^error TS\d+/.test(line));
  if (general !== undefined) throw new Unusable(`the compiler could not begin: ${general}`);
  if (missed.length > 0) throw new Unusable(`the compiler did not read ${missed.slice(0, 3).join(', ')}${missed.length > 3 ? ` and ${missed.length - 3} more` : ''}: is it left out in tsconfig.json?`);
  if ((status === 0) !== (findings.length === 0)) throw new Unusable(`the compiler ended with status ${status} and told ${findings.length} errors`);
  return findings;
}
