// Names, line endings, tests beside the code, and what a file may not have in it.
import { posix } from 'node:path';
import { sourcesOf } from './imports.ts';
import { linesThat, matching, type Rule, type Tree } from './tree.ts';

/** Names that the tools and GitHub prescribe. */
const prescribedNames = /^(?:[A-Z]+(?:\.md)?|Dockerfile|\.[a-z]+[a-z.-]*)$/;
const kebab = /^\.?[a-z0-9]+(?:[.-][a-z0-9]+)*$/;
const snake = /^[a-z0-9]+(?:[_.][a-z0-9]+)*$/;
const migration = /^\d{4}_[a-z0-9]+(?:_[a-z0-9]+)*\.sql$/;
const vague = /(?:^|[-_.])(?:utils?|helpers?|common|managers?|misc)(?:[-_.]|$)/;

function isWellNamed(path: string): boolean {
  const name = posix.basename(path);
  if (posix.dirname(path).endsWith('/migrations')) return migration.test(name);
  if (/\.(?:rego|tf|hcl|gate\.ts)$/.test(name)) return snake.test(name);
  return prescribedNames.test(name) || kebab.test(name) || /^\d{4}-[a-z0-9-]+\.md$/.test(name);
}

/** `// Tested by board.test.ts: …` in the header names the test of a file that has none beside it. */
const testedBy = /^\/\/ Tested by (\S+\.(?:test|proof)\.ts)\b/m;

function lacksTest(tree: Tree, path: string): boolean {
  // What is in app/testing runs in every test that uses it.
  if (!/^app\/(?!testing\/).*\.ts$/.test(path) || /\.(?:test|proof|d)\.ts$/.test(path)) return false;
  if (sourcesOf(tree).get(path)?.hasLogic !== true || tree.has(path.replace(/\.ts$/, '.test.ts'))) return false;
  const named = testedBy.exec(tree.get(path) ?? '')?.[1];
  return named === undefined || !tree.has(posix.join(posix.dirname(path), named));
}

/** The rules have in them, as seeds, what they look for. */
const ruleText = /^\.github\/rules\//;
const machinePath = /(?<![\w.-])\/(?:work|root|home|Users)\/[\w.]/;

const outsideTheRules = (tree: Tree) => [...tree].filter(([path]) => !ruleText.test(path));

const sampleWord = /inventory/i;
const mayNameTheSample = /^(?:app\/features\/inventory\/|README\.md$|\.github\/rules\/files\.ts$)/;

