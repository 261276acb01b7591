// Records what a gate's tools printed, and plays it back spoiled: killed, failed, silent, cut off, with an error of its own.
import { type Output, Unusable } from './gate.ts';
import type { runTool } from './tools.ts';

type Run = typeof runTool;

export interface Spoiled {
  /** Which call, and how it was spoiled. */
  readonly way: string;
  readonly run: Run;
}

/** The folder of scratch files is another one each time. */
function keyOf(file: string, parameters: readonly string[]): string {
  return JSON.stringify([file, ...parameters]).replaceAll(/gate-[A-Za-z0-9]{6}/g, 'gate');
}

export function recordRuns(run: Run): { readonly run: Run; readonly outputs: ReadonlyMap<string, Output> } {
  const outputs = new Map<string, Output>();
  return {
    outputs,
    run: async (file, parameters, root, options) => {
      // Whatever the status: the gate's own list decides what it accepts.
      const output = await run(file, parameters, root, { ...options, accept: Array.from({ length: 256 }, (_, status) => status) });
      outputs.set(keyOf(file, parameters), output);
      return output;
    },
  };
}

/** Each of the recorded calls spoiled in each way, while the others answer as they did. */
export function spoiledRuns(outputs: ReadonlyMap<string, Output>): readonly Spoiled[] {
  return [...outputs].flatMap(([key, output], index) =>
    waysOf(output).map(([way, spoil]): Spoiled => ({
      way: `${way}${outputs.size > 1 ? ` (call ${index + 1} of ${outputs.size})` : ''}`,
      run: (file, parameters) => {
        const called = keyOf(file, parameters);
        if (called === key) return Promise.try(spoil);
        const recorded = outputs.get(called);
        return recorded === undefined ? Promise.reject(new Unusable(`${file} was not called so before`)) : Promise.resolve(recorded);
      },
    })),
  );
}

/** Where a report says what the tool itself could not do: semgrep's, Checkov's. */
const OWN_ERRORS: Readonly<Record<string, unknown>> = { errors: { code: 3, level: 'error', type: 'Fatal error', message: 'internal error', path: 'package.json' }, parsing_errors: 'package.json' };

function withOwnError(stdout: string): string | undefined {
  try {
    const report: unknown = JSON.parse(stdout);
    const spoiled = JSON.stringify(report, (key, value: unknown) => (Array.isArray(value) && Object.hasOwn(OWN_ERRORS, key) ? [...(value as readonly unknown[]), OWN_ERRORS[key]] : value));
    return spoiled === JSON.stringify(report) ? undefined : spoiled;
  } catch {
    return undefined;
  }
}

function waysOf(output: Output): readonly (readonly [string, () => Output])[] {
  const { stdout } = output;
  const erring = withOwnError(stdout);
  return [
    ['the tool is killed', () => { throw new Unusable('the tool was ended by SIGKILL'); }],
    ['the tool fails', () => ({ status: 70, stdout: '', stderr: 'internal error' })],
    // One that says nothing when all is well can't be told from one that did nothing.
    ...(stdout === '' ? [] : [['the tool prints nothing', () => ({ ...output, status: 0, stdout: '', stderr: '' })] as const, ['its report is cut off', () => ({ ...output, stdout: stdout.slice(0, Math.floor(stdout.length / 2)) })] as const]),
    ...(erring === undefined ? [] : [['its report tells an error of its own', () => ({ ...output, status: 0, stdout: erring })] as const]),
  ];
}
