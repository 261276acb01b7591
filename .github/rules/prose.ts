// What the documents must have: the command that CI runs, records and dates. That what they name is there, the gate documents_tell_the_truth holds.
import { posix } from 'node:path';
import { matching, type Rule } from './tree.ts';

const record = '# 1. Title\n\n2026-11-23 · accepted\n\n## Context\n\n## Decision\n\n## Consequences\n\n## Removal\n';

export const proseRules: readonly Rule[] = [
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
