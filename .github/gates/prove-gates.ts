// `npm run gates:prove`: each seeded defect must turn its gate red for its reason, each way of failing too, and ordinary changes must stay green.
//   --slice 1/4 (a part of the gates, the others are named)   --only gate,gate   --all (the scheduled gates too)   --record (keep the figures of a whole run)
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { findGates, type NamedGate } from './find.ts';
import type { Output } from './gate.ts';
import { judgeGate, type Surroundings, type Verdict } from './judge.ts';
import { type Patch, ThrowAway } from './patches.ts';
import { ordinaryChanges, seedsOf, weightsOf, writeRecord } from './proof-record.ts';
import { prepare } from './setup.ts';
import { divide, parseSlice } from './slices.ts';
import { recordRuns, spoiledRuns } from './spoiled-runs.ts';
import { runTool } from './tools.ts';
import { commitOf, readTreeState, type TreeState } from './tree-state.ts';

const LEAST = { defects: 120, classes: 60, ofGate: 3, benign: 60 };

interface Proof {
  readonly subject: string;
  readonly gate: string;
  readonly result: 'red' | 'missed' | 'not run';
  /** What turned it red, or what it said instead. */
  readonly detail: string;
  readonly ms: number;
}

interface Seed {
  readonly gate: NamedGate;
  readonly patch: Patch;
}

const isCi = process.env['CI'] === 'true';
const root = process.cwd();
const tools = path.join(root, '.cache/tools');
const { values } = parseArgs({ options: { only: { type: 'string' }, slice: { type: 'string' }, all: { type: 'boolean', default: false }, record: { type: 'boolean', default: false } } });
process.exitCode = await main();

async function main(): Promise<number> {
  const found = await findGates(root);
  const { gates, left } = choose(found);
  if (values.slice !== undefined) console.log(`slice ${values.slice}: ${gates.map(({ name }) => name).join(', ')}\nleft for other runs: ${left.join(', ')}\n`);
  const isWhole = left.length === 0;
  const start = performance.now();
  if (isCi) await prepare(gates, tools, console.log);
  const seeds = gates.flatMap((gate) => seedsOf(root, gate.name).map((patch) => ({ gate, patch })));
  const copies = Array.from({ length: availableParallelism() }, () => new ThrowAway(root));
  try {
    const baseline = await proveBaseline(gates, copies);
    const caught = await inCopies(copies, seeds, proveSeed);
    const closed = (await inCopies(copies, gates.filter(({ name }) => baseline.get(name)?.verdict.status === 'pass'), (gate, copy) => proveFailures(gate, copy, baseline.get(gate.name)?.outputs ?? new Map()))).flat();
    const ordinary = values.only === undefined ? await proveOrdinary(gates, copies[0] as ThrowAway) : { changes: [], ms: new Map<string, number>() };
    const status = report(gates, [...baseline.values()], seeds, caught, closed, ordinary.changes, isWhole);
    if (status === 0 && values.record) {
      const isRed = ({ result }: Proof) => result === 'red';
      writeRecord(root, { commit: commitOf(root), defects: caught.filter(isRed).length, failures: closed.filter(isRed).length, ordinary: ordinary.changes.length, minutes: Math.round((performance.now() - start) / 6_000) / 10, seconds: secondsOf(gates, [...[...baseline.values()].map(({ verdict }) => verdict), ...caught, ...closed], ordinary.ms) });
    }
    return status;
  } finally {
    for (const copy of copies) copy.remove();
  }
}

