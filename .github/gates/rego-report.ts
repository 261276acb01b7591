// What opa says of the policies, as findings: its checks, its formatter, its tests and what they reach.
import { z } from 'zod';
import { type Finding, parseJson, Unusable } from './gate.ts';

const Location = z.object({ file: z.string(), row: z.int() });
const Errors = z.object({ errors: z.array(z.object({ message: z.string(), code: z.string(), location: Location })).min(1) });
const Tests = z.array(z.object({ location: Location, name: z.string(), fail: z.boolean().optional(), skip: z.boolean().optional(), error: z.unknown().optional() }));
const Coverage = z.object({ files: z.record(z.string(), z.object({ not_covered: z.array(z.object({ start: z.object({ row: z.int() }) })).optional() })), coverage: z.number() });

/**
 * `opa check` and `opa fmt` say nothing when all is well, as does a program that did nothing. So they are given a file besides that
 * they have to complain about: of types, which is the last thing that they look at, and of its form.
 */
export const CANARY = 'package canary\n\nx   :=   1 + "a"\n';

function parse<T>(schema: z.ZodType<T>, output: string, command: string): T {
  const read = schema.safeParse(parseJson(output, command));
  if (!read.success) throw new Unusable(`${command} printed another form: ${z.prettifyError(read.error)}`);
  return read.data;
}

export function findingsOfCheck(output: string, canary: string): readonly Finding[] {
  const { errors } = parse(Errors, output, 'opa check');
  return errors
    .filter(({ location }) => location.file !== canary)
    .map(({ message, code, location: { file, row } }) =>
      /undefined function/.test(message)
        ? { rule: 'policy-is-not-pure', file, line: Math.max(row, 1), severity: 'error' as const, message: `${message}: there is no such function, or it reaches out of the policy.`, fix: 'A policy decides by its input and data alone: hand it what it needs instead of fetching it, or mend the name.' }
        : { rule: code.replaceAll('_', '-'), file, line: Math.max(row, 1), severity: 'error' as const, message, fix: 'Mend what the compiler says on that line; `opa check --strict policies` shows it again.' },
    );
}

export function findingsOfFormat(output: string, canary: string): readonly Finding[] {
  const files = output.split('\n').map((line) => line.trim()).filter((line) => line !== '');
  if (!files.includes(canary)) throw new Unusable('opa fmt did not look at the files');
  return files.filter((file) => file !== canary).map((file) => ({ rule: 'unformatted', file, severity: 'note', message: 'It is not written as opa fmt writes it.', fix: `Run \`opa fmt --write ${file}\`.` }));
}

export function findingsOfTests(output: string, testFiles: readonly string[]): readonly Finding[] {
  const tests = parse(Tests, output, 'opa test');
  const missed = testFiles.find((file) => !tests.some(({ location }) => location.file === file));
  if (missed !== undefined) throw new Unusable(`opa test ran nothing of ${missed}`);
  return tests.flatMap(({ location: { file, row }, name, fail, skip, error }): readonly Finding[] => {
    if (fail === true || error !== undefined) return [{ rule: 'test-failed', file, line: row, severity: 'error', message: `${name} fails.`, fix: 'Mend the policy, or the test if what it asks for is wrong; `opa test --verbose policies` shows what it saw.' }];
    return skip === true ? [{ rule: 'test-skipped', file, line: row, severity: 'warning', message: `${name} is not run.`, fix: 'Finish the test and take `todo_` from its name, or remove it.' }] : [];
  });
}

export function findingsOfCoverage(output: string, files: readonly string[]): readonly Finding[] {
  const { files: covered, coverage } = parse(Coverage, output, 'opa test --coverage');
  const missed = files.find((file) => covered[file] === undefined);
  if (missed !== undefined) return [{ rule: 'line-not-tested', file: missed, severity: 'error', message: 'No test reaches anything in it.', fix: `Write ${missed.replace(/(?:_test)?\.rego$/, '_test.rego')} with a case for each answer.` }];
  const findings = Object.entries(covered).flatMap(([file, { not_covered: ranges = [] }]): readonly Finding[] => {
    const lines = [...new Set(ranges.map(({ start }) => start.row))].toSorted((one, other) => one - other);
    return lines[0] === undefined ? [] : [{ rule: 'line-not-tested', file, line: lines[0], severity: 'error', message: `No test reaches line ${lines.join(', ')}.`, fix: 'Add cases to the test beside it in which they decide, or remove them.' }];
  });
  if (findings.length === 0 && coverage !== 100) throw new Unusable(`opa test reaches ${coverage} %, and does not say what is missing`);
  return findings;
}
