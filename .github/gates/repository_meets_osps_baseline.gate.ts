// Looks for what shows each control of the OSPS Baseline that files can show.
import { protectionFindings, RULESET } from './branch-protection.ts';
import type { Finding, Gate } from './gate.ts';
import { CONTROLS, type Control } from './osps-controls.ts';
import { DEPENDABOT, uncovered } from './update-coverage.ts';

/** What nobody can review. The compiled access policy is compared with its source by policies_are_sound. */
const BINARY = /\.(?:exe|dll|so|dylib|a|o|obj|bin|com|msi|jar|war|class|pyc|node|wasm|zip|tar|t?gz|t?bz2|xz|7z|rar|dmg|deb|rpm|apk|iso|img)$/i;
const REVIEWED = new Set(['app/access/access.wasm']);

export const gate: Gate = {
  claim: 'the repository shows every control of the OSPS Baseline, up to level 3, that files can show',
  why: 'Who depends on this has to see how it is governed, released and mended, before something goes wrong.',
  remedy: 'Put back, or write, what the finding names. What no file can show is listed with the reason in .github/gates/osps-controls.ts.',
  link: 'https://baseline.openssf.org/versions/2026-08-28',
  tools: [],
  reads: /./,
  settings: /^\.github\/gates\/(?:osps-controls|branch-protection|update-coverage)\.ts$/,
  scope: 'tree',
  when: 'change',
  check({ tree, read }) {
    return Promise.resolve([...CONTROLS.flatMap((control) => missing(control, tree, read)), ...binaries(tree), ...(tree.includes(RULESET) ? protectionFindings(read(RULESET)) : []), ...updates(tree, read)]);
  },
};

export function missing({ id, shownBy }: Control, tree: readonly string[], read: (file: string) => string): readonly Finding[] {
  return shownBy.flatMap(({ in: where, says, wanted }) => {
    const files = tree.filter((file) => where.test(file));
    const silent = files.length === 0 ? [nameOf(where)] : files.filter((file) => !says.test(read(file).replaceAll('\r\n', '\n')));
    return silent.map((file): Finding => ({ rule: id, file, severity: 'warning', message: files.length === 0 ? 'The file is missing.' : `It lacks ${wanted}.`, fix: `Write ${wanted}; https://baseline.openssf.org/versions/2026-08-28#${id.split('.')[0]?.toLowerCase() ?? ''} says what for.` }));
  });
}

/** OSPS-DO-06.01: how dependencies are tracked is said in GOVERNANCE.md, and this is what does it. */
function updates(tree: readonly string[], read: (file: string) => string): readonly Finding[] {
  return tree.includes(DEPENDABOT) ? uncovered(read(DEPENDABOT), tree) : [{ rule: 'not-updated', file: DEPENDABOT, severity: 'error', message: 'The file is missing: nothing that is pinned gets a security update.', fix: 'Bring it back, with an entry for each lock file.' }];
}

/** The path that a pattern of one file means. */
function nameOf(pattern: RegExp): string {
  return pattern.source.replaceAll(/[\\^$?]/g, '').replace('[/]+', '*').replace('.yaml', '.yml');
}

export function binaries(tree: readonly string[]): readonly Finding[] {
  return tree
    .filter((file) => BINARY.test(file) && !REVIEWED.has(file))
    .map((file) => ({ rule: 'OSPS-QA-05.02', file, severity: 'error', message: 'Nobody can review a binary, and no clone gets rid of it again.', fix: 'Take it out of the history, and get it by a package with a hash, or build it from source.' }));
}
