// Whether what a claim calls a gate is one: a step of `.ci/run`, one of the gates that it runs, or a rule of this repository that passed.
import { matching, type Tree } from '../rules/tree.ts';
import type { TestResult } from './results.ts';

const ranByName = new Set(['crash', 'faults', 'shutdown']);

/** The commands that `.ci/run` gives to its steps, one for every proof that it finds by its place. */
function stepsOf(tree: Tree): readonly string[] {
  const script = tree.get('.ci/run') ?? '';
  const named = [...script.matchAll(/\bstep \S+ (npm run [^\n;]+?)(?:;|$)/gm)].map((match) => match[1] ?? '');
  const looksForProbes = script.includes("find app/probes app/features -name '*.proof.ts'");
  const probes = matching(tree, /^app\/(?:probes|features)\/.*\.proof\.ts$/).map(([path]) => /([^/]+)\.proof\.ts$/.exec(path)?.[1] ?? '');
  return [...named, ...(looksForProbes ? probes.filter((name) => !ranByName.has(name)).map((name) => `npm run probe -- ${name}`) : [])];
}

/** Undefined where the gate stands. */
export function brokenGate(tree: Tree, results: readonly TestResult[], gate: string): string | undefined {
  const rule = /^(\S+\.test\.ts): (.+)$/.exec(gate);
  const [, claim] = /^npm run gates: (\w+)$/.exec(gate) ?? [];
  if (claim !== undefined) return brokenClaim(tree, claim);
  if (!rule) return stepsOf(tree).some((step) => step === gate || step.startsWith(`${gate} `)) ? undefined : `.ci/run has no step "${gate}"`;
  const [, file, name] = rule;
  const outcome = results.find((each) => each.file === file && each.name === name)?.outcome;
  if (!tree.has(file ?? '')) return `there is no ${file ?? ''}`;
  return outcome === 'passed' ? undefined : `"${name ?? ''}" of ${file ?? ''}: ${outcome ?? 'not run'}`;
}

function brokenClaim(tree: Tree, claim: string): string | undefined {
  const source = tree.get(`.github/gates/${claim}.gate.ts`);
  if (source === undefined) return `there is no gate ${claim}`;
  if (!stepsOf(tree).includes('npm run gates')) return '.ci/run has no step "npm run gates"';
  return source.includes("when: 'change'") ? undefined : `${claim} is not among the gates of every change`;
}
