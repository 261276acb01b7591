// Has zizmor look for the known attacks on workflows, at its strictest and with no file's leave to ignore anything.
import { z } from 'zod';
import { type Finding, type Gate, type Output, parseJson, type Severity, type Tool, Unusable } from './gate.ts';

const zizmor: Tool = { set: 'python', program: 'zizmor' };
/** With findings the status is the highest severity: unknown, informational, low, medium, high. */
const FOUND = [10, 11, 12, 13, 14];

const Location = z.object({
  symbolic: z.object({ key: z.object({ Local: z.object({ verbatim_path: z.string().min(1) }) }), annotation: z.string(), kind: z.string() }),
  concrete: z.object({ location: z.object({ start_point: z.object({ row: z.int().nonnegative() }) }) }),
});
const Audits = z.array(z.object({ ident: z.string().min(1), desc: z.string().min(1), url: z.url(), determinations: z.object({ severity: z.string() }), locations: z.array(Location).min(1) }));

const severities: Readonly<Record<string, Severity>> = { High: 'error', Medium: 'error', Low: 'warning', Informational: 'note' };

export const gate: Gate = {
  claim: 'no workflow, composite action or update setting has a known weakness',
  why: 'Who takes over one run gets its token and secrets, and what it publishes: so began most supply-chain incidents from 2024 on.',
  remedy: 'Mend the line as the finding says; the page of the audit shows both forms. What must stay gets a waiver of the gates, since those of zizmor are not heard.',
  link: 'https://docs.zizmor.sh/audits/',
  tools: [zizmor],
  reads: /^\.github\/(?:workflows\/[^/]+|dependabot)\.ya?ml$|(?:^|\/)action\.ya?ml$/,
  scope: 'file',
  when: 'change',
  unparsable: { file: '.github/workflows/unparsable.yml', text: 'on: [push\njobs: {\n' },
  async check(context) {
    const { files } = context;
    const output = await context.run(zizmor, ['--offline', '--no-config', '--no-ignores', '--persona', 'pedantic', '--strict-collection', '--no-progress', '--color', 'never', '--format', 'json', ...files], { accept: [0, ...FOUND] });
    return findingsOf(output, files);
  },
};

/** @throws Unusable when the output is not that of a run over all of `files`. */
export function findingsOf({ status, stdout, stderr }: Output, files: readonly string[]): readonly Finding[] {
  const audits = Audits.safeParse(parseJson(stdout, 'zizmor'));
  if (!audits.success) throw new Unusable('zizmor printed another form');
  const judged = new Set([...stderr.matchAll(/\bcompleted (.+?)\s*$/gm)].map(([, file = '']) => slashed(file)));
  const unjudged = files.filter((file) => !judged.has(file));
  if (unjudged.length > 0) throw new Unusable(`zizmor did not judge ${unjudged.join(', ')}`);
  if (FOUND.includes(status) !== audits.data.length > 0) throw new Unusable(`zizmor ended with status ${status} and ${audits.data.length} findings`);
  return audits.data.flatMap(({ ident, desc, url, determinations, locations }) => {
    const primary = locations.find(({ symbolic }) => symbolic.kind === 'Primary') ?? locations[0];
    if (primary === undefined) return [];
    const { annotation, key } = primary.symbolic;
    return [{
      rule: ident,
      file: slashed(key.Local.verbatim_path),
      line: primary.concrete.location.start_point.row + 1,
      severity: severities[determinations.severity] ?? 'error',
      message: `${desc}: ${annotation}`,
      fix: fixes[ident] ?? `Change what is named here; ${url} shows a wrong and a right form.`,
    }];
  });
}

function slashed(file: string): string {
  return file.replaceAll('\\', '/').replace(/^\.\//, '');
}

/** For those that are met most: what to write instead. */
const fixes: Readonly<Record<string, string>> = {
  'artipacked': 'Add `persist-credentials: false` below `with:` of actions/checkout.',
  'anonymous-definition': 'Give it a `name:`.',
  'bot-conditions': 'Compare github.event.pull_request.user.login, which the last one who pushed can not choose, not github.actor.',
  'cache-poisoning': 'Switch the cache off in this workflow: what it publishes must be built from the commit alone.',
  'concurrency-limits': 'Add `concurrency:` with a group and `cancel-in-progress`.',
  'dangerous-triggers': 'Start it by pull_request, or on push to main or by a schedule what needs the right to write.',
  'dependabot-cooldown': 'Add `cooldown: { default-days: 7 }` to the ecosystem.',
  'excessive-permissions': 'Write `permissions: {}` at the top, and in each job the scopes that it needs.',
  'github-env': 'Pass the value on by GITHUB_OUTPUT, or as an argument.',
  'hardcoded-container-credentials': 'Give the password by `${{ secrets.NAME }}`.',
  'insecure-commands': 'Remove ACTIONS_ALLOW_UNSECURE_COMMANDS, and write to GITHUB_OUTPUT instead.',
  'overprovisioned-secrets': 'Name the one secret that the step needs: `${{ secrets.NAME }}`.',
  'secrets-inherit': 'Name the secrets that the called workflow needs, below `secrets:`.',
  'self-hosted-runner': 'Use a runner of GitHub, which is thrown away after the job.',
  'template-injection': 'Give the value by `env:` of the step and write "$NAME" in the script.',
  'undocumented-permissions': 'Say in a comment on the same line what the scope is for.',
  'unpinned-images': 'Write name:tag@sha256:… with the digest of that tag.',
  'unpinned-uses': 'Write owner/action@<full commit> # vX.Y.Z, or docker://name@sha256:….',
  'unredacted-secrets': 'Store each field as a secret of its own: a part of a secret is not masked.',
  'use-trusted-publishing': 'Publish by the identity of the run (`id-token: write`), without a token that lasts.',
};
