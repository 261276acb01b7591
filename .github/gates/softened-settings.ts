// What the settings of the gates' own tools take out of a verdict: each is named here with its reason, or a dated waiver stands beside it.
// Tested by waivers_are_dated.gate.test.ts: they are one claim.
import type { Finding } from './gate.ts';

interface Settings {
  readonly file: RegExp;
  /** The first group that matched is what is taken out. */
  readonly softens: RegExp;
  /** Each as often as it stands here. */
  readonly settled: readonly string[];
}

const SETTINGS: readonly Settings[] = [
  // It asks every stage for a last USER that is not root; image_runs_as_nonroot asks the one that ships.
  { file: /^\.github\/gates\/hadolint\.yaml$/, softens: /\b((?:DL|SC)\d{4})\b|^(failure-threshold|override|trustedRegistries|no-fail|disable-ignore-pragma: *false)/gm, settled: ['DL3002'] },
  { file: /^\.github\/gates\/checkov\.yaml$/, softens: /^([\w-]+):/gm, settled: ['compact'] },
  // Values are named there with a reason; a path, a commit or a rule as a whole can hold a real credential.
  { file: /^\.github\/gates\/gitleaks\.toml$/, softens: /^\s*(paths|commits|stopwords|disabledRules|useDefault\s*=\s*false)\b/gm, settled: [] },
  // The reasons stand beside each, and in decision 9.
  {
    file: /^eslint\.config\.[cm]?[jt]s$/,
    softens: /["']?([@\w/-]+)["']?\s*:\s*\[?\s*["'](?:off|warn)["']|["']([@\w/-]+)["']\s*:\s*\[?\s*[01]\b|(?<=\b(?:globalIgnores\(|ignores:\s*)\[[^\]]*)["']([^"'\n]+)["']/g,
    settled: ['node_modules/', '.data/', '.cache/', 'coverage/', 'app/bench/stacks/', 'security/detect-object-injection', 'security/detect-non-literal-fs-filename', 'security/detect-non-literal-regexp', 'security/detect-unsafe-regex', 'security/detect-child-process', 'no-script-url', 'no-console', 'no-restricted-syntax'],
  },
  { file: /(?:^|\/)tsconfig(?:\.[\w.-]+)?\.json$/, softens: /"((?:strict|no|exact|always|use)\w*)"\s*:\s*false/g, settled: [] },
];
const COMMENT = /^[ \t]*(?:#|\/\/).*$/gm;

export function softenedIn(file: string, text: string): readonly Finding[] {
  return SETTINGS.filter((settings) => settings.file.test(file)).flatMap(({ softens, settled }) => {
    const left = [...settled];
    const plain = text.replaceAll(COMMENT, (comment) => ' '.repeat(comment.length));
    return [...plain.matchAll(softens)].flatMap((match): readonly Finding[] => {
      const what = match.slice(1).find((group: string | undefined) => group !== undefined) ?? '';
      const known = left.indexOf(what);
      if (known >= 0) {
        left.splice(known, 1);
        return [];
      }
      const start = match.index + match[0].indexOf(what);
      return [{ rule: 'softened-setting', file, line: text.slice(0, start).split('\n').length, severity: 'error', message: `${what} takes something out of what is judged, without reason and end.`, fix: 'Remove it, and let single findings pass by a waiver beside them. Where it has to be, write above it: gates:allow waivers_are_dated/softened-setting until <YYYY-MM-DD>: <why it may be so>.' }];
    });
  });
}