/** @throws Error when there is no such gate, or no such slice */
function choose(found: readonly NamedGate[]): { readonly gates: readonly NamedGate[]; readonly left: readonly string[] } {
  const only = values.only?.split(',');
  const unknown = only?.find((name) => !found.some((gate) => gate.name === name));
  if (unknown !== undefined) throw new Error(`there is no gate ${unknown}`);
  if (only !== undefined && values.slice !== undefined) throw new Error('--only and --slice choose the gates, each in its own way');
  if (values.record && (only !== undefined || values.slice !== undefined || values.all)) throw new Error('--record keeps the figures of a whole run, and of the gates of every change');
  const all = found.filter(({ name, when }) => only?.includes(name) ?? (values.all || when === 'change'));
  if (values.slice === undefined) return { gates: all, left: only === undefined ? [] : ['the others'] };
  const { number, count } = parseSlice(values.slice);
  const names = all.map(({ name }) => name);
  const chosen = new Set(divide(names, weightsOf(root, names), count)[number - 1]);
  return { gates: all.filter(({ name }) => chosen.has(name)), left: names.filter((name) => !chosen.has(name)) };
}

function secondsOf(gates: readonly NamedGate[], judgements: readonly { readonly gate: string; readonly ms: number }[], ordinary: ReadonlyMap<string, number>): Readonly<Record<string, number>> {
  return Object.fromEntries(gates.map(({ name }) => {
    const ms = judgements.filter(({ gate }) => gate === name).reduce((sum, each) => sum + each.ms, ordinary.get(name) ?? 0);
    return [name, Math.round(ms / 100) / 10];
  }));
}

async function inCopies<T, R>(copies: readonly ThrowAway[], tasks: readonly T[], work: (task: T, copy: ThrowAway) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = [];
  const waiting = [...tasks.entries()];
  await Promise.all(copies.map(async (copy) => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) results[next[0]] = await work(next[1], copy);
  }));
  return results;
}

function surroundingsOf(copy: ThrowAway, state: TreeState): Surroundings {
  return { root: copy.root, state, tools, environment: process.env, now: Date.now() };
}

interface Baseline {
  readonly verdict: Verdict;
  /** A part that was deleted, or what a fork need not have (a token): CI goes without, too. */
  readonly isExcused: boolean;
  readonly outputs: ReadonlyMap<string, Output>;
}

/** What is red without a defect proves nothing with one. */
async function proveBaseline(gates: readonly NamedGate[], copies: readonly ThrowAway[]): Promise<ReadonlyMap<string, Baseline>> {
  const results = await inCopies(copies, gates, async (gate, copy) => {
    const recorder = recordRuns(runTool);
    const state = readTreeState(copy.root);
    // A part that is not there has nothing to be green about; a seed brings its own.
    const isAbsent = gate.part !== undefined && !state.files.some((file) => file.startsWith(gate.part ?? ''));
    const verdict: Verdict = isAbsent ? { gate: gate.name, claim: gate.claim, status: 'not run', reason: `there is no ${gate.part ?? ''}`, findings: [], ms: 0 } : await judgeGate(gate, { ...surroundingsOf(copy, state), run: recorder.run });
    console.log(`${verdict.status === 'fail' ? '✖' : '·'} ${gate.name} without a defect: ${verdict.status}${verdict.reason === '' ? '' : ` (${verdict.reason})`}${verdict.findings.slice(0, 3).map(({ file, rule, message }) => `\n    ${file} ${rule}: ${message}`).join('')}`);
    return [gate.name, { verdict, outputs: recorder.outputs, isExcused: isAbsent || gate.hindrance?.(process.env) !== undefined }] as const;
  });
  return new Map(results);
}

async function proveSeed({ gate, patch }: Seed, copy: ThrowAway): Promise<Proof> {
  const [rule = '', file = ''] = [patch.header.get('Rule'), patch.header.get('File')];
  const subject = path.posix.basename(patch.file, '.patch');
  try {
    copy.apply(patch);
    if (patch.header.has('History')) copy.commitAndRevert(subject);
    const state = readTreeState(copy.root, patch.header.has('History') ? undefined : copy.firstCommit());
    const { status, reason, findings, ms } = await judgeGate(gate, surroundingsOf(copy, state));
    const isCaught = findings.some((finding) => finding.rule === rule && finding.file === file);
    const said = findings.map((finding) => `${finding.rule} in ${finding.file}: ${finding.message}`).slice(0, 2).join('; ');
    return show({ subject, gate: gate.name, ms, result: status === 'not run' ? 'not run' : isCaught ? 'red' : 'missed', detail: status === 'not run' ? reason : isCaught ? rule : `${status}: ${said}` });
  } catch (error) {
    return show({ subject, gate: gate.name, ms: 0, result: 'missed', detail: error instanceof Error ? error.message : String(error) });
  } finally {
    copy.reset();
  }
}

