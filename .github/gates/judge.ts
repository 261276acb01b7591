// Judges one gate: what it reads, its tools, its findings, the waivers; whatever keeps it from a verdict is red or "not run".
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { NamedGate } from './find.ts';
import type { Finding, GateContext, Tool } from './gate.ts';
import { accepted, installedOf, locate, runTool } from './tools.ts';
import type { TreeState } from './tree-state.ts';
import { applyWaivers, readWaivers, SIDECAR } from './waivers.ts';

export interface Verdict {
  readonly gate: string;
  readonly claim: string;
  readonly status: 'pass' | 'fail' | 'not run';
  /** Why it was not run; empty otherwise. */
  readonly reason: string;
  readonly findings: readonly Finding[];
  readonly ms: number;
}

export interface Surroundings {
  readonly root: string;
  readonly state: TreeState;
  /** The folder of the installed tools. */
  readonly tools: string;
  readonly environment: GateContext['environment'];
  readonly now: number;
  /** Stands between a gate and its tools: the proof records their output there, and spoils it. */
  readonly run?: typeof runTool;
  /** Likewise for where a tool is. */
  readonly locate?: typeof locate;
}

export async function judgeGate(gate: NamedGate, surroundings: Surroundings): Promise<Verdict> {
  const start = performance.now();
  const { status, reason = '', findings = [] } = await verdictOf(gate, surroundings);
  return { gate: gate.name, claim: gate.claim, status, reason, findings, ms: Math.round(performance.now() - start) };
}

interface Outcome {
  readonly status: Verdict['status'];
  readonly reason?: string;
  readonly findings?: readonly Finding[];
}

async function verdictOf(gate: NamedGate, surroundings: Surroundings): Promise<Outcome> {
  const { root, state, tools, environment, now } = surroundings;
  const find = surroundings.locate ?? locate;
  const missing = gate.hindrance?.(environment) ?? gate.tools.map((tool) => (find(tool, tools) === undefined ? howToGet(tool) : undefined)).find((reason) => reason !== undefined);
  if (missing !== undefined) return notRun(gate, missing);
  const all = state.files.filter((file) => gate.reads.test(file));
  if (all.length === 0) return fail([unusable(gate, 'It found no file that it judges.')]);
  const files = filesToJudge(gate, state, all);
  if (files.length === 0) return { status: 'pass' };
  const scratch = mkdtempSync(path.join(tmpdir(), 'gate-'));
  const run = surroundings.run ?? runTool;
  const context: GateContext = {
    root, files, scratch, now, environment,
    tree: state.files,
    read: (file) => readFileSync(path.join(root, file), 'utf8'),
    installed: (tool) => installedOf(tool, tools),
    run: async (tool, parameters, options = {}) => accepted(tool.program, await run(find(tool, tools) ?? tool.program, parameters, root, options), options.accept),
  };
  try {
    const findings = await gate.check(context);
    return fail(applyWaivers(gate.name, findings, readWaivers(withSidecars(files, state), context.read), now));
  } catch (error) {
    return fail([unusable(gate, error instanceof Error ? error.message : String(error))]);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Whether a change can have changed the verdict. Without a base, everything counts. */
export function isTouched(gate: NamedGate, { changed }: TreeState): boolean {
  return changed?.some((file) => (gate.scope !== 'history' && gate.reads.test(file)) || isSetting(gate, file)) ?? true;
}

function filesToJudge(gate: NamedGate, { changed }: TreeState, all: readonly string[]): readonly string[] {
  if (changed === undefined || changed.some((file) => isSetting(gate, file))) return all;
  const touched = new Set(changed);
  if (gate.scope === 'file') return all.filter((file) => touched.has(file));
  return gate.scope === 'tree' && changed.some((file) => gate.reads.test(file)) ? all : [];
}

/** A gate that reads lock files does not read the waivers beside them, but they hold for it. */
function withSidecars(files: readonly string[], state: TreeState): readonly string[] {
  const judged = new Set(files);
  return [...files, ...state.files.filter((file) => file.endsWith(SIDECAR) && !judged.has(file) && judged.has(file.slice(0, -SIDECAR.length)))];
}

function isSetting(gate: NamedGate, file: string): boolean {
  return file === gate.source || (gate.settings?.test(file) ?? false);
}

function notRun(gate: NamedGate, reason: string): Outcome {
  return { status: 'not run', reason: gate.standIn === undefined ? `${reason}; nothing stands in for it` : `${reason}; ${gate.standIn}` };
}

function fail(findings: readonly Finding[]): Outcome {
  return { status: findings.length > 0 ? 'fail' : 'pass', findings };
}

function unusable(gate: NamedGate, message: string): Finding {
  return { rule: 'unusable', file: gate.source, severity: 'error', message: `No verdict: ${message}`, fix: 'Make the gate able to judge again; until then its claim is not checked.' };
}

/** Of osv and Scorecard, no gate of every change has need. */
const SETUPS: Readonly<Partial<Record<Tool['set'], string>>> = { packages: 'npm ci', osv: 'npm run gates:setup -- --all', scorecard: 'npm run gates:setup -- --all' };

export function howToGet(tool: Tool, platform: NodeJS.Platform = process.platform): string {
  if (tool.set === 'python' && platform === 'win32') return `${tool.program} has no build for Windows (use WSL, or let CI run this gate)`;
  if (tool.set === 'machine') return `${tool.program} is not installed (${tool.get})`;
  return `${tool.program} is not installed (${SETUPS[tool.set] ?? 'npm run gates:setup'})`;
}
