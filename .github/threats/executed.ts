// Whether the tests that answer threats ran and passed: what a name in a file alone does not say.
import { type Part, threatened } from './model.ts';

export interface Executed {
  readonly file: string;
  /** As it ran, after the names of the tests around it. */
  readonly name: string;
  readonly outcome: string;
}

/** One line for each answer of which no test ran, or one did not pass. */
export function findNotPassed(parts: readonly Part[], results: readonly Executed[]): readonly string[] {
  return threatened(parts).flatMap(({ part, id, threats }) =>
    threats.flatMap((threat) =>
      threat.answers.flatMap((answer) => {
        if (!('test' in answer)) return [];
        const pattern = patternOf(answer.name);
        const ran = results.filter(({ file, name }) => file === answer.test && pattern.test(name));
        if (ran.length > 0 && ran.every(({ outcome }) => outcome === 'passed')) return [];
        return [`${part.path} ${id}.${threat.id}: ${answer.test} "${answer.name}" ${ran.length === 0 ? 'did not run' : 'did not pass'}`];
      }),
    ),
  );
}

/** `${…}` stands for whatever was put in. */
function patternOf(name: string): RegExp {
  return new RegExp(name.split(/\$\{[^}]*\}/).map(RegExp.escape).join('.*'), 's');
}
