// What the documents say is there: commands, links, records and dates.
import { posix } from 'node:path';
import { matching, type Rule, type Tree } from './tree.ts';

const builtIn = new Set(['ci', 'install', 'ls', 'audit', 'run']);

function scriptsOf(tree: Tree): ReadonlySet<string> {
  const { scripts = {} } = JSON.parse(tree.get('package.json') ?? '{}') as { scripts?: Record<string, string> };
  return new Set(Object.keys(scripts));
}

/** The names in `npm start`, `npm run --silent token` and the like. */
function commandsIn(text: string): readonly string[] {
  return [...text.matchAll(/\bnpm (?:run )?(?:--?[a-z-]+ )*([a-z][a-z-]*(?::[a-z-]+)*)/g)].map((match) => match[1] ?? '');
}

/** The command lines of a document: what its code says, not its prose. */
function codeOf(text: string): string {
  return [...text.matchAll(/```[^\n]*\n([^]*?)```|`([^`\n]+)`/g)].map((match) => match[1] ?? match[2] ?? '').join('\n');
}

const manifest = JSON.stringify({ scripts: { start: 'node app/main.ts', test: 'node run.ts' } });
const record = '# 1. Title\n\n2026-11-23 · accepted\n\n## Context\n\n## Decision\n\n## Consequences\n\n## Removal\n';

export const proseRules: readonly Rule[] = [
  {
    claim: 'every npm command that a document names is a script',
    violations: (tree) => {
      const scripts = scriptsOf(tree);
      return matching(tree, /\.md$/).flatMap(([path, text]) =>
        commandsIn(codeOf(text))
          .filter((name) => !scripts.has(name) && !builtIn.has(name))
          .map((name) => `${path} npm run ${name}`),
      );
    },
    refuses: { 'package.json': manifest, 'README.md': '`npm run --silent tokn`', '.github/CONTRIBUTING.md': '```sh\nnpm ci && npm run bench\n```' },
    allows: { 'package.json': manifest, 'README.md': '`npm ci && npm start` and `npm test -- live`, `npm run test:<name>`; `npm run` has it.' },
  },
  {
    claim: "CI runs the README's test command",
    violations: (tree) => {
      const command = 'npm ci && npm test';
      return ['README.md', '.ci/run'].filter((path) => tree.get(path)?.includes(command) !== true);
    },
    refuses: { 'README.md': 'npm install && npm test', '.ci/run': 'npm test' },
    allows: { 'README.md': '    npm ci && npm test\n', '.ci/run': "step test bash -c 'npm ci && npm test'\n" },
  },
  {
    claim: 'every relative link in a document leads to a file or folder of the tree',
    violations: (tree) => {
      const paths = [...tree.keys()];
      return matching(tree, /\.md$/).flatMap(([path, text]) =>
        [...text.matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)/g)]
          .map((match) => posix.join(posix.dirname(path), match[1] ?? '').replace(/\/$/, ''))
          .filter((target) => target !== '.' && !paths.some((known) => known === target || known.startsWith(`${target}/`)))
          .map((target) => `${path} links to ${target}`),
      );
    },
    refuses: { '.github/CONTRIBUTING.md': 'See [security](../SECURITY.md).' },
    allows: { '.github/CONTRIBUTING.md': 'See [security](SECURITY.md), [app](../app/) and [RFC](https://www.rfc-editor.org/rfc/rfc9457).', '.github/SECURITY.md': '', 'app/main.ts': '' },
  },
  {
    claim: 'decision records are numbered without a gap, dated, and say context, decision, consequences and removal',
    violations: (tree) => {
      const records = matching(tree, /^\.github\/decisions\//);
      return records
        .toSorted(([a], [b]) => a.localeCompare(b))
        .filter(([path, text], index) => {
          const isNumbered = posix.basename(path).startsWith(`${String(index + 1).padStart(4, '0')}-`);
          const parts = ['## Context', '## Decision', '## Consequences', '## Removal'];
          return !isNumbered || !/^\d{4}-\d{2}-\d{2} · /m.test(text) || parts.some((part) => !text.includes(`\n${part}\n`));
        })
        .map(([path]) => path);
    },
    refuses: { '.github/decisions/0002-early.md': record, '.github/decisions/0003-bare.md': '# 3. Bare\n' },
    allows: { '.github/decisions/0001-node.md': record, '.github/decisions/0002-data.md': record },
  },
  {
    claim: 'every entry of the changelog is dated, the newest first',
    violations: (tree) => {
      const headings = [...(tree.get('.github/CHANGELOG.md') ?? '').matchAll(/^## (.*)$/gm)].map((match) => match[1] ?? '');
      const dates = headings.map((heading) => /^\d{4}-\d{2}-\d{2}\b/.exec(heading)?.[0] ?? '');
      const inOrder = dates.every((date, index) => date !== '' && (index === 0 || date <= (dates[index - 1] ?? '')));
      return headings.length > 0 && inOrder ? [] : [`.github/CHANGELOG.md ${headings.join(', ')}`];
    },
    refuses: { '.github/CHANGELOG.md': '# Changes\n\n## 2026-01-01\n\n## 2026-02-01\n' },
    allows: { '.github/CHANGELOG.md': '# Changes\n\n## 2026-02-01 · Live\n\n## 2026-01-01\n' },
  },
];
