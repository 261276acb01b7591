// Looks at every waiver of a gate, and for the ways in which a tool is told to look away without one.
import { posix } from 'node:path';
import { findGates, type NamedGate } from './find.ts';
import type { Finding, Gate } from './gate.ts';
import { softenedIn } from './softened-settings.ts';
import { SIDECAR } from './waivers.ts';

const LONGEST_DAYS = 366;
const FEWEST_WORDS = 3;
const DAY_MS = 86_400_000;

export const gate: Gate = {
  claim: 'every finding that is let pass has a reason and a last day, and no tool is told otherwise to look away',
  why: 'What is let pass for now stays for ever unless it has an end, and a scanner that is silenced by its own comment reports success.',
  remedy: 'Mend what the tool found, or write beside it: gates:allow <gate>/<rule> until <YYYY-MM-DD>: <why it may be so>.',
  link: 'https://owaspsamm.org/model/verification/security-testing/stream-a/',
  tools: [],
  reads: /./,
  settings: /\.gate\.ts$|^\.github\/gates\/softened-settings\.ts$/,
  scope: 'file',
  when: 'change',
  async check({ root, files, read, now }) {
    const gates = await findGates(root);
    return files.flatMap((file) => [...faultsOfName(file), ...softenedIn(file, read(file)), ...faultsIn(file, read(file), gates, now)]);
  },
};

