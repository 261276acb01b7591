// `npm run asvs`: counts what holds each requirement of the ASVS and writes the table; `-- --check` is CI's step, `-- --run`
// runs the tests that claims name, and `-- --prove 6.2.1 V7` takes the controls away, in a copy, and looks what turns red.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readTree, type Tree } from '../rules/tree.ts';
import { loadClaims, type Loaded } from './claims.ts';
import { findFaults, openCopy, type Proof, prove } from './prover.ts';
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
  if (!isCheck && results.length > 0) writeFileSync(join(root, TABLE), text);
  else if (!isFresh) console.error(`✖ ${TABLE} is not what these results give: npm run asvs writes it`);
  if (problems.length > 0 || (isCheck && !isFresh)) process.exitCode = 1;
}

function runClaimedTests(): void {
  const { removals } = loadClaims(readTree(root));
  const files = [...new Set(removals.map(({ removal }) => removal.test))];
  const { status } = spawnSync(process.execPath, [...process.execArgv, resolve('app/testing/run-tests.ts'), ...files], { cwd: root, stdio: 'inherit' });
  process.exitCode = status ?? 1;
}

/** Of the requirements (6.2.1) and chapters (V6) that are named, or of all; with `stale` what was not seen as it is now. */
async function proveAll(names: readonly string[]): Promise<void> {
  const tree = readTree(root);
  const loaded = loadClaims(tree);
  const candidates = names.includes('stale') ? unproven(tree, loaded) : loaded.removals;
  const places = names.filter((name) => name !== 'stale');
  const chosen = candidates.filter(({ id }) => places.length === 0 || places.some((name) => name === id || (name.startsWith('V') && id.startsWith(`${name.slice(1)}.`))));
  if (chosen.length === 0) {
    console.log('nothing to prove');
    return;
  }
  const copy = openCopy(root);
  process.once('exit', () => {
    copy.close();
  });
  let [done, failures] = [0, 0];
  for (const [test, ofTest] of Map.groupBy(chosen, ({ removal }) => removal.test)) {
    const faults = await findFaults(copy.directory, test, [...new Set(ofTest.map(({ id }) => id))]);
    for (const same of Map.groupBy(ofTest, ({ removal }) => JSON.stringify(removal)).values()) {
      const proven = await proveOne(copy.directory, same, faults);
      for (const each of same) {
        const proof = proven.get(each.id) ?? { problem: faults.get(each.id) ?? 'it did not run' };
        done += 1;
        if ('red' in proof) keep(tree, loaded, each, { id: each.id, test, hash: hashOf(tree, each.id, each.removal), red: proof.red });
        else failures += 1;
        console.log(`${'red' in proof ? '✔' : '✖'} ${done} of ${chosen.length}  ${each.id}  ${each.removal.control}  ${'red' in proof ? `${Object.keys(proof.red).length} red: ${Object.values(proof.red)[0] ?? ''}` : proof.problem}`);
      }
    }
  }
  console.log(`${chosen.length - failures} of ${chosen.length} removals were seen red`);
  if (failures > 0) process.exitCode = 1;
}

async function proveOne(directory: string, same: Loaded['removals'], faults: ReadonlyMap<string, string>): Promise<ReadonlyMap<string, Proof>> {
  const [first] = same;
  const ids = same.map(({ id }) => id).filter((id) => !faults.has(id));
  return first === undefined || ids.length === 0 ? new Map() : prove(directory, first.removal, ids);
}

/** At once, so that a long proof that is ended keeps what it saw; what no claim asks for any more goes. */
function keep(tree: Tree, { removals }: Loaded, { from }: Loaded['removals'][number], seen: Seen): void {
  const path = join(root, seenFileOf(from));
  const before = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as readonly Seen[]) : [];
  const wanted = new Set(removals.filter((each) => each.from === from).map(({ id, removal }) => hashOf(tree, id, removal)));
  const kept = [...before.filter(({ hash }) => wanted.has(hash) && hash !== seen.hash), seen];
  const sorted = kept.toSorted((a, b) => a.id.localeCompare(b.id, 'en', { numeric: true }) || a.hash.localeCompare(b.hash));
  writeFileSync(path, `[\n${sorted.map((each) => `  ${JSON.stringify(each)}`).join(',\n')}\n]\n`);
}
