// `npm run gates`: runs the gates side by side, and ends with one table of what holds, what does not, and what was not run.
import { readFileSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { findGates, type NamedGate } from './find.ts';
import { isTouched, judgeGate, type Verdict } from './judge.ts';
import { writeReport } from './report.ts';
import { prepare } from './setup.ts';
import { tableOf } from './table.ts';
import { setOf } from './tools.ts';
import { readTreeState } from './tree-state.ts';

const FINDING = 1;
const NOT_RUN = 2;
const USAGE = `usage: npm run gates -- [--only gate,gate] [--changed [--base COMMIT]] [--all] [--json] [--report DIR] [--profile laptop|ci]
       npm run gates -- --matrix    what GitHub Actions runs side by side, as JSON
       npm run gates:setup          installs the tools`;

const SIGNS: Readonly<Record<Verdict['status'], string>> = { pass: '✔', fail: '✖', 'not run': '–' };

const root = process.cwd();
const cache = path.join(root, '.cache/gates');
const tools = path.join(root, '.cache/tools');

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { only: { type: 'string' }, changed: { type: 'boolean', default: false }, base: { type: 'string' }, all: { type: 'boolean', default: false }, json: { type: 'boolean', default: false }, report: { type: 'string' }, profile: { type: 'string', default: process.env['CI'] === 'true' ? 'ci' : 'laptop' }, matrix: { type: 'boolean', default: false }, setup: { type: 'boolean', default: false } } });
  if (values.profile !== 'laptop' && values.profile !== 'ci') throw new Error(`there is no profile ${values.profile}`);
  const found = await findGates(root);
  if (found.length === 0) throw new Error('there is no gate here: run it at the root of the repository');
  // Progress is for a person; with --json, stdout belongs to the program that reads it.
  const say = (line: string) => { (values.json ? process.stderr : process.stdout).write(`${line}\n`); };
  const chosen = choose(found, values);
  if (values.matrix) {
    process.stdout.write(`${JSON.stringify(matrixOf(chosen))}\n`);
    return 0;
  }
  if (values.setup) {
    await prepare(chosen, tools, say);
    return 0;
  }
  const state = readTreeState(root, values.changed || values.base !== undefined ? (values.base ?? 'auto') : undefined);
  const standing = chosen.filter(({ part }) => part === undefined || state.files.some((file) => file.startsWith(part)));
  const touched = standing.filter((gate) => isTouched(gate, state));
  if (values.profile === 'ci') await prepare(touched, tools, say);
  const verdicts = await judgeAll(touched, state, say);
  const remainder = { untouched: standing.length - touched.length, withoutPart: chosen.filter((gate) => !standing.includes(gate)) };
  if (values.json) process.stdout.write(`${JSON.stringify({ gates: verdicts })}\n`);
  else say(tableOf(verdicts, remainder));
  if (values.report !== undefined) await writeReport(path.resolve(root, values.report), { verdicts, gates: standing, remainder, now: Date.now(), read: (file) => (state.files.includes(file) ? readFileSync(path.join(root, file), 'utf8') : undefined) });
  return exitStatus(verdicts, standing, values.profile);
}

function choose(gates: readonly NamedGate[], { only, all }: { readonly only?: string | undefined; readonly all: boolean }): readonly NamedGate[] {
  if (only === undefined) return gates.filter(({ when }) => all || when === 'change');
  return only.split(',').map((name) => {
    const gate = gates.find((candidate) => candidate.name === name);
    if (gate === undefined) throw new Error(`there is no gate ${name}; there are ${gates.map((each) => each.name).join(', ')}`);
    return gate;
  });
}

/** Those that need the same tools share a job, so that each job installs one set. */
function matrixOf(gates: readonly NamedGate[]): unknown {
  const groups = Map.groupBy(gates, setOf);
  return { include: [...groups].map(([group, members]) => ({ group, gates: members.map(({ name }) => name).join(',') })) };
}

async function judgeAll(gates: readonly NamedGate[], state: ReturnType<typeof readTreeState>, say: (line: string) => void): Promise<readonly Verdict[]> {
  const timesFile = path.join(cache, 'times.json');
  const times = await readTimes(timesFile);
  // The longest first, so that none of them is left alone at the end.
  const waiting = gates.toSorted((a, b) => (times[b.name] ?? Infinity) - (times[a.name] ?? Infinity));
  const running = new Set<string>();
  const verdicts: Verdict[] = [];
  const isTerminal = process.stderr.isTTY && process.env['CI'] !== 'true';
  const showRunning = () => { if (isTerminal) process.stderr.write(`\r\u001b[2K${running.size > 0 ? `… ${[...running].join(', ')} (${verdicts.length} of ${gates.length} done)` : ''}`); };
  const work = async () => {
    for (let gate = waiting.shift(); gate !== undefined; gate = waiting.shift()) {
      running.add(gate.name);
      showRunning();
      const verdict = await judgeGate(gate, { root, state, tools, environment: process.env, now: Date.now() });
      running.delete(gate.name);
      verdicts.push(verdict);
      if (verdict.status !== 'not run' && state.changed === undefined) times[gate.name] = verdict.ms;
      if (isTerminal) process.stderr.write('\r\u001b[2K');
      say(`${SIGNS[verdict.status]} ${verdict.gate}${verdict.reason === '' ? '' : `: ${verdict.reason}`} (${(verdict.ms / 1000).toFixed(1)} s)`);
      showRunning();
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  await mkdir(cache, { recursive: true });
  await writeFile(timesFile, `${JSON.stringify(times)}\n`);
  return verdicts.toSorted((a, b) => (a.gate < b.gate ? -1 : 1));
}

/** They only order the gates: what a run that was cut off, or another at the same time, left half written is as good as nothing. */
async function readTimes(file: string): Promise<Record<string, number>> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Record<string, number>;
  } catch {
    return {};
  }
}

/** On a laptop what is not installed is told, and is not an error; in CI it is, but for what has a reason of its own (a token). */
function exitStatus(verdicts: readonly Verdict[], gates: readonly NamedGate[], profile: string): number {
  if (verdicts.some(({ status }) => status === 'fail')) return FINDING;
  const missing = verdicts.filter(({ status }) => status === 'not run');
  const isExcused = ({ gate }: Verdict) => gates.find(({ name }) => name === gate)?.hindrance?.(process.env) !== undefined;
  return missing.some((verdict) => profile === 'ci' && !isExcused(verdict)) ? NOT_RUN : 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
  process.exitCode = NOT_RUN;
}
