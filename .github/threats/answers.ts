// Whether what is said to answer a threat is there: the test in its file, the policy's test, the rule, the gate in CI.
import ts from 'typescript';
import { matching, type Tree } from '../rules/tree.ts';
import { type Answer, featureOf } from './model.ts';

const RUNNERS = new Set(['test', 'it', 'describe', 'suite']);

/** Undefined where the answer holds. */
export function faultOf(answer: Answer, tree: Tree): string | undefined {
  if ('test' in answer) return faultOfText(answer.test, answer.name, tree, testNames);
  if ('policy' in answer) return faultOfPolicy(answer.policy, answer.name, tree);
  if ('rule' in answer) return faultOfRule(answer.rule, tree);
  return 'gate' in answer ? faultOfGate(answer.gate, tree) : undefined;
}

/** The feature whose file it is, which goes with that feature. */
export function featureOfAnswer(answer: Answer, tree: Tree): string | undefined {
  if ('test' in answer) return featureOf(answer.test);
  if ('policy' in answer) return featureOf(answer.policy);
  return 'gate' in answer ? featureOf(proofOf(answer.gate, tree) ?? '') : undefined;
}

/** A part of the name is enough, so that it may get a requirement's number in front; it has to be one test's alone. */
function faultOfText(path: string, part: string, tree: Tree, names: (path: string, text: string) => readonly string[]): string | undefined {
  const text = tree.get(path);
  if (text === undefined) return `there is no ${path}`;
  const found = names(path, text).filter((name) => name.includes(part)).length;
  return found === 1 ? undefined : `${path} has ${found === 0 ? 'no test' : `${found} tests`} with "${part}" in the name`;
}

/** As they are written: what a template puts in stays `${…}`. A test that is skipped answers nothing. */
export function testNames(path: string, text: string): readonly string[] {
  const names: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && isRunner(node.expression)) {
      const [name] = node.arguments;
      if (name && ts.isStringLiteralLike(name)) names.push(name.text);
      if (name && ts.isTemplateExpression(name)) names.push(name.getText().slice(1, -1));
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true));
  return names;
}

/** `test(…)`, and `t.test(…)` within one. */
function isRunner(callee: ts.Expression): boolean {
  if (ts.isIdentifier(callee)) return RUNNERS.has(callee.text);
  return ts.isPropertyAccessExpression(callee) && callee.name.text === 'test' && ts.isIdentifier(callee.expression);
}

function faultOfPolicy(path: string, name: string, tree: Tree): string | undefined {
  const lines = tree.get(path)?.split('\n') ?? [];
  if (!lines.some((line) => line.startsWith(`${name} if`))) return `${path} has no test ${name}`;
  return faultOfGate('npm run test:policy', tree);
}

function faultOfRule(part: string, tree: Tree): string | undefined {
  const claims = matching(tree, /^\.github\/rules\/.*\.ts$/).flatMap(([path, text]) => claimsOf(path, text));
  const found = claims.filter((claim) => claim.includes(part)).length;
  return found === 1 ? undefined : `${found} rules of .github/rules/ claim "${part}"`;
}

function claimsOf(path: string, text: string): readonly string[] {
  const claims: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isPropertyAssignment(node) && node.name.getText() === 'claim') claims.push(ts.isStringLiteralLike(node.initializer) ? node.initializer.text : node.initializer.getText());
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true));
  return claims;
}

/** `npm run probe -- name` is in CI by the probe's place, everything else by its line in .ci/run; `npm run gates: name` is one of those of every change. */
function faultOfGate(command: string, tree: Tree): string | undefined {
  const [, claim] = /^npm run gates: (\w+)$/.exec(command) ?? [];
  if (claim !== undefined) return tree.get(`.github/gates/${claim}.gate.ts`)?.includes("when: 'change'") === true ? faultOfGate('npm run gates', tree) : `no gate of every change is called ${claim}`;
  const [, script = ''] = /^npm run ([a-z][a-z:-]*)(?: -- [a-z-]+)?$/.exec(command) ?? [];
  const { scripts = {} } = JSON.parse(tree.get('package.json') ?? '{}') as { readonly scripts?: Readonly<Record<string, string>> };
  const ci = tree.get('.ci/run') ?? '';
  if (!(script in scripts)) return `package.json has no script for "${command}"`;
  if (script !== 'probe') return new RegExp(`npm run ${script}(?![a-z:-])`).test(ci) ? undefined : `.ci/run does not run "${command}"`;
  if (proofOf(command, tree) === undefined) return `there is no proof for "${command}"`;
  return /find app\/probes app\/features -name '\*\.proof\.ts'.*npm run probe -- /.test(ci) ? undefined : '.ci/run runs no probes';
}

function proofOf(command: string, tree: Tree): string | undefined {
  const name = /^npm run (?:probe -- |test:)([a-z-]+)$/.exec(command)?.[1];
  const folders = command.includes(' probe ') ? /^app\/(?:probes|features)\// : /^app\//;
  return name === undefined ? undefined : [...tree.keys()].find((path) => folders.test(path) && path.endsWith(`/${name}.proof.ts`));
}
