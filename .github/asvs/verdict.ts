// What each requirement comes to: claim, executed tests and what was seen red, held against each other.
import type { Tree } from '../rules/tree.ts';
import { citesOf, idsIn, unknownCites } from './cites.ts';
import { brokenClaims, type Claim, type Loaded, type Requirement } from './claims.ts';
import { INSIDE } from './collect.ts';
import { brokenGate } from './gates.ts';
import type { TestResult } from './results.ts';
import { loadSeen, unproven } from './seen-red.ts';

/** `not run`: claimed, and not held by what ran on these files. */
export type Class = Claim['by'] | 'not run';
export interface Verdict extends Requirement {
  readonly class: Class;
  /** Gate, document or reason, or the names of the tests by file. */
  readonly evidence: readonly string[];
}
export interface Judgement {
  readonly verdicts: readonly Verdict[];
  readonly problems: readonly string[];
}

const NOBODY_LOOKED = 'Nobody has looked at it yet.';

/** The name up to the part that cites: what is inside it is how it is tested. */
export function citingName(name: string, id: string): string {
  const parts = name.split(INSIDE);
  return parts.slice(0, parts.findLastIndex((part) => idsIn(part).includes(id)) + 1).join(INSIDE);
}

export function judgeAll(tree: Tree, loaded: Loaded, results: readonly TestResult[]): Judgement {
  const stale = unproven(tree, loaded).map(({ id, removal }) => `${id}: the removal in ${removal.control} was not seen red by ${removal.test} as both are now (npm run asvs -- --prove ${id})`);
  const broken = [...brokenClaims(tree, loaded), ...stale];
  const problems = [...loaded.problems, ...broken, ...unknownCites(tree, new Set(loaded.requirements.map(({ id }) => id)))];
  const verdicts = loaded.requirements.map((requirement) => {
    const judged = judgeOne(tree, loaded, results, requirement.id, loaded.claims.get(requirement.id));
    problems.push(...judged.problems.map((problem) => `${requirement.id}: ${problem}`));
    const holds = judged.problems.length === 0 && !broken.some((problem) => problem.startsWith(`${requirement.id}: `));
    // What does not hold is not what it is claimed to be; "open" promises nothing.
    return { ...requirement, class: holds || judged.class === 'open' ? judged.class : 'not run', evidence: judged.evidence };
  });
  return { verdicts, problems };
}

interface Judged {
  readonly class: Class;
  readonly evidence: readonly string[];
  readonly problems: readonly string[];
}

function judgeOne(tree: Tree, loaded: Loaded, results: readonly TestResult[], id: string, claim: Claim | undefined): Judged {
  if (claim?.by === 'test') return judgeTests(tree, loaded, results, id);
  const cited = citesOf(tree).filter(({ ids }) => ids.includes(id));
  const contradictions = cited.map(({ path, name }) => `"${name}" of ${path} cites it, but it is claimed as ${claim?.by ?? 'nothing'}`);
  if (claim === undefined) return { class: 'open', evidence: [NOBODY_LOOKED], problems: contradictions };
  if (claim.by === 'gate') {
    const broken = brokenGate(tree, results, claim.gate);
    return { class: 'gate', evidence: [`\`${claim.gate}\`: ${claim.why}`], problems: [...contradictions, ...(broken === undefined ? [] : [broken])] };
  }
  if (claim.by === 'document') return { class: 'document', evidence: [`${claim.document}: ${claim.why}`], problems: contradictions };
  return { class: claim.by, evidence: [claim.reason], problems: contradictions };
}

function judgeTests(tree: Tree, loaded: Loaded, results: readonly TestResult[], id: string): Judged {
  const ran = results.filter(({ name }) => idsIn(name).includes(id));
  const files = new Set(citesOf(tree).filter(({ ids }) => ids.includes(id)).map(({ path }) => path));
  const seen = loadSeen(tree).filter((each) => each.id === id);
  const red = new Set(seen.flatMap((each) => Object.keys(each.red).map((name) => `${each.test}${INSIDE}${citingName(name, id)}`)));
  const names = [...new Set(ran.map(({ file, name }) => `${file}${INSIDE}${citingName(name, id)}`))];
  const removals = loaded.removals.filter((each) => each.id === id);
  const problems = [
    ...[...files].filter((file) => !ran.some((each) => each.file === file)).map((file) => `${file}: not run`),
    ...removals.filter(({ removal }) => !files.has(removal.test)).map(({ removal }) => `no test of ${removal.test} cites it`),
    ...ran.filter(({ outcome }) => outcome !== 'passed').map(({ file, name, outcome }) => `${file}${INSIDE}${name}: ${outcome}`),
    ...names.filter((name) => !red.has(name)).map((name) => `${name}: no removal was seen to turn it red`),
  ];
  return { class: 'test', evidence: names, problems };
}
