// Runs the shell of a workflow's job as it is written, step by step, beside stand-ins for what it would call in the cloud.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { type Context, evaluate, interpolate, isTrue } from './expression.ts';

interface Step {
  readonly name?: string;
  readonly id?: string;
  readonly if?: string;
  readonly run?: string;
  readonly env?: Readonly<Record<string, string>>;
}

interface Job {
  readonly env?: Readonly<Record<string, string>>;
  readonly steps: readonly Step[];
}

export interface Ran {
  /** The step that failed, or undefined. */
  readonly failed: string | undefined;
  /** The shell steps whose `if` held, in their order, the one that failed among them. */
  readonly steps: readonly string[];
  /** `steps.plan.outputs.verdict` and the like. */
  readonly outputs: Context;
  readonly text: string;
}

export interface Place {
  /** Where the checkout is. */
  readonly workspace: string;
  /** Beside it; each job gets a folder of its own for what it keeps. */
  readonly scratch: string;
  /** Stand-ins, first on the PATH. */
  readonly programs: string;
  /** What the stand-ins read. */
  readonly environment: Readonly<Record<string, string>>;
}

/** An action (`uses`) is left out: what it would do (sign in, install) the caller has done. A job ends with the first step that fails. */
export function runJob(workflow: string, name: string, context: Context, place: Place): Ran {
  const job = (parse(readFileSync(workflow, 'utf8')) as { readonly jobs: Readonly<Record<string, Job>> }).jobs[name];
  if (job === undefined) throw new Error(`${workflow} has no job ${name}.`);
  const runner = mkdtempSync(join(place.scratch, 'runner-'));
  const ofJob = valuesOf(job.env, context);
  const outputs: Record<string, string> = {};
  const steps: string[] = [];
  let text = '';
  for (const step of job.steps) {
    const known = { ...context, ...outputs, ...Object.fromEntries(Object.entries(ofJob).map(([key, value]) => [`env.${key}`, value])) };
    if (step.run === undefined || !isTrue(step.if === undefined ? true : evaluate(step.if, known))) continue;
    const title = step.name ?? step.run;
    steps.push(title);
    const file = join(runner, `output-${steps.length}`);
    writeFileSync(file, '');
    // gates:allow code_avoids_known_weaknesses/command-injection until 2027-11-20: the steps are this repository's own, run by its tests, and values come by the environment
    const { status, stdout, stderr } = spawnSync('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', step.run], {
      cwd: place.workspace,
      encoding: 'utf8',
      env: {
        ...Object.fromEntries(['HOME', 'TMPDIR', 'LANG'].flatMap((each) => (process.env[each] === undefined ? [] : [[each, process.env[each]]]))),
        PATH: `${place.programs}:${process.env['PATH'] ?? ''}`,
        RUNNER_TEMP: runner,
        GITHUB_OUTPUT: file,
        GITHUB_STEP_SUMMARY: join(runner, 'summary.md'),
        GITHUB_EVENT_NAME: context['github.event_name'],
        GITHUB_REPOSITORY: context['github.repository'],
        GITHUB_RUN_ID: context['github.run_id'],
        GITHUB_RUN_ATTEMPT: '1',
        GITHUB_ACTOR: 'octocat',
        ...place.environment,
        ...ofJob,
        ...valuesOf(step.env, known),
      },
    });
    text += stdout + stderr;
    for (const line of readFileSync(file, 'utf8').split('\n').filter((each) => each !== '')) outputs[`steps.${step.id ?? ''}.outputs.${line.slice(0, line.indexOf('='))}`] = line.slice(line.indexOf('=') + 1);
    if (status !== 0) return { failed: title, steps, outputs, text };
  }
  return { failed: undefined, steps, outputs, text };
}

function valuesOf(env: Readonly<Record<string, string>> = {}, context: Context): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(env).map(([name, value]) => [name, interpolate(value, context)]));
}
