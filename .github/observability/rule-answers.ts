// Whether what the rules read is there: an alert that is silent because a series is gone looks like one that has no reason to fire.
// Tested by rule-answers.test.ts.
import type { RuleQuery } from './catalogue.ts';
import { type Asking, askNow } from './panel-answers.ts';
import { parseQuery, type Selector } from './promql.ts';

export interface SilentRule {
  readonly file: string;
  readonly name: string;
  /** Selectors that match no series; or the whole query, of a recording that gives no number. */
  readonly reads: readonly string[];
}

/** These are asked for because they may not be there. */
const ASKS_FOR_ABSENCE = /^absent/;

export const selectorText = ({ metric, matchers }: Selector): string => `${metric}{${matchers.map(({ label, operator, value }) => `${label}${operator}${JSON.stringify(value)}`).join(', ')}}`;

/** Of a recording its whole expression has to give a number; of an alert, which gives something only when it fires, each selector in the time. */
export async function silentRules(rules: readonly RuleQuery[], asking: Asking): Promise<readonly SilentRule[]> {
  const silent: SilentRule[] = [];
  const asked = new Map<string, boolean>();
  const speaks = async (query: string): Promise<boolean> => {
    const known = asked.get(query) ?? (await askNow(asking, query)).some(({ points }) => points.some(([, value]) => Number.isFinite(value)));
    asked.set(query, known);
    return known;
  };
  for (const { file, name, expr, records } of rules) {
    const wanted = records ? [expr] : parseQuery(expr).selectors.filter(({ within }) => !within.some((around) => ASKS_FOR_ABSENCE.test(around))).map((selector) => `last_over_time(${selectorText(selector)}[${asking.to - asking.from}s])`);
    const reads: string[] = [];
    for (const query of new Set(wanted)) if (!(await speaks(query))) reads.push(query);
    if (reads.length > 0) silent.push({ file, name, reads });
  }
  return silent;
}
