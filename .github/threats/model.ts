// The threat model as data: elements, the flows between them, and what answers each threat. A feature's part lies in its folder.
import { z } from 'zod';
import { matching, type Tree } from '../rules/tree.ts';

/** STRIDE per element (Hernan, Lambert, Ostwald and Shostack, Uncover Security Design Flaws Using the STRIDE Approach, 2006). */
const LETTERS = { external: 'SR', process: 'STRIDE', store: 'TID', record: 'TRID', flow: 'TID' } as const;

export const STRIDE: Readonly<Record<string, string>> = { S: 'Spoofing', T: 'Tampering', R: 'Repudiation', I: 'Information disclosure', D: 'Denial of service', E: 'Elevation of privilege' };

const id = z.string().regex(/^[a-z][a-z0-9-]*$/);
const sentence = z.string().min(10).max(400);

const answerSchema = z.union([
  z.strictObject({ test: z.string(), name: z.string().min(12) }),
  z.strictObject({ policy: z.string(), name: z.string() }),
  z.strictObject({ rule: z.string().min(12) }),
  z.strictObject({ gate: z.string().startsWith('npm run ') }),
  z.strictObject({ transferred: sentence, to: id }),
  z.strictObject({ accepted: sentence, decides: z.string().min(3) }),
  z.strictObject({ open: sentence }),
]);

const threatSchema = z.strictObject({ id: z.string().regex(/^[STRIDE]\d$/), threat: sentence, answers: z.array(answerSchema).min(1) });

const elementSchema = z.strictObject({
  id,
  kind: z.enum(['external', 'process', 'store']),
  name: z.string(),
  zone: id,
  what: sentence,
  routes: z.array(z.string().regex(/^(?:GET|POST|PUT|PATCH|DELETE) \/\S*$/)).default([]),
  /** Mounted where no feature, or only where a feature, asks for it. */
  sometimes: z.array(z.string().regex(/^(?:GET|POST|PUT|PATCH|DELETE) \/\S*$/)).default([]),
  /** Who gets past the door of its routes; what they may do inside is the policy's. */
  admits: z.enum(['anybody', 'who is known']).optional(),
  tables: z.array(z.string()).default([]),
  /** Programs beside the service itself. */
  commands: z.array(z.string()).default([]),
  record: z.boolean().default(false),
  threats: z.array(threatSchema),
});

const flowSchema = z.strictObject({
  id,
  /** From each, to which. */
  paths: z.record(id, z.array(id).min(1)),
  carries: sentence,
  protocol: z.string(),
  authentication: z.string(),
  encryption: z.string(),
  /** `<file>: <what connects there>`, as outbound.ts finds it. */
  connects: z.array(z.string()).default([]),
  /** Settings that name the other side. */
  settings: z.array(z.string()).default([]),
  threats: z.array(threatSchema),
});

const partSchema = z.strictObject({
  zones: z.array(z.strictObject({ id, name: z.string() })).default([]),
  elements: z.array(elementSchema).default([]),
  flows: z.array(flowSchema).default([]),
  /** What looks like a way out and is none. */
  quiet: z.array(z.strictObject({ code: z.string(), reason: sentence })).default([]),
  /** Of every package that production loads, the exports by which it connects: none, some, or `*`. */
  packages: z.record(z.string(), z.array(z.string())).default({}),
});

export type Answer = z.infer<typeof answerSchema>;
export type Threat = z.infer<typeof threatSchema>;
export type Element = z.infer<typeof elementSchema>;
export type Flow = z.infer<typeof flowSchema>;
export type Status = 'mitigated' | 'transferred' | 'accepted' | 'open';

export interface Part extends z.infer<typeof partSchema> {
  readonly path: string;
  /** Undefined for the platform's. */
  readonly feature: string | undefined;
}

export interface Model {
  readonly parts: readonly Part[];
  readonly problems: readonly string[];
}

/** Trees don't change. */
const read = new WeakMap<Tree, Model>();

export function readModel(tree: Tree): Model {
  const known = read.get(tree);
  if (known) return known;
  const found = matching(tree, /^(?:\.github\/threats\/[a-z-]+|app\/features\/[^/]+\/threats)\.json$/).map(([path, text]) => readPart(path, text));
  const model = { parts: found.flatMap(({ part }) => (part ? [part] : [])), problems: found.flatMap(({ problems }) => problems) };
  read.set(tree, model);
  return model;
}

function readPart(path: string, text: string): { readonly part?: Part; readonly problems: readonly string[] } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { problems: [`${path}: ${String(error)}`] };
  }
  const parsed = partSchema.safeParse(value);
  if (!parsed.success) return { problems: parsed.error.issues.map((issue) => `${path}: ${issue.path.join('.')}: ${issue.message}`) };
  return { part: { ...parsed.data, path, feature: featureOf(path) }, problems: [] };
}

export const featureOf = (path: string): string | undefined => /^app\/features\/([^/]+)\//.exec(path)?.[1];

/** Elements and flows alike, with what their kind demands. */
export interface Threatened {
  readonly part: Part;
  readonly id: string;
  readonly name: string;
  readonly letters: string;
  readonly threats: readonly Threat[];
}

export function threatened(parts: readonly Part[]): readonly Threatened[] {
  return parts.flatMap((part) => [
    ...part.elements.map(({ id: own, name, kind, record, threats }) => ({ part, id: own, name, letters: LETTERS[record ? 'record' : kind], threats })),
    ...part.flows.map((flow) => ({ part, id: flow.id, name: flow.id, letters: LETTERS.flow, threats: flow.threats })),
  ]);
}

/** What is left of the threat: a test may answer a part of it, and somebody accept the rest. */
export function statusOf({ answers }: Threat): Status {
  if (answers.some((answer) => 'open' in answer)) return 'open';
  if (answers.some((answer) => 'accepted' in answer)) return 'accepted';
  return answers.some((answer) => 'transferred' in answer) ? 'transferred' : 'mitigated';
}

export function pairsOf({ paths }: Pick<Flow, 'paths'>): readonly (readonly [from: string, to: string])[] {
  return Object.entries(paths).flatMap(([from, targets]) => targets.map((to) => [from, to] as const));
}