const waiver = /\b(?:eslint-disable|@ts-expect-error|@ts-ignore|checkov:skip|nosemgrep|hadolint ignore|zizmor: ignore|gitleaks:allow)/;
/** Three words at least, after the directive. */
const reasoned = /(?:--|:|#)\s*\S+(?:\s+\S+){2,}/;
/** A lint waiver that is not needed any more is an error of ESLint's own; a scanner never tells. */
const scannerWaiver = /checkov:skip|nosemgrep|hadolint ignore|zizmor: ignore|gitleaks:allow/;
const expiry = /\buntil (\d{4}-\d{2}-\d{2})\b/;

function waiverProblem(line: string, today: string): string | undefined {
  if (!reasoned.test(line.slice(line.search(waiver)))) return 'has no reason';
  const date = expiry.exec(line)?.[1];
  if (date === undefined) return scannerWaiver.test(line) ? 'has no expiry date ("until YYYY-MM-DD")' : undefined;
  return date < today ? 'has expired' : undefined;
}

const lint = '// eslint-disable-next-line';

export const fileRules: readonly Rule[] = [
  {
    claim: 'every logic file in app/ has its test beside it, or names the test that covers it',
    violations: (tree) => [...tree.keys()].filter((path) => lacksTest(tree, path)),
    refuses: {
      'app/live/hub.ts': 'export const hub = () => 1;',
      'app/live/sse.ts': '// Streams.\n// Tested by gone.test.ts: it is not there.\nexport class Sse {}',
      'app/main.ts': 'start();',
    },
    allows: {
      'app/live/hub.ts': 'export const hub = () => 1;',
      'app/live/hub.test.ts': '',
      'app/live/sse.ts': '// Streams.\n// Tested by hub.test.ts: both are one protocol.\nexport function sse() {}',
      'app/live/tables.ts': "import { type X } from './x.d.ts';\nexport interface Tables { readonly x: X; read(): X }\nexport const LIMIT = 10 * 60;",
    },
  },
  {
    claim: 'files are named in kebab-case; Rego, Terraform and gates in snake_case; migrations NNNN_what.sql',
    violations: (tree) => [...tree.keys()].filter((path) => !isWellNamed(path)),
    refuses: {
      'app/requestId.ts': '',
      'app/request_id.ts': '',
      'app/Live.ts': '',
      'app/data/migrations/1_x.sql': '',
      '.github/gates/no-root.gate.ts': '',
    },
    allows: {
      'app/request-id.ts': '',
      'README.md': '',
      '.ci/run': '',
      'package-lock.json': '',
      '.env.example': '',
      'app/data/migrations/0001_sessions.sql': '',
      'policies/access/stock_moves.rego': '',
      '.github/decisions/0001-node-runs-typescript.md': '',
    },
  },
  {
    claim: 'a name says what is in it: no utils, helpers, common or manager',
    violations: (tree) => [...tree.keys()].filter((path) => path.split('/').some((part) => vague.test(part))),
    refuses: { 'app/lib/utils.ts': '', 'app/common/x.ts': '', 'app/live/session-manager.ts': '', 'app/test-helpers.ts': '' },
    allows: { 'app/management.ts': '', 'app/lib/html.ts': '', 'app/commonmark.ts': '' },
  },
  {
    claim: 'text files have LF line endings and end with one',
    violations: (tree) => [...tree].filter(([, text]) => text.includes('\r') || (text !== '' && !text.endsWith('\n'))).map(([path]) => path),
    refuses: { 'a.md': 'one\r\ntwo\r\n', 'b.md': 'one' },
    allows: { 'a.md': 'one\ntwo\n', 'empty.md': '' },
  },
  {
    // Of a test, the names of its cases say it.
    claim: 'every source file begins with a sentence that says what it is',
    violations: (tree) =>
      matching(tree, /(?:(?<!\.test)\.ts|\.js|\.sql|\.css|\.rego|\.tf|\.ci\/run)$/)
        .filter(([, text]) => !/^(?:#!.*\n)?(?:\/\/|\/\*|--|#(?!!)) ?\S+ \S+/.test(text))
        .map(([path]) => path),
    refuses: { 'app/a.ts': "import { b } from './b.ts';\n", 'app/data/migrations/0001_a.sql': 'create table a ();\n', '.ci/run': '#!/usr/bin/env bash\nset -e\n' },
    allows: { 'app/a.ts': '// What a is for.\n', 'app/a.test.ts': "import 'node:test';\n", 'app/data/migrations/0001_a.sql': '-- Where a is kept.\n', '.ci/run': '#!/usr/bin/env bash\n# What CI runs.\n' },
  },
  {
    claim: 'only main, the commands and the tests read the environment or end the process',
    violations: (tree) =>
      matching(tree, /^app\/(?!main\.ts$|testing\/).*(?<!\.command|\.test|\.proof)\.ts$/).flatMap((file) => linesThat(/\bprocess\s*\.\s*(?:env|exit)\b|\{[^}]*\b(?:env|exit)\b[^}]*\}\s*=\s*process\b|from 'node:process'/, file)),
    refuses: {
      'app/config.ts': 'const port = process.env.PORT;',
      'app/server.ts': 'process.exit(1);',
      'app/live/hub.ts': 'const { env } = process;',
      'app/live/sse.ts': "import { env } from 'node:process';",
    },
    allows: { 'app/main.ts': 'start(process.env);', 'app/identity/token.command.ts': 'process.exit(1);', 'app/config.ts': 'parse(env); process.exitCode = 1;' },
  },
  {
    claim: 'no file names a path of the machine that it was written on',
    violations: (tree) => outsideTheRules(tree).flatMap((file) => linesThat(machinePath, file)),
    refuses: { 'README.md': 'See /work/clone/app/main.ts' },
    allows: { 'README.md': 'See https://example.org/work/paper, ./work/x and `npm --prefix ../root/y`' },
  },
  {
    claim: 'the sample is named only in its folder and where the README says how to delete it',
    violations: (tree) => [...tree].filter(([path]) => !mayNameTheSample.test(path)).flatMap((file) => linesThat(sampleWord, file)),
    refuses: { 'app/server.ts': "mount('/inventory');", '.github/CONTRIBUTING.md': 'Copy INVENTORY.' },
    allows: { 'README.md': 'Delete inventory.', 'app/features/inventory/feature.ts': "export const title = 'Inventory';" },
  },
  {
    claim: 'every waiver has a reason, one for a scanner an expiry date too, and no date is past',
    violations: (tree) => {
      const today = new Date().toISOString().slice(0, 10);
      return outsideTheRules(tree)
        .filter(([path]) => !path.endsWith('.md'))
        .flatMap((file) => linesThat(waiver, file))
        .map((line) => [line, waiverProblem(line, today)] as const)
        .flatMap(([line, problem]) => (problem === undefined ? [] : [`${line}: ${problem}`]));
    },
    refuses: {
      'app/a.ts': `${lint} no-console`,
      'app/c.ts': `${lint} no-console -- the terminal is the output, until 2020-01-31`,
      'main.tf': '#checkov:skip=CKV_AWS_1: because',
      'queue.tf': '#checkov:skip=CKV_AWS_2: the queue holds nothing that is secret',
    },
    allows: {
      'app/a.ts': `${lint} no-console -- the terminal is the output`,
      'main.tf': '#checkov:skip=CKV_AWS_2: the queue holds nothing that is secret, until 2999-12-31',
    },
  },
  {
    claim: 'every table carries its tenant from the first migration on',
    violations: (tree) =>
      matching(tree, /\/migrations\/.*\.sql$/).flatMap(([path, text]) =>
        text
          .split(/(?=create\s+table)/i)
          .filter((part) => /^create\s+table/i.test(part) && !/tenant_id\s+text\s+(?:collate "C" )?not\s+null/i.test(part.split(';', 1)[0] ?? ''))
          .map((part) => `${path} ${part.split('(', 1)[0] ?? ''}`),
      ),
    refuses: { 'app/data/migrations/0001_a.sql': 'create table a (id text);\ncreate table b (tenant_id text not null);' },
    allows: {
      'app/data/migrations/0001_a.sql': 'create table a (tenant_id text not null, id text);\ncreate index on a (tenant_id);',
      'app/data/migrations/0002_b.sql': 'create table b (\n  id text,\n  tenant_id text collate "C" not null\n);',
    },
  },
];
