import assert from 'node:assert/strict';
import { test } from 'node:test';
import { leaksInHistory } from './history_keeps_no_secret.gate.ts';

// The form that gitleaks 8.30 writes, shortened.
const leak = (file: string, commit: string) => ({ RuleID: 'github-pat', Description: 'Uncovered a token', StartLine: 3, EndLine: 3, Match: 'REDACTED', Secret: 'REDACTED', File: file, Commit: commit, Entropy: 4.1 });
const printed = (leaks: readonly object[], stderr = '') => ({ status: 0, stdout: JSON.stringify(leaks), stderr });
const hashes = (count: number) => `${Array.from({ length: count }, (_, index) => String(index).padStart(40, '0')).join('\n')}\n`;

test('the history is judged when gitleaks read as many commits as git has', () => {
  assert.deepEqual(leaksInHistory(printed([], 'INF 342 commits scanned.'), hashes(343)), []);
  const [found] = leaksInHistory(printed([leak('gone.ts', 'a'.repeat(40))], 'INF 2 commits scanned.'), hashes(3));
  assert.equal(found?.file, 'gone.ts');
  assert.match(found.fix, /commit aaaaaaaaaaaa keeps it/);
  for (const [stderr, log] of [['', hashes(3)], ['0 commits scanned', hashes(1)], ['100 commits scanned', hashes(343)], ['343 commits scanned', hashes(100)], ['1 commits scanned', hashes(1).slice(0, 20)], ['5 commits scanned', '']] as const) assert.throws(() => leaksInHistory(printed([], stderr), log), { name: 'Unusable' }, `${stderr} of ${log.length}`);
});
