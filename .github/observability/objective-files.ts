// The files that are written from observability/objectives.yaml. Tested by objectives.test.ts.
import { writeRules } from './objective-rules.ts';
import { writeTests } from './objective-tests.ts';
import { parseObjectives } from './objectives.ts';

const FOLDER = 'observability/prometheus';

/** Path → text. */
export function filesOf(text: string): ReadonlyMap<string, string> {
  const objectives = parseObjectives(text);
  return new Map([
    ...[...writeRules(objectives)].map(([name, rules]) => [`${FOLDER}/${name}.rules.yaml`, rules] as const),
    ...objectives.burnRates.flatMap((burn) => [...writeTests(burn, objectives)].map(([name, tests]) => [`${FOLDER}/${name}.test.yaml`, tests] as const)),
  ]);
}
