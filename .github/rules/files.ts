// What files are called, which tests they have, and how they begin and end.
import { posix } from 'node:path';
import { sourcesOf } from './imports.ts';
import { matching, type Rule, type Tree } from './tree.ts';

/** Names that the tools and GitHub prescribe. */
const prescribedNames = /^(?:[A-Z]+(?:\.md)?|Dockerfile|\.[a-z]+[a-z.-]*)$/;
const kebab = /^\.?[a-z0-9]+(?:[.-][a-z0-9]+)*$/;
/** Terraform names its lock file itself. */
const snake = /^(?:[a-z0-9]+(?:[_.][a-z0-9]+)*|\.terraform\.lock\.hcl)$/;
const migration = /^\d{4}_[a-z0-9]+(?:_[a-z0-9]+)*\.sql$/;
/** A runbook is named as its alert, which Prometheus wants in capitals and small letters. */
const runbook = /^observability\/runbooks\/[A-Z][A-Za-z0-9]+\.md$/;
const vague = /(?:^|[-_.])(?:utils?|helpers?|common|managers?|misc)(?:[-_.]|$)/;

function isWellNamed(path: string): boolean {
  const name = posix.basename(path);
  if (posix.dirname(path).endsWith('/migrations')) return migration.test(name);
  if (/\.(?:rego|tf|hcl|gate(?:\.test)?\.ts)$/.test(name)) return snake.test(name);
  if (runbook.test(path)) return true;
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
      'terraform/load-balancer.tf': '',
      '.github/gates/no-root.gate.ts': '',
      '.github/gates/no-root.gate.test.ts': '',
      'observability/OutboxLag.md': '',
      'observability/runbooks/outboxLag.md': '',
    },
    allows: {
      'app/request-id.ts': '',
      'README.md': '',
      '.ci/run': '',
      'package-lock.json': '',
      '.env.example': '',
      'app/data/migrations/0001_sessions.sql': '',
      'policies/access/stock_moves.rego': '',
      'terraform/.terraform.lock.hcl': '',
      '.github/gates/secrets_stay_out.gate.test.ts': '',
      '.github/decisions/0001-node-runs-typescript.md': '',
      'observability/runbooks/OutboxLag.md': '',
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
];
