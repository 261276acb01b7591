// `npm run observability:prove`: each alert is fired by a real fault and resolves when that is lifted. The shipped files, the real service,
// PostgreSQL, Prometheus and Alertmanager; alone the times are divided by the factor (proof/scale.ts). A table, and .cache/observability/latest.json.
//   --only OutboxLag,TargetDown   --factor 60 (75 at most)   --list   --break AuditChainBroken (its expression never holds: the run must fail)
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { until } from '#app/testing/condition.ts';
import { exitCodeOfNotRun, formatRows } from '#app/testing/report.ts';
import { readTree } from '../rules/tree.ts';
import { type FoundAlert, readAlerts } from './alert-rules.ts';
import { type Scenario, SERVICE, STAGES, WATCHDOG } from './proof/scenarios.ts';
import { firing, missingPrograms, type Stack, startStack } from './proof/stack.ts';
import { HEAD, heardOf, judge, type Outcome, planProblems, rowOf, type Times } from './proof/verdict.ts';

/** An hour is a minute, and a minute a second. */
const FACTOR = '60';
/** What the fault itself and a busy machine take, whatever the factor. */
const LONGEST_MS = 90_000;
/** As long as the short window of a burn holds what was bad, it burns: https://sre.google/workbook/alerting-on-slos/ */
const SHORT_WINDOW_MS: Readonly<Record<string, number>> = { middle: 30 * 60_000, slow: 6 * 3_600_000 };

const root = path.resolve(import.meta.dirname, '../..');
const { values } = parseArgs({ options: { only: { type: 'string' }, factor: { type: 'string', default: FACTOR }, list: { type: 'boolean', default: false }, break: { type: 'string' } } });
const startedAt = performance.now();
const say = (line: string): void => {
  console.log(`${((performance.now() - startedAt) / 1_000).toFixed(0).padStart(4)} s  ${line}`);
};
process.exitCode = await main();

async function main(): Promise<number> {
  const alerts = new Map(readAlerts(readTree(root)).map((alert) => [alert.alert, alert]));
  const problems = planProblems([...alerts.keys()], STAGES.flat());
  for (const problem of problems) console.error(`✖ ${problem}`);
  if (values.list) console.log(formatRows([['alert', 'fault'], ...STAGES.flat().flatMap(({ alerts: names, fault }) => names.map((name) => [name, fault]))]));
  if (values.list || problems.length > 0) return problems.length > 0 ? 1 : 0;
  const wanted = values.only?.split(',');
  const unknown = [...(wanted ?? []), ...(values.break === undefined ? [] : [values.break])].filter((name) => !alerts.has(name));
  if (unknown.length > 0) throw new Error(`there is no alert ${unknown.join(', ')}`);
  const missing = missingPrograms();
  if (missing !== undefined) {
    console.log(`observability: not run, ${missing}`);
    return exitCodeOfNotRun(process.env['CI'] === 'true');
  }
  const stages = STAGES.map((stage) => stage.filter((scenario) => wanted?.some((name) => scenario.alerts.includes(name)) !== false)).filter((stage) => stage.length > 0);
  const outcomes = await prove(stages, alerts);
  const proven = outcomes.filter(({ failure }) => failure === undefined).length;
  const count = wanted === undefined ? alerts.size : outcomes.length;
  console.log(`\n${formatRows([HEAD, ...outcomes.map((outcome) => rowOf(outcome, Number(values.factor)))])}`);
  console.log(`\n${proven} of ${count} alerts fired and resolved, ${values.factor} times faster than shipped (in brackets: the time times that), in ${((performance.now() - startedAt) / 60_000).toFixed(1)} minutes`);
  if (wanted === undefined && values.break === undefined) keep(outcomes);
  return proven === count ? 0 : 1;
}

function keep(outcomes: readonly Outcome[]): void {
  const folder = path.join(root, '.cache/observability');
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'latest.json'), `${JSON.stringify({ at: new Date().toISOString(), factor: Number(values.factor), outcomes }, undefined, 2)}\n`);
}

