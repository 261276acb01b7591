// Has Prometheus' own tool read its configuration and its rules, and run the rules' tests.
import { type Finding, type Gate, type Output, type Tool, Unusable } from './gate.ts';
import { KeptFinding, Verdicts } from './verdicts.ts';

const promtool: Tool = { set: 'machine', program: 'promtool', get: 'apt-get install prometheus, brew install prometheus, or the promtool of a release of Prometheus' };
const FOLDER = 'observability/prometheus/';
const OWN = '.github/gates/prometheus_rules_are_valid.gate.ts';

/** What a file is, by its name. */
const KINDS = [
  { named: /\.test\.ya?ml$/, command: ['test', 'rules'], rule: 'rule-test-failed', fix: 'Compare what the test expects with what the rule gives, as shown, and mend the one that is wrong.' },
  { named: /(?:^|\/)prometheus\.ya?ml$/, command: ['check', 'config', '--lint=all', '--lint-fatal'], rule: 'configuration-invalid', fix: 'Mend what promtool names; Prometheus would not start, or keep its old configuration without a word.' },
  { named: /(?:)/, command: ['check', 'rules', '--lint=all', '--lint-fatal'], rule: 'rule-invalid', fix: 'Mend the rule that promtool names; Prometheus would load none of this file.' },
] as const;
const [PASSED, FAILED, LINT_FAILED] = [0, 1, 3];

export const gate: Gate = {
  claim: 'Prometheus can load its configuration and rules, and the tests of the rules pass',
  why: 'A rule that does not parse takes every rule of its file along, and an alert that can not fire is noticed when it should have.',
  remedy: 'Each finding has what promtool says; the tests of rules are `*.test.yaml` beside them.',
  link: 'https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/',
  part: 'observability/',
  tools: [promtool],
  reads: /^observability\/prometheus\/.*\.ya?ml$/,
  scope: 'tree',
  when: 'change',
  unparsable: { file: `${FOLDER}seeded.yaml`, text: 'groups: [\n' },
  async check({ run, files, installed, now, read, root }) {
    const kept = new Verdicts(root, { name: 'prometheus', form: KeptFinding, judge: [installed(promtool) || String(now), read(OWN)] });
    // Tests in virtual time take half a minute. The files name one another, so that a verdict is about all of them.
    const text = JSON.stringify(files.map((file) => [file, read(file)]));
    const known = kept.of(FOLDER, text);
    if (known !== undefined) return known;
    const outputs = await Promise.all(files.map(async (file) => ({ file, output: await run(promtool, [...kindOf(file).command, file], { accept: [PASSED, FAILED, LINT_FAILED] }) })));
    const findings = outputs.flatMap(({ file, output }) => findingsOf(file, output));
    kept.add(FOLDER, text, findings);
    await kept.keep([FOLDER]);
    return findings;
  },
};

function kindOf(file: string): (typeof KINDS)[number] {
  return KINDS.find(({ named }) => named.test(file)) ?? KINDS[2];
}

/** After a configuration promtool goes through each file of rules that it found there. */
function isWhole(said: string): boolean {
  const files = /\bSUCCESS: (\d+) rule files found/.exec(said)?.[1];
  return files === undefined || (said.includes('is valid prometheus config') && [...said.matchAll(/\bSUCCESS: \d+ rules found/g)].length === Number(files));
}

/** @throws Unusable when promtool says neither that it is good nor what is bad */
export function findingsOf(file: string, { status, stdout, stderr }: Output): readonly Finding[] {
  const said = stderr.slice(stderr.indexOf('FAILED:')).replace('FAILED:', '').trim();
  if (status === PASSED) {
    if (!stdout.includes(file) || !/\bSUCCESS\b/.test(stdout) || !isWhole(stdout) || /\bFAILED\b/.test(stderr)) throw new Unusable(`promtool did not say that ${file} is good`);
    // No rule is no verdict on rules.
    if (/\bSUCCESS: 0 rules found/.test(stdout)) return [{ rule: 'rule-invalid', file, severity: 'error', message: 'It has no rule.', fix: 'Write its rules, or remove the file.' }];
    return [];
  }
  if (!stderr.includes('FAILED:') || said === '') throw new Unusable(`promtool ended with status ${status} over ${file}: ${stderr.trim()}`);
  const { rule, fix } = kindOf(file);
  const line = /:\s*(?:line )?(\d+)(?::\d+)?:/.exec(said)?.[1];
  return [{ rule, file, ...(line === undefined ? {} : { line: Number(line) }), severity: 'error', message: said, fix }];
}
