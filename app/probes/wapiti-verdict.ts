// Whether wapiti found nothing that is not explained, and really got to the pages and forms behind sign-in.
import { z } from 'zod';

const FindingSchema = z.object({ method: z.string(), path: z.string(), info: z.string(), parameter: z.string().nullish(), module: z.string() });
const GroupSchema = z.record(z.string(), z.array(FindingSchema));
const ReportSchema = z.object({ vulnerabilities: GroupSchema, anomalies: GroupSchema, additionals: GroupSchema, infos: z.object({ crawled_pages_nbr: z.number() }) });

export const ExplanationsSchema = z.array(
  z.strictObject({
    category: z.string().describe('Of the findings that it explains.'),
    info: z.string().describe('A regular expression for the whole of what is said of it.'),
    reason: z.string().min(20),
    expires: z.iso.date(),
  }),
);
export type Explanation = z.infer<typeof ExplanationsSchema>[number];

/** What the front saw pass. */
export interface Traffic {
  readonly requests: number;
  /** Forms that a handler took or refused for what was in them. */
  readonly formsHandled: number;
  /** Requests that the service was brought to send to the scanner's own host. */
  readonly callbacks: readonly string[];
  /** At the end the session still was one. */
  readonly signedIn: boolean;
}

export interface WapitiRun {
  readonly report: string;
  readonly said: string;
  readonly modules: readonly string[];
  readonly traffic: Traffic;
  readonly explanations: readonly Explanation[];
  /** yyyy-mm-dd */
  readonly today: string;
}

export interface CategoryRow {
  readonly category: string;
  readonly findings: number;
  readonly explained: number;
}

export interface WapitiVerdict {
  readonly pages: number;
  readonly categories: readonly CategoryRow[];
  readonly violations: readonly string[];
}

const LEAST_PAGES = 5;
const LEAST_REQUESTS = 500;

export function judgeWapitiRun({ report, said, modules, traffic, explanations, today }: WapitiRun): WapitiVerdict {
  const read = ReportSchema.safeParse(toJson(report));
  if (!read.success) return { pages: 0, categories: [], violations: [`no report: ${said.trim().split('\n').slice(-3).join(' ') || 'nothing was said'}`] };
  const { vulnerabilities, anomalies, additionals, infos } = read.data;
  const valid = explanations.filter(({ expires }) => expires >= today);
  const categories: CategoryRow[] = [];
  const violations: string[] = [];
  for (const [category, findings] of [vulnerabilities, anomalies, additionals].flatMap((group) => Object.entries(group))) {
    if (findings.length === 0) continue;
    const unexplained = findings.filter(({ info }) => !valid.some((each) => each.category === category && new RegExp(`^(?:${each.info})$`).test(info)));
    categories.push({ category, findings: findings.length, explained: findings.length - unexplained.length });
    violations.push(...unexplained.map(({ method, path, parameter, info }) => `${category}: ${method} ${path}${parameter ? ` ${parameter}` : ''}: ${info}`));
  }
  const launched = new Set([...said.matchAll(/Launching module (\w+)/g)].map(([, module]) => module));
  return {
    pages: infos.crawled_pages_nbr,
    categories,
    violations: [
      ...violations,
      ...traffic.callbacks.map((callback) => `the service sent a request to the scanner: ${callback}`),
      ...explanations.filter(({ expires }) => expires < today).map(({ category, expires }) => `the explanation of "${category}" expired on ${expires}`),
      ...modules.filter((module) => !launched.has(module)).map((module) => `the module ${module} did not run`),
      ...(infos.crawled_pages_nbr >= LEAST_PAGES ? [] : [`only ${infos.crawled_pages_nbr} pages were found`]),
      ...(traffic.requests >= LEAST_REQUESTS ? [] : [`only ${traffic.requests} requests were made`]),
      ...(traffic.formsHandled > 0 ? [] : ['no form got as far as a handler']),
      ...(traffic.signedIn ? [] : ['the session ended during the scan']),
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
