// `npm run test:workflows`: act runs the workflows `check` and `gates` on this machine as they are written, job by job.
// Their actions have stand-ins, which do on this machine what the action is for; act starts no `services:` and does not say so, so
// that `check` must fail where nobody else has started a database.
//   npm run test:workflows -- without-database gates   some of the situations   --log FOLDER   keeps what act said
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { createPostgres, findPostgresPrograms } from '#app/testing/private-postgres.ts';
import { exitCodeOfNotRun, formatRows } from '#app/testing/report.ts';
import { installTools } from '../install.ts';
import { type Expected, judge, readRun } from './act-log.ts';
import { standIns } from './stand-ins.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const workflow = (name: string) => readFileSync(path.join(root, `.github/workflows/${name}.yml`), 'utf8');
/** Where the workflow's own database would listen. */
const port = Number(/DATABASE_URL: postgres:\/\/postgres@127\.0\.0\.1:(\d+)\//.exec(workflow('check'))?.[1]);

interface Situation {
  readonly workflow: 'check' | 'gates';
  readonly withDatabase: boolean;
  /** All of them where left out. */
  readonly job?: string;
  readonly expected: readonly Expected[];
}

const situations: Readonly<Record<string, Situation>> = {
  'without-database': {
    workflow: 'check',
    withDatabase: false,
    expected: [{ job: 'test', result: 'failure', at: 'Have a database' }, { job: 'deletion', result: 'failure', at: 'Have a database' }, { job: 'check', result: 'failure', at: 'Demand that every job succeeded' }],
  },
  // Its last job needs Windows and macOS.
  'with-database': { workflow: 'check', withDatabase: true, job: 'test', expected: [{ job: 'test', result: 'success' }] },
  gates: { workflow: 'gates', withDatabase: false, expected: [{ job: 'plan', result: 'success' }, { job: 'judge', result: 'success' }, { job: 'advisories', result: 'success' }, { job: 'gates', result: 'success' }] },
};
/** What no machine here can show. */
const NOT_RUN = ['check · readme: there is no Windows and no macOS', 'gates · code-scanning: it is for public repositories on GitHub', 'tokens of OpenID Connect, and what the actions themselves do'];

const { values, positionals } = parseArgs({ options: { log: { type: 'string' } }, allowPositionals: true });
process.exitCode = await main();

async function main(): Promise<number> {
  const names = positionals.length > 0 ? positionals : Object.keys(situations);
  const chosen = names.map((name) => [name, situations[name]] as const);
  const unknown = chosen.find(([, situation]) => situation === undefined);
  if (unknown !== undefined) throw new Error(`there is no situation ${unknown[0]}; there are ${Object.keys(situations).join(', ')}`);
  const programs = findPostgresPrograms();
  const hindrance = !(await isFree()) ? `something else listens on port ${port}, where the workflow wants its own database` : programs === undefined ? 'there are no programs of PostgreSQL' : undefined;
  const act = await installTools('act', { onProgress: (line) => { console.log(`${line}: some six minutes at first`); } });
  if (programs === undefined || hindrance !== undefined || 'notRun' in act) {
    console.log(`workflows: not run, ${hindrance ?? ('notRun' in act ? act.notRun : '')}`);
    return exitCodeOfNotRun(process.env['CI'] === 'true');
  }
  const directory = await mkdtemp(path.join(tmpdir(), 'stockade-workflows-'));
  const rows = [['', 'workflow', 'situation', 'job', 'result', 'minutes']];
  try {
    for (const [name, situation] of chosen) {
      if (situation === undefined) continue;
      const from = performance.now();
      console.log(`… ${situation.workflow} (${name})`);
      const verdicts = judge(readRun(await run(path.join(act.directory, 'bin/act'), programs, path.join(directory, name), situation)), situation.expected);
      const minutes = ((performance.now() - from) / 60_000).toFixed(1);
      for (const { job, holds, seen } of verdicts) rows.push([holds ? '✔' : '✖', situation.workflow, name, job, seen, minutes]);
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
  console.log(`\n${formatRows(rows)}\n${NOT_RUN.map((what) => `– not run: ${what}`).join('\n')}`);
  return rows.some(([sign]) => sign === '✖') ? 1 : 0;
}

async function isFree(): Promise<boolean> {
  const socket = net.connect(port, '127.0.0.1');
  return new Promise((resolve) => {
    socket.once('connect', () => { socket.destroy(); resolve(false); }).once('error', () => { resolve(true); });
  });
}

/** Of a clone, as GitHub has it: what is not committed is not run. Returns act's log. */
async function run(act: string, programs: string, directory: string, { workflow: name, withDatabase, job }: Situation): Promise<string> {
  const [clone, home] = [path.join(directory, 'clone'), path.join(directory, 'home')];
  await mkdir(path.join(home, 'act'), { recursive: true });
  execFileSync('git', ['-c', 'safe.directory=*', 'clone', '--quiet', '--no-hardlinks', root, clone]);
  const event = path.join(directory, 'event.json');
  await writeFile(event, JSON.stringify({ pull_request: { number: 1, head: { ref: 'change', repo: { fork: false } }, base: { ref: 'main', sha: execFileSync('git', ['-C', clone, 'rev-parse', 'HEAD'], { encoding: 'utf8' }).trim() } }, repository: { private: true, default_branch: 'main' } }));
  // Without settings of its own it asks a person for some.
  await writeFile(path.join(home, 'act/actrc'), '');
  const replaced = await standIns(path.join(directory, 'actions'), workflow(name));
  const database = withDatabase ? await createPostgres(programs, port, { settings: { max_connections: '200', fsync: 'off' } }) : undefined;
  try {
    await database?.start();
    const parameters = ['pull_request', '--workflows', `.github/workflows/${name}.yml`, ...(job === undefined ? [] : ['--job', job]), '--eventpath', event, '--platform', 'ubuntu-24.04=-self-hosted', '--json', '--action-offline-mode', '--env', `STAND_IN_ROOT=${root}`, ...replaced.flatMap((each) => ['--local-repository', each])];
    // The workflow names its database itself.
    const child = spawn(act, parameters, { cwd: clone, env: { ...process.env, DATABASE_URL: undefined, XDG_CONFIG_HOME: home, XDG_CACHE_HOME: home }, stdio: ['ignore', 'pipe', 'pipe'] });
    const closed = once(child, 'close');
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
    if (values.log !== undefined) {
      await mkdir(values.log, { recursive: true });
      await writeFile(path.join(values.log, `${path.basename(directory)}.jsonl`), stdout + stderr);
    }
    return `${stdout}\n${stderr}`;
  } finally {
    await database?.remove();
  }
}
