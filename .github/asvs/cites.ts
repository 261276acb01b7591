// Which requirements the names of tests cite, and the text of each such test.
import ts from 'typescript';
import { matching, type Tree } from '../rules/tree.ts';

const list = /\bASVS ((?:\d+\.\d+\.\d+)(?:(?:, | and )\d+\.\d+\.\d+)*)/g;

/** `ASVS 8.2.1, 8.2.2 and 8.4.1: …` cites three. */
export function idsIn(name: string): readonly string[] {
  return [...name.matchAll(list)].flatMap((match) => match[1]?.split(/, | and /) ?? []);
}

/** For `--test-name-pattern`: the names that cite it. */
export function patternOf(id: string): RegExp {
  return new RegExp(String.raw`\bASVS (?:\d+\.\d+\.\d+(?:, | and ))*${id.replaceAll('.', String.raw`\.`)}(?!\d)`);
}

export interface Cite {
  readonly ids: readonly string[];
  readonly path: string;
  /** As it stands in the source, holes of a template included. */
  readonly name: string;
  /** The whole call. */
  readonly text: string;
}

/** Trees don't change, and to parse is most of the work. */
const known = new WeakMap<Tree, readonly Cite[]>();

export function citesOf(tree: Tree): readonly Cite[] {
  const before = known.get(tree);
  if (before) return before;
  const cites = matching(tree, /^(?!\.github\/asvs\/).*\.test\.ts$/).flatMap(([path, text]) => (text.includes('ASVS ') ? citesIn(path, text) : []));
  known.set(tree, cites);
  return cites;
}

function citesIn(path: string, source: string): readonly Cite[] {
  const file = ts.createSourceFile(path, source, ts.ScriptTarget.Latest, true);
  const found: Cite[] = [];
  const visit = (node: ts.Node): void => {
    const [first] = ts.isCallExpression(node) ? node.arguments : [];
    if (ts.isCallExpression(node) && first && !isAssertion(node.expression) && (ts.isStringLiteralLike(first) || ts.isTemplateExpression(first))) {
      const name = ts.isStringLiteralLike(first) ? first.text : first.getText(file).slice(1, -1);
      const ids = idsIn(name);
      if (ids.length > 0) found.push({ ids, path, name, text: node.getText(file) });
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

/** Whatever registers a test may have a name of its own; what an assertion says is no test's name. */
function isAssertion(callee: ts.Expression): boolean {
  return /^assert\b/.test(callee.getText());
}

/** Ids that are cited anywhere, in a test's name or a comment, and that the standard does not have. */
export function unknownCites(tree: Tree, ids: ReadonlySet<string>): readonly string[] {
  return matching(tree, /\.(?:ts|rego|sql|md|tf)$/)
    .filter(([path]) => !path.startsWith('.github/asvs/') && !path.endsWith('/ASVS.md'))
    .flatMap(([path, text]) => idsIn(text).filter((id) => !ids.has(id)).map((id) => `${path} cites ASVS ${id}, which the standard does not have`));
}

/** The declaration around a text, so that what was seen of it is known to be stale when it changes, and only then. */
export function surroundings(path: string, source: string, find: string): string {
  const at = source.indexOf(find);
  if (!path.endsWith('.ts') && !path.endsWith('.js')) return source;
  const file = ts.createSourceFile(path, source, ts.ScriptTarget.Latest, true);
  const around = file.statements.filter((statement) => statement.getStart(file) < at + find.length && statement.getEnd() > at);
  return around.map((statement) => statement.getText(file)).join('\n');
}