async function proveFailures(gate: NamedGate, copy: ThrowAway, outputs: ReadonlyMap<string, Output>): Promise<readonly Proof[]> {
  const state = readTreeState(copy.root);
  const isRed = async (subject: string, surroundings: Surroundings): Promise<Proof> => {
    const { status, reason, findings, ms } = await judgeGate(gate, surroundings);
    return show({ subject, gate: gate.name, ms, result: status === 'fail' ? 'red' : status === 'pass' ? 'missed' : 'not run', detail: findings[0]?.message ?? reason });
  };
  // What was not run is never green, and says so; in CI it ends the run with 2.
  const isNotRun = async (subject: string, surroundings: Surroundings): Promise<Proof> => {
    const { status, reason, ms } = await judgeGate(gate, surroundings);
    return show({ subject, gate: gate.name, ms, result: status === 'not run' && reason !== '' ? 'red' : 'missed', detail: reason });
  };
  // A tool that is spoiled must be asked: nothing that was kept may answer for it.
  copy.forget();
  const proofs = [await isRed('it finds no file', { ...surroundingsOf(copy, { files: [] }) })];
  if (gate.tools.length > 0) proofs.push(await isNotRun('its tools are not there', { ...surroundingsOf(copy, state), locate: () => undefined }));
  for (const { way, run } of spoiledRuns(outputs)) proofs.push(await isRed(way, { ...surroundingsOf(copy, state), run }));
  if (gate.unparsable !== undefined) {
    copy.write(gate.unparsable.file, gate.unparsable.text);
    proofs.push(await isRed('a file can not be parsed', surroundingsOf(copy, readTreeState(copy.root, copy.firstCommit()))));
    copy.reset();
  }
  return proofs;
}

function show(proof: Proof): Proof {
  console.log(`${proof.result === 'red' ? '✔' : proof.result === 'missed' ? '✖' : '–'} ${proof.gate}: ${proof.subject} (${(proof.ms / 1000).toFixed(1)} s)${proof.result === 'red' ? '' : ` ${proof.detail}`}`);
  return proof;
}

interface Ordinary {
  readonly changes: readonly { readonly change: string; readonly by: string }[];
  /** Of each gate. */
  readonly ms: ReadonlyMap<string, number>;
}

/** All of them in one copy, since each leaves the others' places alone; what is blocked is named by its files. */
async function proveOrdinary(gates: readonly NamedGate[], copy: ThrowAway): Promise<Ordinary> {
  const changes = ordinaryChanges(root);
  const blocked: { change: string; by: string }[] = [];
  for (const change of changes) {
    try {
      copy.apply(change);
    } catch (error) {
      blocked.push({ change: change.file, by: error instanceof Error ? error.message : String(error) });
    }
  }
  const state = readTreeState(copy.root, copy.firstCommit());
  const ms = new Map<string, number>();
  // A gate only reads, so that they share the copy.
  await inCopies(Array.from({ length: availableParallelism() }, () => copy), gates, async (gate) => {
    const verdict = await judgeGate(gate, surroundingsOf(copy, state));
    ms.set(gate.name, verdict.ms);
    for (const { file, line, rule, message } of verdict.findings) {
      const change = changes.find(({ diff }) => diff.includes(` b/${file}\n`));
      blocked.push({ change: change?.file ?? 'none of them alone', by: `${gate.name}/${rule} in ${file}:${line ?? 0}: ${message}` });
    }
    console.log(`${verdict.status === 'fail' ? '✖' : '·'} ${gate.name} with ${changes.length} ordinary changes: ${verdict.status}`);
  });
  copy.reset();
  const results = changes.map(({ file }) => ({ change: file, by: blocked.filter(({ change }) => change === file).map(({ by }) => by).join('; ') })).concat(blocked.filter(({ change }) => !changes.some(({ file }) => file === change)));
  return { changes: results, ms };
}

