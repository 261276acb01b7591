// `npm test`: finds every test file, says what they run on, and counts a part that did not run as a failure in CI.
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { collectResults } from '../../.github/asvs/collect.ts';
import { digestOf, recordResults } from '../../.github/asvs/results.ts';
import { findChromium } from '#app/testing/chromium.ts';
import { findFiles, selectFiles } from '#app/testing/test-files.ts';

/** `node --test` passes when it finds nothing, so a pattern that stops matching must not look green. */
const MINIMUM_FILES = 30;
/** A test that hangs ends the run, by name, rather than the patience of whoever waits. */
const DEADLINE_MINUTES = 30;

/** On a terminal node:test has its files use colours, and so would every program that they start: a test would fail there alone. */
const WITHOUT_COLOURS = ['--import', 'data:text/javascript,delete process.env.FORCE_COLOR'];

const words = process.argv.slice(2);
const isCi = process.env['CI'] === 'true';

const problems = [...reportParts()];
const files = chooseFiles();
if (problems.length > 0) fail(problems);
else await runFiles();

function reportParts(): readonly string[] {
  const databaseUrl = process.env['DATABASE_URL'];
  const chromium = findChromium(process.env);
  console.log('PGlite      embedded');
  console.log(`PostgreSQL  ${databaseUrl ? withoutCredentials(databaseUrl) : 'not run: DATABASE_URL is unset'}`);
  console.log(`browser     ${chromium ?? 'not run: no Chromium found, set CHROMIUM_PATH'}`);
  if (!isCi) return [];
  return [
    ...(databaseUrl ? [] : ['CI=true needs PostgreSQL: set DATABASE_URL']),
    ...(chromium ? [] : ['CI=true needs a browser: set CHROMIUM_PATH']),
  ];
}

function withoutCredentials(url: string): string {
  if (!URL.canParse(url)) return 'not a URL: DATABASE_URL';
  const { host, pathname } = new URL(url);
  return `${host}${pathname}`;
}

function chooseFiles(): readonly string[] {
  // The long tests of the repository itself come last: results are shown in this order, as they arrive.
  const found = [...findFiles('.', ['app/**/*.test.ts']), ...findFiles('.', ['.github/**/*.test.ts'])];
  const chosen = selectFiles(found, words);
  if (found.length < MINIMUM_FILES && words.length === 0) {
    problems.push(`found ${found.length} test files, expected at least ${MINIMUM_FILES}`);
  }
  if (chosen.length === 0) problems.push(`no test file's path has ${words.join(' or ')} in it`);
  console.log(`files       ${chosen.length} of ${found.length}\n`);
  return chosen;
}

async function runFiles(): Promise<void> {
  const deadline = new AbortController();
  const timer = setTimeout(() => {
    deadline.abort(new Error(`not finished after ${DEADLINE_MINUTES} minutes`));
  }, DEADLINE_MINUTES * 60_000);
  const digest = digestOf('.');
  // Some three hundred processes load the same modules: the first compiles them for all, which halves what loading costs.
  process.env['NODE_COMPILE_CACHE'] ??= resolve('.cache/compiled');
  const events = run({ files: files.map((file) => resolve(file)), concurrency: availableParallelism(), execArgv: WITHOUT_COLOURS, signal: deadline.signal });

  const results = collectResults(events, process.cwd());

  const skipped: string[] = [];
  const empty: string[] = [];
  const summary = { success: false };
  events.on('test:pass', ({ name, file, skip }) => {
    if (skip !== undefined && skip !== false) skipped.push(`${name} (${file ?? ''}): ${skip === true ? 'no reason given' : skip}`);
    // A file without a test is reported as one passed test that bears the file's name.
    if (name === file) empty.push(file);
  });
  events.on('test:summary', ({ file, success }) => {
    if (file === undefined) summary.success = success;
  });
  for await (const text of events.compose(new spec())) process.stdout.write(String(text));
  clearTimeout(timer);
  // Results belong to the files that ran: a file that was edited meanwhile ran as nobody knows.
  if (digestOf('.') === digest) recordResults('.', digest, results.map(({ file, name, outcome }) => ({ file, name, outcome })));

  const failures = [...empty.map((file) => `no test in ${file}`), ...(isCi ? skipped.map((test) => `skipped in CI: ${test}`) : [])];
  if (failures.length > 0) fail(failures);
  else if (!summary.success) process.exitCode = 1;
}

function fail(reasons: readonly string[]): void {
  for (const reason of reasons) console.error(`✖ ${reason}`);
  process.exitCode = 1;
}
