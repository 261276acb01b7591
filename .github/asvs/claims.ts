// What the repository says of each requirement of the ASVS, found by its place: a chapter of the platform, or a feature's own.
import { z } from 'zod';
import { matching, type Tree } from '../rules/tree.ts';

const edit = { control: z.string().min(1), find: z.string().min(1), replace: z.string() };
const removal = z.strictObject({
  /** The file whose tests cite the requirement. */
  test: z.string().regex(/\.test\.ts$/),
  /** The text of the control, which occurs in its file once, and what stands there when the control is gone. */
  ...edit,
  /** Where one defence stands behind another: what goes with it. */
  and: z.array(z.strictObject(edit)).min(1).optional(),
});
const sentence = z.string().regex(/\S \S+ \S/, 'is not a sentence');

const claim = z.discriminatedUnion('by', [
  z.strictObject({ by: z.literal('test'), removals: z.array(removal).min(1) }),
  /** A command that `.ci/run` runs, or `path.test.ts: name` for a rule of this repository. */
  z.strictObject({ by: z.literal('gate'), gate: z.string().min(1), why: sentence }),
  /** `says` occurs in the document. */
  z.strictObject({ by: z.literal('document'), document: z.string().min(1), why: sentence, says: z.string().optional() }),
  /** `absent` is a pattern that no line of the service and its manifest matches: the reason ends with the first one that does. */
  z.strictObject({ by: z.literal('not applicable'), reason: sentence, absent: z.string().optional() }),
  z.strictObject({ by: z.literal('open'), reason: sentence }),
]);
const claims = z.record(z.string(), claim);
const requirements = z.array(z.strictObject({ id: z.string(), level: z.literal([1, 2, 3]), chapter: z.string(), text: z.string() }));

export type Claim = z.infer<typeof claim>;
export type Removal = z.infer<typeof removal>;
export type Requirement = z.infer<typeof requirements>[number];
export interface Loaded {
  readonly requirements: readonly Requirement[];
  /** One a requirement; a requirement that nobody has looked at has none. */
  readonly claims: ReadonlyMap<string, Claim>;
  /** Which file says it, so that what was seen is kept beside it. */
  readonly removals: readonly { readonly id: string; readonly from: string; readonly removal: Removal }[];
  readonly problems: readonly string[];
}

export const REQUIREMENTS = '.github/asvs/requirements.json';
const claimFiles = /^(?:\.github\/asvs\/claims\/v\d\d|app\/features\/[^/]+\/asvs(?:-v\d\d)?)\.json$/;

export function loadClaims(tree: Tree): Loaded {
  const known = requirements.parse(JSON.parse(tree.get(REQUIREMENTS) ?? '[]'));
  const ids = new Set(known.map(({ id }) => id));
  const found = new Map<string, Claim>();
  const removals: Loaded['removals'][number][] = [];
  const problems: string[] = [];
  // The platform's are first in the order of paths, so that a feature's come on top.
  for (const [path, text] of matching(tree, claimFiles).toSorted(([a], [b]) => a.localeCompare(b))) {
    const parsed = claims.safeParse(JSON.parse(text));
    if (!parsed.success) problems.push(...parsed.error.issues.map(({ path: where, message }) => `${path} ${where.join('.')}: ${message}`));
    for (const [id, stated] of Object.entries(parsed.data ?? {})) {
      const before = found.get(id);
      if (!ids.has(id)) problems.push(`${path} ${id}: the standard has no such requirement`);
      else if (!path.startsWith('app/') && !isOfChapter(path, id)) problems.push(`${path} ${id}: belongs to another chapter's file`);
      else if (before && !gives(before, stated)) problems.push(`${path} ${id}: says "${stated.by}" where another file says "${before.by}"`);
      else if (!before || before.by !== stated.by) found.set(id, stated);
      else if (before.by === 'test' && stated.by === 'test') found.set(id, { by: 'test', removals: [...before.removals, ...stated.removals] });
      if (stated.by === 'test') removals.push(...stated.removals.map((each) => ({ id, from: path, removal: each })));
    }
  }
  return { requirements: known, claims: found, removals, problems };
}

const isOfChapter = (path: string, id: string): boolean => Number(/v(\d\d)\.json$/.exec(path)?.[1]) === Number(id.split('.')[0]);

/** Tests of a feature join those of the platform, and what a feature brings is not missing any more. */
function gives(before: Claim, stated: Claim): boolean {
  return before.by === 'not applicable' || before.by === 'open' || (before.by === 'test' && stated.by === 'test');
}

/** Every text that a removal replaces. */
export function editsOf(each: Removal): readonly { readonly control: string; readonly find: string; readonly replace: string }[] {
  return [each, ...(each.and ?? [])].map(({ control, find, replace }) => ({ control, find, replace }));
}

/** What is sent at the service by its tests names much that it does not have. */
const service = /^(?:app\/(?!testing\/|bench\/|probes\/|attacks\/).*(?<!\.test|\.proof|-corpus)\.(?:ts|sql|json)|package\.json)$/;

/** What the claims name and the tree does not have. */
export function brokenClaims(tree: Tree, { claims: stated, removals }: Loaded): readonly string[] {
  return [...removals.flatMap(({ id, from, removal: each }) => brokenRemoval(tree, each, from).map((problem) => `${id}: ${problem}`)), ...[...stated].flatMap(([id, each]) => brokenWords(tree, each).map((problem) => `${id}: ${problem}`))];
}

function brokenRemoval(tree: Tree, each: Removal, from: string): readonly string[] {
  const feature = /^app\/features\/[^/]+\//.exec(from)?.[0];
  const files = [each.test, ...editsOf(each).map(({ control }) => control)];
  return [
    ...(tree.has(each.test) ? [] : [`there is no ${each.test}`]),
    ...editsOf(each).flatMap(({ control, find, replace }) => {
      const times = (tree.get(control) ?? '').split(find).length - 1;
      if (find === replace) return [`the removal in ${control} changes nothing`];
      return times === 1 ? [] : [`"${find}" occurs ${times} times in ${control}`];
    }),
    // With the feature's folder its claims go, and the platform's must hold without it.
    ...files.filter((file) => file.startsWith('app/features/') && (feature === undefined || !file.startsWith(feature))).map((file) => `${from} must not name ${file}, of a feature`),
  ];
}

function brokenWords(tree: Tree, each: Claim): readonly string[] {
  if (each.by === 'document') {
    const text = tree.get(each.document);
    if (text === undefined) return [`there is no ${each.document}`];
    return text.includes(each.says ?? '') ? [] : [`${each.document} does not say "${each.says ?? ''}"`];
  }
  if (each.by !== 'not applicable' || each.absent === undefined) return [];
  const pattern = new RegExp(each.absent, 'i');
  return matching(tree, service).flatMap(([path, text]) => (!/\/asvs(?:[.-][a-z\d-]+)*\.json$/.test(path) && pattern.test(text) ? [`is said not to apply, but ${path} matches ${each.absent}`] : []));
}
