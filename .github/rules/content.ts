// What a file may not have in it.
import { linesThat, matching, type Rule, type Tree } from './tree.ts';

/** The rules have in them, as seeds, what they look for. */
const ruleText = /^\.github\/rules\//;
/** `nonroot` is the user of distroless images. */
const machinePath = /(?<![\w.-])\/(?:work|root|home|Users)\/(?!nonroot\b)[\w.]/;

const outsideTheRules = (tree: Tree) => [...tree].filter(([path]) => !ruleText.test(path));

const sampleWord = /inventory/i;
/** The standard speaks of inventories of its own, and the table that is made from the tests names the sample's. */
const mayNameTheSample = /^(?:app\/features\/inventory\/|README\.md$|\.github\/rules\/content\.ts$|\.github\/asvs\/requirements\.json$|\.github\/ASVS\.md$|policies\/lib\/iam_actions\.rego$)/;

/** Those of the gates are held by the gate waivers_are_dated. */
const waiver = /\b(?:eslint-disable|@ts-expect-error|@ts-ignore)/;
/** Three words at least, after the directive. */
const reasoned = /(?:--|:|#)\s*\S+(?:\s+\S+){2,}/;
const expiry = /\buntil (\d{4}-\d{2}-\d{2})\b/;

function waiverProblem(line: string, today: string): string | undefined {
  if (!reasoned.test(line.slice(line.search(waiver)))) return 'has no reason';
  const date = expiry.exec(line)?.[1];
  return date !== undefined && date < today ? 'has expired' : undefined;
}

const breaking = /\b(?:drop\s+(?:table|column)|rename\s+(?:to|column)|alter\s+column\s+\S+\s+(?:set\s+data\s+)?type|set\s+not\s+null)\b/i;
const sleepOrPort = /from 'node:timers\/promises'|new Promise\b.*\bsetTimeout\(|\.listen\([1-9]/;

const lint = '// eslint-disable-next-line';

export const contentRules: readonly Rule[] = [
  {
    claim: 'only main, the commands and the tests read the environment or end the process',
    violations: (tree) =>
      matching(tree, /^app\/(?!main\.ts$|testing\/|probes\/).*(?<!\.command|\.test|\.proof)\.ts$/).flatMap((file) => linesThat(/\bprocess\s*\.\s*(?:env|exit)\b|\{[^}]*\b(?:env|exit)\b[^}]*\}\s*=\s*process\b|from 'node:process'/, file)),
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
    refuses: { 'README.md': 'See /home/me/clone/app/main.ts' },
    allows: { 'README.md': 'See https://example.org/work/paper, ./work/x and `npm --prefix ../root/y`', Dockerfile: 'WORKDIR /home/nonroot' },
  },
  {
    claim: 'the sample is named only in its folder and where the README says how to delete it',
    violations: (tree) => [...tree].filter(([path]) => !mayNameTheSample.test(path)).flatMap((file) => linesThat(sampleWord, file)),
    refuses: { 'app/server.ts': "mount('/inventory');", '.github/CONTRIBUTING.md': 'Copy INVENTORY.' },
    allows: { 'README.md': 'Delete inventory.', 'app/features/inventory/feature.ts': "export const title = 'Inventory';" },
  },
  {
    claim: 'every waiver of a lint rule has a reason, and no date is past',
    violations: (tree) => {
      const today = new Date().toISOString().slice(0, 10);
      return outsideTheRules(tree)
        .filter(([path]) => !path.endsWith('.md') && !path.endsWith('.patch'))
        .flatMap((file) => linesThat(waiver, file))
        .map((line) => [line, waiverProblem(line, today)] as const)
        .flatMap(([line, problem]) => (problem === undefined ? [] : [`${line}: ${problem}`]));
    },
    refuses: {
      'app/a.ts': `${lint} no-console`,
      'app/c.ts': `${lint} no-console -- the terminal is the output, until 2020-01-31`,
    },
    allows: { 'app/a.ts': `${lint} no-console -- the terminal is the output` },
  },
  {
    claim: 'every table carries its tenant from the first migration on, or says "-- no tenant:" and why',
    violations: (tree) =>
      matching(tree, /\/migrations\/.*\.sql$/).flatMap(([path, text]) =>
        text
          .replaceAll(/^-- no tenant: (?:\S+ ){2,}\S+.*\ncreate table/gm, '')
          .split(/(?=create\s+table)/i)
          .filter((part) => /^create\s+table/i.test(part) && !/tenant_id\s+text\s+(?:collate "C" )?not\s+null/i.test(part.split(';', 1)[0] ?? ''))
          .map((part) => `${path} ${part.split('(', 1)[0] ?? ''}`),
      ),
    refuses: { 'app/data/migrations/0001_a.sql': 'create table a (id text);\ncreate table b (tenant_id text not null);', 'app/data/migrations/0002_b.sql': '-- no tenant: none\ncreate table c (id text);' },
    allows: {
      'app/data/migrations/0003_c.sql': '-- no tenant: keys of the service itself\ncreate table c (id text);\ncreate table d (tenant_id text not null);',
      'app/data/migrations/0001_a.sql': 'create table a (tenant_id text not null, id text);\ncreate index on a (tenant_id);',
      'app/data/migrations/0002_b.sql': 'create table b (\n  id text,\n  tenant_id text collate "C" not null\n);',
    },
  },
  {
    claim: 'a migration that the previous release can not live with says "-- contract:" and why it may',
    violations: (tree) =>
      matching(tree, /\/migrations\/.*\.sql$/).flatMap(([path, text]) =>
        linesThat(breaking, [path, text.replaceAll(/^\s*-- contract: (?:\S+ ){2,}\S+.*\n.*$/gm, '')]),
      ),
    refuses: {
      'app/data/migrations/0002_a.sql': '-- Cleans up.\nalter table a drop column b;',
      'app/data/migrations/0003_a.sql': '-- contract: because\nalter table a rename column b to c;',
      'app/data/migrations/0004_a.sql': 'alter table a alter column b set not null;',
    },
    allows: {
      'app/data/migrations/0002_a.sql': '-- contract: no release since 2026-11 reads it\nalter table a drop column b;',
      'app/data/migrations/0003_a.sql': 'alter table a add column b text;\ncreate index on a (tenant_id, b);',
    },
  },
  {
    claim: 'no test sleeps or listens on a port of its own choice',
    violations: (tree) => matching(tree, /^app\/.*\.test\.ts$/).flatMap((file) => linesThat(sleepOrPort, file)),
    refuses: {
      'app/a.test.ts': "import { setTimeout as wait } from 'node:timers/promises';",
      'app/b.test.ts': 'await new Promise((resolve) => setTimeout(resolve, 100));',
      'app/c.test.ts': "server.listen(3000, '127.0.0.1');",
    },
    allows: { 'app/a.test.ts': "server.listen(0, '127.0.0.1'); mock.timers.tick(100); await waitFor(() => ready);", 'app/testing/condition.ts': "import { setTimeout as wait } from 'node:timers/promises';" },
  },
];