function report(gates: readonly NamedGate[], baseline: readonly Baseline[], seeds: readonly Seed[], caught: readonly Proof[], closed: readonly Proof[], benign: readonly { readonly change: string; readonly by: string }[], isWhole: boolean): number {
  const ran = caught.filter(({ result }) => result !== 'not run');
  const classes = new Set(seeds.filter((_, index) => caught[index]?.result === 'red').map(({ patch }) => patch.header.get('Class')));
  const problems = [
    ...baseline.filter(({ verdict }) => verdict.status === 'fail').map(({ verdict: { gate } }) => `${gate} is red without a defect`),
    ...baseline.filter(({ verdict, isExcused }) => isCi && verdict.status === 'not run' && !isExcused).map(({ verdict: { gate, reason } }) => `${gate} was not run, so that nothing about it is proven: ${reason}`),
    ...caught.filter(({ result }) => result === 'missed').map(({ gate, subject, detail }) => `${gate} missed ${subject}: ${detail}`),
    ...closed.filter(({ result }) => result === 'missed').map(({ gate, subject }) => `${gate} is green when ${subject}`),
    ...benign.filter(({ by }) => by !== '').map(({ change, by }) => `${change} was blocked: ${by}`),
    ...gates.filter((gate) => isUnderSeeded(gate, seeds)).map(({ name }) => `${name} has fewer than ${LEAST.ofGate} seeded defects`),
    ...(isWhole ? enough(ran.length, classes.size, benign.length) : []),
  ];
  const widths = [Math.max(...caught.map(({ subject }) => subject.length), 6), Math.max(...caught.map(({ gate }) => gate.length), 9)] as const;
  console.log(`\n${'defect'.padEnd(widths[0])}  ${'caught by'.padEnd(widths[1])}  seconds`);
  for (const { subject, gate, result, ms } of caught) console.log(`${subject.padEnd(widths[0])}  ${(result === 'red' ? gate : result === 'missed' ? `NOT by ${gate}` : `not run: ${gate}`).padEnd(widths[1])}  ${(ms / 1000).toFixed(1)}`);
  for (const { name, unseeded } of gates) if (unseeded !== undefined) console.log(`not seeded: ${name} (${unseeded})`);
  const isRed = ({ result }: Proof) => result === 'red';
  console.log(`\ndefects: ${caught.filter(isRed).length} of ${ran.length} caught, in ${classes.size} classes; ${caught.length - ran.length} not run
ways of failing: ${closed.filter(isRed).length} of ${closed.filter(({ result }) => result !== 'not run').length} are red
ordinary changes: ${benign.filter(({ by }) => by !== '').length} of ${benign.length} blocked`);
  for (const problem of problems) console.error(`✖ ${problem}`);
  mkdirSync(path.join(root, '.cache/gates'), { recursive: true });
  writeFileSync(path.join(root, '.cache/gates/proof.json'), `${JSON.stringify({ caught, closed, benign })}\n`);
  return problems.length > 0 ? 1 : 0;
}

/** A gate of every change has no reason to go without. */
function isUnderSeeded(gate: NamedGate, seeds: readonly Seed[]): boolean {
  return seeds.filter((seed) => seed.gate === gate).length < LEAST.ofGate && (gate.when === 'change' || gate.unseeded === undefined);
}

function enough(defects: number, classes: number, benign: number): readonly string[] {
  return [
    ...(defects < LEAST.defects ? [`${defects} defects were tried, fewer than ${LEAST.defects}`] : []),
    ...(classes < LEAST.classes ? [`they are of ${classes} classes, fewer than ${LEAST.classes}`] : []),
    ...(benign < LEAST.benign ? [`${benign} ordinary changes were tried, fewer than ${LEAST.benign}`] : []),
  ];
}
