import assert from 'node:assert/strict';
import { test } from 'node:test';
import { leaksInHistory } from './history_keeps_no_secret.gate.ts';

// The form that gitleaks 8.30 writes, shortened.
const leak = (file: string, commit: string) => ({ RuleID: 'github-pat', Description: 'Uncovered a token', StartLine: 3, EndLine: 3, Match: 'REDACTED', Secret: 'REDACTED', File: file, Commit: commit, Entropy: 4.1 });
const printed = (leaks: readonly object[], stderr = '') => ({ status: 0, stdout: JSON.stringify(leaks), stderr });
const hashOf = (index: number) => index.toString(16).padStart(40, '0');
/** As `git log --numstat --format=%H` has them. */
const hashes = (count: number) => Array.from({ length: count }, (_, index) => `${hashOf(index)}\n\n1\t0\tapp/a.ts\n`).join('');

test('the history is judged when gitleaks read as many commits as git has', () => {
  assert.deepEqual(leaksInHistory(printed([], 'INF 343 commits scanned.'), hashes(343)), []);
  const [found] = leaksInHistory(printed([leak('gone.ts', 'a'.repeat(40))], 'INF 3 commits scanned.'), hashes(3));
  assert.equal(found?.file, 'gone.ts');
  assert.match(found.fix, /commit aaaaaaaaaaaa keeps it/);
  for (const [stderr, log] of [['', hashes(3)], ['0 commits scanned', ''], ['342 commits scanned', hashes(343)], ['343 commits scanned', hashes(342)], ['1 commits scanned', hashes(1).slice(0, 20)], ['5 commits scanned', '']] as const) assert.throws(() => leaksInHistory(printed([], stderr), log), { name: 'Unusable' }, `${stderr} of ${log.length}`);
});

test('a commit of nothing but binary files, modes or empty files is none that can be read', () => {
  const unread = ['-\t-\tlogo.png\n', '0\t0\trun.sh\n', ''].map((rows, index) => `${hashOf(900 + index)}\n\n${rows}`).join('');
  assert.deepEqual(leaksInHistory(printed([], '3 commits scanned'), hashes(2) + unread + `${hashOf(999)}\n\n-\t-\tlogo.png\n0\t4\tb.ts\n`), []);
});