async function prove(stages: readonly (readonly Scenario[])[], alerts: ReadonlyMap<string, FoundAlert>): Promise<readonly Outcome[]> {
  say(`starting PostgreSQL, the service, Prometheus and Alertmanager, ${values.factor} times faster`);
  const startedMs = Date.now();
  const stack = await startStack({ factor: Number(values.factor), ...SERVICE, edit: breakRule });
  const runs: Promise<readonly Outcome[]>[] = [];
  try {
    for (const stage of stages) {
      // The end of Prometheus would resolve whatever still fires.
      if (stage.includes(WATCHDOG)) await Promise.all(runs);
      const begun = stage.map((scenario) => run(stack, scenario, alerts, scenario === WATCHDOG ? startedMs : undefined));
      runs.push(...begun.map(({ judged }) => judged));
      await Promise.all(begun.map(({ firstIsOver }) => firstIsOver));
    }
    return (await Promise.all(runs)).flat();
  } finally {
    await stack.close();
  }
}

/** @throws Error where its expression stands in another form, and so would hold on. */
function breakRule(_: string, text: string): string {
  if (values.break === undefined || !text.includes(`- alert: ${values.break}\n`)) return text;
  const broken = text.replace(new RegExp(`(- alert: ${values.break}\\n\\s+expr: )(?:\\|-\\n(?:\\s{10,}.*\\n)+|[^|>\\n].*\\n)`), '$1vector(1) > 2\n');
  if (broken === text) throw new Error(`the expression of ${values.break} does not follow its name, and was not broken`);
  return broken;
}

interface Run {
  /** Those that had to fire first have fired and resolved, or did not in time: what follows is not disturbed by them. */
  readonly firstIsOver: Promise<unknown>;
  readonly judged: Promise<readonly Outcome[]>;
}

function run(stack: Stack, scenario: Scenario, alerts: ReadonlyMap<string, FoundAlert>, firesSinceMs: number | undefined): Run {
  const { alerts: names, firstly = names, fault } = scenario;
  const first = Promise.withResolvers<undefined>();
  const deadlineOf = (name: string): number => LONGEST_MS + (SHORT_WINDOW_MS[alerts.get(name)?.labels['burn'] ?? ''] ?? 0) / stack.factor;
  const heard = (name: string, what: 'fired' | 'resolved', times: Times, deadlineMs = deadlineOf(name)): Promise<boolean> =>
    until(`${name} to be ${what}`, () => heardOf(name, stack.received(), times)[what] !== undefined, deadlineMs).then(
      () => {
        say(`${name} ${what}`);
        return true;
      },
      () => {
        say(`✖ ${name} not ${what} in time`);
        return false;
      },
    );
  const judged = (async (): Promise<readonly Outcome[]> => {
    const before = firesSinceMs === undefined ? (await firing(stack.prometheus)).filter((name) => names.includes(name)) : [];
    if (before.length > 0) return names.map((alert) => ({ alert, fault, firedAfterS: undefined, resolvedAfterS: undefined, told: '', failure: `${before.join(', ')} fired before there was a fault` }));
    say(`fault: ${fault}`);
    const injectedAt = firesSinceMs ?? Date.now();
    let lifting: Promise<void> | undefined;
    const lift = await scenario.inject(stack);
    try {
      await Promise.all(firstly.map((name) => heard(name, 'fired', { injectedAt, liftedAt: undefined })));
      if (scenario.lasts === true) await until('Prometheus to see them all', async () => (await firing(stack.prometheus)).filter((name) => names.includes(name)).length === names.length, LONGEST_MS).catch(() => undefined);
    } finally {
      lifting = lift();
    }
    const times = { injectedAt, liftedAt: Date.now() };
    await lifting;
    // One that never fired won’t resolve either.
    const over = names.map(async (name) => (heardOf(name, stack.received(), times).fired !== undefined || (!firstly.includes(name) && (await heard(name, 'fired', times)))) && heard(name, 'resolved', times));
    void Promise.all(over.filter((_, index) => firstly.includes(names[index] ?? ''))).then(() => { first.resolve(undefined); });
    await Promise.all(over);
    return names.map((name) => judge(alerts.get(name) ?? { alert: name, labels: {} }, fault, stack.received(), times));
  })().catch((error: unknown) => names.map((alert): Outcome => ({ alert, fault, firedAfterS: undefined, resolvedAfterS: undefined, told: '', failure: error instanceof Error ? error.message : String(error) })));
  void judged.then(() => { first.resolve(undefined); });
  return { firstIsOver: first.promise, judged };
}
