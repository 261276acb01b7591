// Whether Dependabot looks after every lock file, image and workflow that is there, and waits before it takes what is new.
import path from 'node:path';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { type Finding, Unusable } from './gate.ts';

export const DEPENDABOT = '.github/dependabot.yml';

const Update = z.looseObject({
  'package-ecosystem': z.string(),
  directory: z.string().optional(),
  directories: z.array(z.string()).optional(),
  cooldown: z.looseObject({ 'default-days': z.int().optional() }).optional(),
  'open-pull-requests-limit': z.int().optional(),
});
const Config = z.looseObject({ version: z.literal(2), updates: z.array(Update).min(1) });
type Update = z.infer<typeof Update>;

/** Which ecosystem of Dependabot's reads a file (https://docs.github.com/en/code-security/reference/supply-chain-security/supported-ecosystems-and-repositories). */
const ECOSYSTEMS: readonly (readonly [file: RegExp, ...ecosystems: readonly string[]])[] = [
  [/(?:^|\/)package-lock\.json$/, 'npm'],
  [/(?:^|\/)go\.mod$/, 'gomod'],
  [/(?:^|\/)requirements[\w.-]*\.txt$/, 'pip', 'uv'],
  [/(?:^|\/)(?:Dockerfile[\w.-]*|[\w.-]+\.Dockerfile)$/, 'docker'],
  [/(?:^|\/)(?:docker-)?compose[\w.-]*\.ya?ml$/, 'docker-compose'],
  [/(?:^|\/)\.terraform\.lock\.hcl$/, 'terraform', 'opentofu'],
  [/^\.github\/workflows\/[^/]+\.ya?ml$/, 'github-actions'],
];
const NO_SOURCE = /^\.github\/gates\/(?:seeds|benign)\//;
const LEAST_DAYS = 7;

/** @throws Unusable */
function updatesOf(text: string): readonly Update[] {
  const document = parseDocument(text);
  const config = document.errors.length > 0 ? undefined : Config.safeParse(document.toJS());
  if (config?.success !== true) throw new Unusable(`${DEPENDABOT} has another form: ${config === undefined ? String(document.errors[0]?.message) : z.prettifyError(config.error)}`);
  return config.data.updates;
}

/** @throws Unusable */
export function uncovered(text: string, tree: readonly string[]): readonly Finding[] {
  const updates = updatesOf(text).filter((update) => update['open-pull-requests-limit'] !== 0);
  return tree.filter((file) => !NO_SOURCE.test(file)).flatMap((file): readonly Finding[] => {
    const [, ...ecosystems] = ECOSYSTEMS.find(([pattern]) => pattern.test(file)) ?? [/./];
    const folder = ecosystems[0] === 'github-actions' ? '/' : path.posix.join('/', path.posix.dirname(file));
    if (ecosystems.length === 0 || updates.some((update) => ecosystems.includes(update['package-ecosystem']) && reaches(update, folder))) return [];
    return [{ rule: 'not-updated', file, severity: 'error', message: `${DEPENDABOT} has no entry of ${ecosystems.join(' or ')} for ${folder}: what this file pins gets no security update.`, fix: `Add ${folder} to the directories of ${ecosystems[0] ?? ''} there.` }];
  });
}

function reaches({ directory, directories = [] }: Update, folder: string): boolean {
  return [...(directory === undefined ? [] : [directory]), ...directories].some((pattern) => path.posix.matchesGlob(folder, path.posix.join('/', pattern).replace(/(.)\/$/, '$1')));
}

/** @throws Unusable */
export function withoutCooldown(text: string): readonly Finding[] {
  return updatesOf(text).flatMap((update): readonly Finding[] => {
    const ecosystem = update['package-ecosystem'];
    const line = Math.max(1, text.split('\n').findIndex((each) => new RegExp(`package-ecosystem:\\s*["']?${ecosystem}\\b`).test(each)) + 1);
    return (update.cooldown?.['default-days'] ?? 0) >= LEAST_DAYS && update.cooldown?.['exclude'] === undefined ? [] : [{ rule: 'no-cooldown', file: DEPENDABOT, line, severity: 'error', message: `Updates of ${ecosystem} are proposed before they are ${LEAST_DAYS} days old.`, fix: `Write cooldown: { default-days: ${LEAST_DAYS} }, without exclude; security updates do not wait for it.` }];
  });
}
