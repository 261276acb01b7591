// `npm run asvs`: counts what holds each requirement of the ASVS and writes the table; `-- --check` is CI's step, `-- --run`
// runs the tests that claims name, and `-- --prove 6.2.1 V7` takes the controls away, in a copy, and looks what turns red.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readTree } from '../rules/tree.ts';
import { loadClaims, type Loaded } from './claims.ts';
import { findsControl, openCopy, prove } from './prover.ts';
import { digestOf, readResults } from './results.ts';
import { hashOf, type Seen, seenFileOf, unproven } from './seen-red.ts';
import { countRows, markdown } from './table.ts';
import { judgeAll } from './verdict.ts';

const TABLE = '.github/ASVS.md';
const root = process.cwd();
const [mode, ...words] = process.argv.slice(2);

if (mode === '--prove') await proveAll(words);
else if (mode === '--run') runClaimedTests();
else report(mode === '--check');

function report(isCheck: boolean): void {
  const tree = readTree(root);
  const results = readResults(root, digestOf(root));
  const { verdicts, problems } = judgeAll(tree, loadClaims(tree), results);
  const rows = countRows(verdicts);
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((each) => each[column]?.length ?? 0)));
  for (const each of rows) console.log(each.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ').trimEnd());
  if (results.length === 0) console.log('\nnot run: no test ran on these files (npm test, or npm run asvs -- --run)');
  for (const problem of problems) console.error(`✖ ${problem}`);
  const text = markdown(verdicts);
  const isFresh = tree.get(TABLE) === text;
  // A table of what did not run would be one of what does not hold.
  if (!isCheck && problems.length === 0) writeFileSync(join(root, TABLE), text);
  else if (!isFresh) console.error(`✖ ${TABLE} is not what these results give${problems.length === 0 ? ': npm run asvs writes it' : ''}`);
  if (problems.length > 0 || (isCheck && !isFresh)) process.exitCode = 1;
}

function runClaimedTests(): void {
  const { removals } = loadClaims(readTree(root));
  const files = [...new Set(removals.map(({ removal }) => removal.test))];
  const { status } = spawnSync(process.execPath, [...process.execArgv, resolve('app/testing/run-tests.ts'), ...files], { cwd: root, stdio: 'inherit' });
  process.exitCode = status ?? 1;
}

/** Everything when nothing is named, else what is named by requirement (6.2.1), chapter (V6) or `stale`. */
async function proveAll(names: readonly string[]): Promise<void> {
  const tree = readTree(root);
  const loaded = loadClaims(tree);
  const stale = new Set(unproven(tree, loaded));
  const chosen = loaded.removals.filter((each) => names.length === 0 || names.some((name) => name === each.id || (name === 'stale' && stale.has(each)) || (name.startsWith('V') && each.id.startsWith(`${name.slice(1)}.`))));
  if (chosen.length === 0) {
    console.log('nothing to prove');
    return;
  }
  const copy = openCopy(root);
  const controlled = new Map<string, string | undefined>();
  let failures = 0;
  process.once('exit', () => {
    copy.close();
  });
  for (const [index, each] of chosen.entries()) {
    const { id, removal } = each;
    const key = `${id} ${removal.test}`;
    if (!controlled.has(key)) controlled.set(key, await findsControl(copy.directory, removal.test, id));
    const problem = controlled.get(key);
    const proof = problem === undefined ? await prove(copy.directory, id, removal) : { problem };
    const isRed = 'red' in proof;
    console.log(`${isRed ? '✔' : '✖'} ${index + 1} of ${chosen.length}  ${id}  ${removal.control}  ${isRed ? `${Object.keys(proof.red).length} red: ${Object.values(proof.red)[0] ?? ''}` : proof.problem}`);
    if (isRed) keep(loaded, each, { id, test: removal.test, hash: hashOf(tree, id, removal), red: proof.red });
    else failures += 1;
  }
  console.log(`${chosen.length - failures} of ${chosen.length} removals were seen red`);
  if (failures > 0) process.exitCode = 1;
}

/** At once, so that a long proof that is ended keeps what it saw; what no claim asks for any more goes. */
function keep({ removals }: Loaded, { from }: Loaded['removals'][number], seen: Seen): void {
  const path = join(root, seenFileOf(from));
  const tree = readTree(root);
  const before = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as readonly Seen[]) : [];
  const wanted = new Set(removals.filter((each) => each.from === from).map(({ id, removal }) => hashOf(tree, id, removal)));
  const kept = [...before.filter(({ hash }) => wanted.has(hash) && hash !== seen.hash), seen];
  const sorted = kept.toSorted((a, b) => a.id.localeCompare(b.id, 'en', { numeric: true }) || a.hash.localeCompare(b.hash));
  writeFileSync(path, `[\n${sorted.map((each) => `  ${JSON.stringify(each)}`).join(',\n')}\n]\n`);
}
