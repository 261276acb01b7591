// The controls of the OSPS Baseline, version 2026-08-28, up to level 3: what in the repository shows each, or why no file can.

export interface Evidence {
  /** Which files have to say it; where several match, each of them has to. */
  readonly in: RegExp;
  readonly says: RegExp;
  /** What is missing when none does, and so what to write. */
  readonly wanted: string;
}

export interface Control {
  readonly id: string;
  readonly shownBy: readonly Evidence[];
}

const SECURITY = /^\.github\/SECURITY\.md$/;
const GOVERNANCE = /^\.github\/GOVERNANCE\.md$/;
const CONTRIBUTING = /^\.github\/CONTRIBUTING\.md$/;
const CHANGELOG = /^\.github\/CHANGELOG\.md$/;
const README = /^README\.md$/;
const RULESET = /^\.github\/ruleset\.json$/;
const WORKFLOWS = /^\.github\/workflows\/[^/]+\.ya?ml$/;
const RELEASE = /^\.github\/workflows\/release\.ya?ml$/;
const MANIFEST = /^package\.json$/;

const control = (id: string, ...shownBy: readonly [RegExp, RegExp, string][]): Control => ({ id, shownBy: shownBy.map(([where, says, wanted]) => ({ in: where, says, wanted })) });

export const CONTROLS: readonly Control[] = [
  control('OSPS-AC-03.01', [RULESET, /"enforcement":\s*"active"[^]*"type":\s*"pull_request"/, 'an active ruleset for the default branch with the rule pull_request'], [RULESET, /"bypass_actors":\s*\[\s*\]/, 'an empty list of bypass_actors']),
  control('OSPS-AC-03.02', [RULESET, /"type":\s*"deletion"/, 'the rule deletion, so that the default branch can not be deleted'], [RULESET, /"type":\s*"non_fast_forward"/, 'the rule non_fast_forward, so that its history can not be rewritten']),
  control('OSPS-AC-04.01', [WORKFLOWS, /^permissions: *(?:\{\}|read-all) *(?:#.*)?$/m, '`permissions: {}` at the top']),
  control('OSPS-BR-02.01', [RELEASE, /^ +tags: *(?:\[ *['"]?v|\n +- *['"]?v)/m, 'a release that begins with a tag of a version'], [MANIFEST, /"version":\s*"\d+\.\d+\.\d+/, 'a version']),
  control('OSPS-BR-02.02', [RELEASE, /digest/i, 'the digest of what is released']),
  control('OSPS-BR-03.01', [README, /^(?![^]*\]\(http:\/\/(?!127\.0\.0\.1|localhost))/, 'links by https alone'], [SECURITY, /^(?![^]*\]\(http:\/\/)/, 'links by https alone']),
  control('OSPS-BR-04.01', [CHANGELOG, /^## \d{4}-\d{2}-\d{2}/m, 'dated entries of what changed, those of security marked']),
  control('OSPS-BR-05.01', [WORKFLOWS, /^(?![^]*\bnpm (?:install|i|add)\b)/, 'installs by `npm ci` alone']),
  control('OSPS-BR-06.01', [RELEASE, /\bcosign sign\b/, 'a signature of the image'], [RELEASE, /uses: *actions\/attest/, 'attested provenance']),
  control('OSPS-BR-07.01', [/^\.github\/gates\/secrets_stay_out\.gate\.ts$/, /gitleaks/, 'a gate that looks for credentials'], [/^\.gitignore$/, /^\.env$/m, 'a line `.env`']),
  control('OSPS-BR-07.02', [GOVERNANCE, /^## Secrets of the project\n[^]*rotated/m, 'the section "Secrets of the project": where they are kept, who reaches them, when they are rotated']),
  control('OSPS-DO-01.01', [README, /^## Run it$/m, 'the section "Run it"']),
  control('OSPS-DO-02.01', [GOVERNANCE, /\bissues\b/, 'where a defect is reported']),
  control('OSPS-DO-03.01', [GOVERNANCE, /^cosign verify /m, 'the command that verifies a release']),
  control('OSPS-DO-03.02', [GOVERNANCE, /--certificate-identity \S+release\.yml/, 'the identity that signs releases']),
  control('OSPS-DO-04.01', [SECURITY, /^## Support period$/m, 'the section "Support period"']),
  control('OSPS-DO-05.01', [SECURITY, /Supported until:/, '"Supported until:", with a month']),
  control('OSPS-DO-06.01', [GOVERNANCE, /\*\*Selected\*\*[^]*\*\*obtained\*\*[^]*\*\*tracked\*\*/, 'how dependencies are selected, obtained and tracked']),
  control('OSPS-DO-07.01', [CONTRIBUTING, /^npm ci$/m, 'the commands that build it']),
  control('OSPS-GV-01.01', [/^\.github\/CODEOWNERS$/, /^\*\s+@/m, 'an owner of every file'], [GOVERNANCE, /^## Roles and access$/m, 'the section "Roles and access"']),
  control('OSPS-GV-01.02', [GOVERNANCE, /^\| role \| does \|/m, 'what each role does']),
  control('OSPS-GV-02.01', [GOVERNANCE, /discussed in the issues/, 'where changes are discussed in public']),
  control('OSPS-GV-03.01', [CONTRIBUTING, /^## A change$/m, 'the section "A change"']),
  control('OSPS-GV-03.02', [CONTRIBUTING, /^## Add a test$/m, 'what a contribution has to bring']),
  control('OSPS-GV-04.01', [GOVERNANCE, /\*\*Before somebody gets more rights\*\*/, 'how people are looked at before they get more rights']),
  control('OSPS-LE-02.01', [/^LICENSE$/, /^(?:MIT License|Apache License|BSD |ISC License|Mozilla Public License|GNU )/m, 'a licence that the OSI approves of'], [MANIFEST, /"license":\s*"(?:MIT|Apache-2\.0|BSD-[23]-Clause|ISC|MPL-2\.0|[AL]?GPL-[23]\.0-(?:only|or-later))"/, 'its SPDX name']),
  control('OSPS-QA-02.01', [MANIFEST, /"dependencies":/, 'the direct dependencies'], [/^package-lock\.json$/, /"lockfileVersion":/, 'the lock file']),
  control('OSPS-QA-02.02', [RELEASE, /\bsbom\b/i, 'a bill of materials of what is released']),
  control('OSPS-QA-03.01', [RULESET, /"type":\s*"required_status_checks"[^]*"context":\s*"gates"/, 'the required status checks, gates among them']),
  control('OSPS-QA-06.01', [/^\.github\/workflows\/check\.ya?ml$/, /^ {2}pull_request:/m, 'pull_request among what starts it'], [/^\.github\/workflows\/check\.ya?ml$/, /\bnpm test\b/, '`npm test`']),
  control('OSPS-QA-06.02', [CONTRIBUTING, /^\| `npm test` \|/m, 'when and how tests run']),
  control('OSPS-QA-06.03', [GOVERNANCE, /\*\*A change of behaviour comes with a test\*\*/, 'that changes come with tests']),
  control('OSPS-QA-07.01', [RULESET, /"required_approving_review_count":\s*[1-9]/, 'at least one approval'], [RULESET, /"require_last_push_approval":\s*true/, 'that the last push is approved by somebody else']),
  control('OSPS-SA-01.01', [/^\.github\/THREATS\.md$/, /^## Processes$/m, 'actors and actions'], [CONTRIBUTING, /^## How the code is laid out$/m, 'the design']),
  control('OSPS-SA-02.01', [README, /\/openapi\.json/, 'where the interfaces are described']),
  control('OSPS-SA-03.01', [/^\.github\/ASVS\.md$/, /\bOWASP\b/, 'the assessment']),
  control('OSPS-SA-03.02', [/^\.github\/THREATS\.md$/, /^# Threat model$/m, 'the threat model']),
  control('OSPS-VM-01.01', [SECURITY, /Answer within: \S+/, 'within which time a report is answered']),
  control('OSPS-VM-02.01', [SECURITY, /Contact: \S+/, 'a security contact']),
  control('OSPS-VM-03.01', [SECURITY, /Report in private:/, 'how to report in private']),
  control('OSPS-VM-04.01', [GOVERNANCE, /security advisories/, 'where vulnerabilities are published']),
  control('OSPS-VM-04.02', [GOVERNANCE, /\bOpenVEX\b/, 'how what can not be exploited is stated']),
  control('OSPS-VM-05.01', [GOVERNANCE, /\*\*Known vulnerabilities\*\*:[^]*within \d+ days/, 'until when known vulnerabilities are mended']),
  control('OSPS-VM-05.02', [GOVERNANCE, /\*\*Nothing is released\*\*/, 'that no release has such a finding']),
  control('OSPS-VM-05.03', [/^\.github\/workflows\/gates\.ya?ml$/, /^ {2}pull_request:/m, 'pull_request among what starts it']),
  control('OSPS-VM-06.01', [GOVERNANCE, /^## Weaknesses in the code$/m, 'until when weaknesses are mended']),
  control('OSPS-VM-06.02', [/^\.github\/workflows\/gates\.ya?ml$/, /npm run gates\b/, '`npm run gates`']),
];

/** What no file of the repository shows, and where to look. */
export const ELSEWHERE: Readonly<Record<string, string>> = {
  'OSPS-AC-01.01': 'the second factor is a setting of the organisation',
  'OSPS-AC-02.01': 'base permissions are a setting of the organisation',
  'OSPS-AC-04.02': 'zizmor and policies/github judge the permissions of each job',
  'OSPS-BR-01.01': 'zizmor and policies/github look for what gets into a command',
  'OSPS-BR-01.03': 'zizmor and policies/github look for checkouts of strangers beside secrets',
  'OSPS-BR-01.04': 'zizmor and policies/github look for what gets into a command',
  'OSPS-BR-03.02': 'registries are reached by TLS alone; lock_file_is_whole looks at their addresses',
  'OSPS-LE-01.01': 'the sign-off on commits is a setting of the repository',
  'OSPS-LE-02.02': 'the licence of the image is that of the source',
  'OSPS-LE-03.01': 'shown with OSPS-LE-02.01',
  'OSPS-LE-03.02': 'the licence of the image is that of the source',
  'OSPS-QA-01.01': 'whether the repository is public is a setting',
  'OSPS-QA-01.02': 'whether the repository is public is a setting',
  'OSPS-QA-04.01': 'there is one repository',
  'OSPS-QA-04.02': 'there is one repository',
  'OSPS-QA-05.01': 'judged by name: no executable in the tree',
  'OSPS-QA-05.02': 'judged by name: no archive or binary in the tree',
};
