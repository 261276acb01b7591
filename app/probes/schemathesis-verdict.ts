// Whether a run of schemathesis found nothing, and looked at all there is.
import { z } from 'zod';

const ReportSchema = z.object({
  stop_reason: z.string(),
  complete: z.boolean(),
  operations: z.object({ total: z.number(), selected: z.number(), tested: z.number(), errored: z.number() }),
  phases: z.record(z.string(), z.object({ status: z.string(), skip_reason: z.string().nullable() })),
  test_cases: z.object({ generated: z.number(), unique_failures: z.number(), errored: z.number() }),
  failures: z.array(z.object({ code: z.string(), title: z.string(), count: z.number(), operations: z.array(z.string()) })),
  errors: z.array(z.unknown()),
});

export interface SchemaRun {
  /** As whom. */
  readonly name: string;
  readonly report: string;
  /** What the tool said at its end. */
  readonly said: string;
  /** Operations that are left out, with their reasons in the proof. */
  readonly leftOut: number;
  /** As what a documented operation must be run at the least. */
  readonly leastCases: number;
}

export interface SchemaVerdict {
  readonly name: string;
  readonly operations: string;
  readonly cases: number;
  readonly violations: readonly string[];
}

/** There are no examples where the document has none; the others find something to do in every document. */
const OPTIONAL_PHASES: ReadonlySet<string> = new Set(['examples']);

export function judgeSchemaRun({ name, report, said, leftOut, leastCases }: SchemaRun): SchemaVerdict {
  const read = ReportSchema.safeParse(toJson(report));
  if (!read.success) return { name, operations: '–', cases: 0, violations: [`no report: ${said.trim().split('\n').slice(-3).join(' ') || 'nothing was said'}`] };
  const { operations, phases, test_cases: cases, failures, errors, complete, stop_reason: stopReason } = read.data;
  const skipped = Object.entries(phases).filter(([phase, { skip_reason: reason }]) => reason !== null && !OPTIONAL_PHASES.has(phase));
  return {
    name,
    operations: `${operations.tested} of ${operations.total}`,
    cases: cases.generated,
    violations: [
      ...failures.map(({ code, title, count, operations: where }) => `${code} ${title}, ${count} times: ${where.join(', ')}`),
      ...(failures.reduce((sum, { count }) => sum + count, 0) === cases.unique_failures ? [] : [`${cases.unique_failures} failures, of which fewer are shown`]),
      ...(errors.length + operations.errored + cases.errored === 0 ? [] : [`${errors.length} errors of the tool: ${JSON.stringify(errors).slice(0, 300)}`]),
      ...(complete ? [] : [`the run was not complete: ${stopReason}`]),
      ...(operations.tested === operations.total - leftOut ? [] : [`${operations.tested} operations were tested, expected all ${operations.total} but ${leftOut}`]),
      ...skipped.map(([phase, { skip_reason: reason }]) => `${phase} was skipped: ${reason ?? ''}`),
      ...(cases.generated >= leastCases ? [] : [`only ${cases.generated} cases, expected ${leastCases}`]),
    ],
  };
}

function toJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
