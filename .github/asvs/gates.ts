// Whether what a claim calls a gate is one: a step of `.ci/run`, one of the gates that it or the nightly workflow runs, or a rule of this repository that passed.
import { matching, type Tree } from '../rules/tree.ts';
import type { TestResult } from './results.ts';

const NIGHTLY = '.github/workflows/scheduled.yml';
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
  const [, claims] = /^npm run gates: (\w+(?:, \w+)*)$/.exec(gate) ?? [];
  if (claims !== undefined) return claims.split(', ').map((claim) => brokenClaim(tree, claim)).find((broken) => broken !== undefined);
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
  if (source.includes("when: 'change'")) return undefined;
  if (!source.includes("when: 'schedule'")) return `${claim} does not say when it runs`;
  // One that needs a token is not run where a fork has none.
  if (source.includes('hindrance')) return `${claim} is not run everywhere`;
  return (tree.get(NIGHTLY) ?? '').includes('npm run gates -- --all') ? undefined : `${claim} is neither among the gates of every change, nor does ${NIGHTLY} run it`;
}