/** What silences a tool, as that tool reads it: anywhere in a line. */
const SUPPRESSIONS: readonly (readonly [string, RegExp])[] = [
  ['semgrep', /(?<![\w-])nosem(?:grep)?(?![\w-])/i],
  ['checkov', /(?:checkov|bridgecrew|cortex):\s*skip/i],
  ['hadolint', /hadolint\s+(?:global\s+)?ignore\s*=/i],
  ['zizmor', /zizmor:\s*ignore/i],
  ['gitleaks', /gitleaks:\s*allow/i],
  ['trivy or tfsec', /(?:trivy|tfsec):\s*ignore/i],
  ['KICS', /kics-scan\s+(?:ignore|disable)/i],
  ['a scanner', /#\s*nosec\b/i],
  ['shellcheck', /shellcheck\s+disable/i],
  ['regal', /regal\s+ignore/i],
  ['c8, v8 or istanbul', /\b(?:c8|v8|istanbul)\s+ignore/i],
];
/** The gates and their tests name what they look for. In a gate, a comment is a comment all the same. */
const NAMES_SUPPRESSIONS = /^\.github\/gates\/[\w/-]+\.gate(?:\.test)?\.ts$/;
const COMMENT = /(?:^|\s)(?:\/\/|\/?\*)/;
/** Seeds are patches: what is in them takes effect nowhere. */
const SEED = /^\.github\/gates\/(?:seeds|benign)\//;

/** Files by which a tool is told to look away from others; what is in those that a gate itself hands to its tool is judged. */
const IGNORE_FILE = /^(?:\.(?:gitleaks|semgrep|trivy|eslint)ignore(?:\.ya?ml)?|\.?(?:checkov|hadolint|zizmor)\.ya?ml|\.tfsec|\.snyk|\.nsprc|osv-scanner\.toml|\.?gitleaks\.toml)$/;

const HANDED_OVER = new Set(['checkov.yaml', 'gitleaks.toml', 'hadolint.yaml'].map((name) => `.github/gates/${name}`));

function faultsOfName(file: string): readonly Finding[] {
  if (HANDED_OVER.has(file) || SEED.test(file) || !IGNORE_FILE.test(posix.basename(file))) return [];
  return [{ rule: 'ignore-file', file, severity: 'error', message: 'This file tells a tool what not to look at, or not to report, without reason and end.', fix: 'Delete it, and let pass what has to be by waivers (gates:allow) beside it.' }];
}

/** Of the core and its tests, whose waivers are of gates that there are not. */
const NAMES_WAIVERS = /^\.github\/gates\/(?:waivers\.ts|softened-settings\.ts|waivers_are_dated\.gate\.ts|[\w-]+(?:\.gate)?\.test\.ts)$/;
/** Documents say `gates:allow <gate>/<rule>`, or the two words alone as code. */
const WAIVER = /gates?[:-]\s*allow\b(?! *<|`)(.*)/i;
const FORM = /^ ([\w-]+)\/(\S+) until (\d{4}-\d{2}-\d{2}): (\S.*)$/;

export function faultsIn(file: string, text: string, gates: readonly NamedGate[], now: number): readonly Finding[] {
  if (SEED.test(file)) return [];
  return text.split('\n').flatMap((content, index) => {
    const place = { file, line: index + 1, severity: 'error' } as const;
    const isNamed = NAMES_SUPPRESSIONS.test(file) && (file.endsWith('.test.ts') || !COMMENT.test(content));
    const tool = isNamed ? undefined : SUPPRESSIONS.find(([, pattern]) => pattern.test(content))?.[0];
    const silenced = tool === undefined ? [] : [{ ...place, rule: 'foreign-suppression', message: `A comment silences ${tool}, past the gates.`, fix: 'Remove it and mend what was found, or write gates:allow <gate>/<rule> until <YYYY-MM-DD>: <why it may be so>.' }];
    const waiver = NAMES_WAIVERS.test(file) ? undefined : WAIVER.exec(content);
    return [...silenced, ...(waiver ? faultsOf(waiver, file, gates, now).map((fault) => ({ ...place, ...fault })) : [])];
  });
}

type Fault = Pick<Finding, 'rule' | 'message' | 'fix'>;

function faultsOf([whole, rest = '']: RegExpExecArray, file: string, gates: readonly NamedGate[], now: number): readonly Fault[] {
  const [, name = '', , until = '', reason = ''] = (whole.startsWith('gates:allow ') ? FORM.exec(rest) : null) ?? [];
  if (name === '') return [{ rule: 'waiver-form', message: 'This waiver is not read, and lets nothing pass.', fix: 'Write gates:allow <gate>/<rule> until <YYYY-MM-DD>: <why it may be so>, on one line.' }];
  return [...faultsOfGate(name, file, gates), ...faultsOfDate(until, now), ...faultsOfReason(reason)];
}

function faultsOfGate(name: string, file: string, gates: readonly NamedGate[]): readonly Fault[] {
  const waived = gates.find((each) => each.name === name);
  if (waived === undefined) return [{ rule: 'waiver-gate', message: `There is no gate ${name}.`, fix: `Name the gate that found it: ${gates.map((each) => each.name).join(', ')}.` }];
  const judged = file.endsWith(SIDECAR) ? file.slice(0, -SIDECAR.length) : file;
  return waived.reads.test(judged) ? [] : [{ rule: 'waiver-gate', message: `The gate ${name} does not judge ${judged}, so that nobody would notice when this waiver ends.`, fix: 'Put it beside what was found, or remove it.' }];
}

function faultsOfDate(until: string, now: number): readonly Fault[] {
  const day = Date.parse(`${until}T00:00:00Z`);
  if (Number.isNaN(day) || new Date(day).toISOString().slice(0, 10) !== until) return [{ rule: 'waiver-date', message: `There is no day ${until}.`, fix: 'Write a day of the calendar, as YYYY-MM-DD.' }];
  if (day > now + LONGEST_DAYS * DAY_MS) return [{ rule: 'waiver-date', message: `${until} is more than a year ahead.`, fix: 'Choose a day within a year; whoever is there then decides anew.' }];
  return [];
}

function faultsOfReason(reason: string): readonly Fault[] {
  const words = reason.replace(/\s*(?:\*\/|-->)\s*$/, '').split(/\s+/).filter((word) => /\p{L}/u.test(word));
  return words.length >= FEWEST_WORDS ? [] : [{ rule: 'waiver-reason', message: `"${reason.trim()}" is no reason that somebody else could judge.`, fix: 'Say in a sentence why this may be so until then.' }];
}
