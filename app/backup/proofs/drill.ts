// One drill: the service under load, the loss of all but the archive and what was kept outside, and the way back.
// Tested by restore.proof.ts: which runs it in both modes.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { obtainToken } from '#app/identity/token.ts';
import { readCheckpoint } from '#app/privacy/audit-checkpoint.ts';
import { readErasure } from '#app/privacy/erasures.ts';
import { until } from '#app/testing/condition.ts';
import { freePorts } from '#app/testing/ports.ts';
import { createPostgres, type PrivatePostgres } from '#app/testing/private-postgres.ts';
import { startMain, type StartedProcess, startProgram, UNLIMITED } from '#app/testing/process.ts';
import type { CreateWorkload, RestoreWorkload, WorkloadParts } from '#app/testing/restore-workload.ts';
import { signIn, type Visitor } from '#app/testing/service.ts';
import { type Follower, SocketFollower, SseFollower } from '#app/testing/stream-follower.ts';
import { findFiles } from '#app/testing/test-files.ts';
import { type ArchiveMode, askServer, createWalArchive, type WalArchive } from '#app/testing/wal-archive.ts';
import { createExports } from './exports.ts';
import type { Change, Check, RestoreRecord, StoredEvent } from './restore-verdict.ts';

const READY = /Stop with Ctrl\+C/;
const ARCHIVE_TIMEOUT_S = 8;
/** The archiver's own time, on a machine that is busy. */
const ARCHIVER_MS = 4_000;
/** Acknowledged changes before the next step. */
const ENOUGH = 40;
const USERS = ['viewer', 'clerk', 'manager', 'auditor'] as const;

export interface DrillParts {
  readonly programs: string;
  readonly mode: ArchiveMode;
  /** What the loss leaves: the provider's keys, and the file of checkpoints. */
  readonly directory: string;
  readonly say: (what: string) => void;
}

/** From the loss on, each after the other. */
export interface Phases {
  /** A server from the backup that takes writes. */
  readonly serverMs: number;
  readonly settledMs: number;
  readonly readyMs: number;
  readonly firstChangeMs: number;
}

interface Written {
  readonly workload: RestoreWorkload;
  readonly before: Change[];
  readonly after: Change[];
  restored: readonly string[];
}

interface FollowedSoFar {
  readonly follower: Follower;
  /** How many of its events are of before the loss. */
  count: number;
}

export class Drill {
  readonly #parts: DrillParts;
  readonly #checkpoints: string;
  readonly #followed: readonly FollowedSoFar[] = [new SseFollower('an SSE client'), new SocketFollower('a WebSocket client')].map((follower) => ({ follower, count: 0 }));
  readonly #checks: Check[] = [];
  #written: readonly Written[] = [];
  #archive: WalArchive | undefined;
  #server: PrivatePostgres | undefined;
  #service: StartedProcess | undefined;
  #environment: Readonly<Record<string, string>> = {};
  #tokens: WorkloadParts['tokens'] = { viewer: '', clerk: '', manager: '', auditor: '' };
  #visitor: Visitor | undefined;
  #erased = '';
  #lostAt = 0;
  #lostOption: readonly string[] = [];

  constructor(parts: DrillParts) {
    this.#parts = parts;
    this.#checkpoints = path.join(parts.directory, 'checkpoints.ndjson');
  }

  async prepare(): Promise<void> {
    const { programs, mode, directory } = this.#parts;
    const [databasePort = 0, port, providerPort, adminPort] = await freePorts(4);
    this.#archive = await createWalArchive(programs, mode, ARCHIVE_TIMEOUT_S);
    this.#server = await createPostgres(programs, databasePort, { settings: this.#archive.settings });
    await this.#server.start();
    await this.#archive.follow(this.#server);
    this.#environment = { PORT: String(port), PROVIDER_PORT: String(providerPort), ADMIN_PORT: String(adminPort), DATA_DIRECTORY: directory, AUDIT_CHECKPOINT_FILE: this.#checkpoints, DATABASE_URL: this.#server.url, LOG_LEVEL: 'error', ...UNLIMITED };
    await this.#startService();
    const provider = { issuer: `http://127.0.0.1:${String(providerPort)}`, audience: `${this.#origin}/api` };
    this.#tokens = Object.fromEntries(await Promise.all(USERS.map(async (user) => [user, await obtainToken({ ...provider, user })]))) as WorkloadParts['tokens'];
    this.#visitor = await signIn(this.#origin, 'clerk');
    const creators = [createExports, ...(await findWorkloads())];
    this.#written = creators.map((create) => ({ workload: create({ origin: this.#origin, tokens: this.#tokens }), before: [], after: [], restored: [] }));
    for (const { workload } of this.#written) await workload.prepare();
    // Somebody who is in the backup, and will be erased after it.
    await this.#ask('POST', '/api/v1/me/export', 'viewer');
    for (const { follower } of this.#followed) await follower.connect(this.#origin, this.#tokens.manager);
  }

  /** A base backup in the middle of the load; then, under load still, server, data and service are gone at once. */
  async writeAndLose(): Promise<void> {
    const { mode, say } = this.#parts;
    const archive = this.#kept();
    const end = this.#load('before');
    await this.#acknowledged('before', ENOUGH);
    say('base backup under load');
    await archive.takeBaseBackup(this.#running());
    await this.#acknowledged('before', ENOUGH);
    if (mode === 'asynchronous') {
      const archived = await archive.count();
      await until('a segment that is old enough to be archived', async () => (await archive.count()) > archived, 60_000);
    }
    await this.#eraseSomebody();
    // A moment after a segment went there nothing is lost, and nothing shown.
    for (let archived = -1; archived !== (await archive.count()); ) {
      archived = await archive.count();
      await this.#acknowledged('before', ENOUGH / 2);
    }
    this.#lostAt = Date.now();
    say('everything but the archive is lost');
    this.#service?.child.kill('SIGKILL');
    await this.#running().kill();
    await this.#running().remove();
    await archive.stop();
    await end();
    await this.#service?.ended();
    for (const each of this.#followed) {
      await each.follower.ended();
      each.count = each.follower.events.length;
    }
  }

  archivedBytes(): ReturnType<WalArchive['bytes']> {
    return this.#kept().bytes();
  }

  async recover(): Promise<Phases> {
    const { programs, mode, say } = this.#parts;
    const archive = this.#kept();
    const whole = mode === 'synchronous';
    say('restoring');
    const serverMs = await timed(async () => {
      const [port = 0] = await freePorts(1);
      this.#server = await createPostgres(programs, port, { settings: { ...archive.recovery, wal_level: 'replica' }, restore: archive.restore });
      await this.#server.start();
      await until('the end of the recovery', async () => (await askServer(port, 'select pg_is_in_recovery() as recovering'))[0]?.['recovering'] === false, 120_000);
      this.#environment = { ...this.#environment, DATABASE_URL: this.#server.url };
    });
    // What an operator would see who does not know of the loss; not a part of the way back.
    await this.#verify('the audit trail names the lost tail, and nothing else', await this.#expectedTail());
    let output = '';
    const settledMs = await timed(async () => { output = await this.#command('app/backup/restored.command.ts', ['--checkpoints', this.#checkpoints, ...(whole ? ['--nothing-lost'] : [])]); });
    const lost = /--lost (\S+)/.exec(output)?.[1];
    this.#lostOption = lost === undefined ? [] : ['--lost', lost];
    const readyMs = await timed(async () => {
      await this.#startService();
      const admin = `http://127.0.0.1:${this.#environment['ADMIN_PORT'] ?? ''}/readyz`;
      await until('/readyz', async () => (await fetch(admin)).status === 200);
    });
    for (const written of this.#written) written.restored = (await written.workload.read()).ids;
    if (!whole) this.#checks.push({ what: 'something was lost, for the rest of this to be about', expected: 'some', actual: this.#written.some(({ before, restored }) => before.some(({ id }) => !restored.includes(id))) ? 'some' : 'nothing' });
    const firstChangeMs = await timed(() => until('the first change', () => this.#written[0]?.workload.change(), 30_000));
    return { serverMs, settledMs, readyMs, firstChangeMs };
  }

  async finish(): Promise<RestoreRecord> {
    const whole = this.#parts.mode === 'synchronous';
    for (const { follower } of this.#followed) await follower.connect(this.#origin, this.#tokens.manager);
    const end = this.#load('after');
    await this.#acknowledged('after', ENOUGH);
    await end();
    const resyncs = new Map(this.#followed.map(({ follower }) => [follower, follower.resyncs]));
    const newest = this.#written.flatMap(({ workload, after }) => (workload.idOf === undefined ? [] : [{ workload, ids: after.map(({ id }) => id) }]));
    // What does not arrive is a violation that the verdict names.
    await until('the followers to catch up', () => newest.every(({ workload, ids }) => this.#followed.every((each) => includesAll(this.#eventsOf(each, workload).after, ids))), 15_000).catch(() => undefined);
    await this.#checkPeople(whole);
    const workloads = await Promise.all(this.#written.map(async ({ workload, before, after, restored }) => {
      const { ids, problems } = await workload.read();
      const follows = workload.idOf === undefined ? [] : this.#followed;
      return { name: workload.name, before, after, restored, atEnd: ids, problems, events: await this.#storedEvents(workload), followers: follows.map((each) => ({ name: each.follower.name, ...this.#eventsOf(each, workload), resyncs: resyncs.get(each.follower) ?? 0 })) };
    }));
    for (const { follower } of this.#followed) await follower.close();
    this.#service?.child.kill('SIGTERM');
    await this.#service?.ended();
    await this.#verify(`the audit trail is whole${whole ? '' : ', but for the time that is said to be lost'}`, 'whole', this.#lostOption);
    return { lostAt: this.#lostAt, mostLostMs: whole ? undefined : ARCHIVE_TIMEOUT_S * 1_000 + ARCHIVER_MS, workloads, checks: this.#checks };
  }

  async close(): Promise<void> {
    this.#service?.child.kill('SIGKILL');
    for (const { follower } of this.#followed) await follower.close();
    await this.#server?.remove();
    await this.#archive?.remove();
  }

  get #origin(): string {
    return `http://127.0.0.1:${this.#environment['PORT'] ?? ''}`;
  }

  #kept(): WalArchive {
    if (this.#archive === undefined) throw new TypeError('The drill is not prepared.');
    return this.#archive;
  }

  #running(): PrivatePostgres {
    if (this.#server === undefined) throw new TypeError('The drill is not prepared.');
    return this.#server;
  }

  async #startService(): Promise<void> {
    this.#service = startMain(this.#environment);
    await this.#service.sees(READY);
  }

  /** One writer for each workload, until the end is asked for. */
  #load(phase: 'before' | 'after'): () => Promise<void> {
    let ending = false;
    const writers = this.#written.map(async ({ workload, [phase]: changes }) => {
      while (!ending) {
        const sentAt = Date.now();
        const id = await workload.change();
        if (id !== undefined) changes.push({ id, sentAt, acknowledgedAt: Date.now() });
        else if (phase === 'before' && this.#lostAt > 0) return;
      }
    });
    return async () => {
      ending = true;
      await Promise.all(writers);
    };
  }

  /** Of each workload, so many more than now. */
  async #acknowledged(phase: 'before' | 'after', more: number): Promise<void> {
    const targets = this.#written.map(({ [phase]: changes }) => changes.length + more);
    await until('changes', () => this.#written.every(({ [phase]: changes }, index) => changes.length >= (targets[index] ?? 0)), 120_000);
  }

  async #ask(method: string, address: string, user: (typeof USERS)[number]): Promise<void> {
    const { status } = await fetch(this.#origin + address, { method, headers: { authorization: `Bearer ${this.#tokens[user]}` } });
    if (status !== 200) throw new Error(`${method} ${address} was answered ${status}.`);
  }

  async #eraseSomebody(): Promise<void> {
    await this.#ask('DELETE', '/api/v1/me', 'viewer');
    const listed = async () => (await this.#outside()).map(readErasure).find((erasure) => erasure !== undefined);
    this.#erased = (await until('the erasure to be outside the database', listed)).personId;
  }

  /** What the service put beside its database. */
  async #outside(): Promise<readonly string[]> {
    return (await readFile(this.#checkpoints, 'utf8')).split('\n');
  }

  async #checkPeople(whole: boolean): Promise<void> {
    const { url } = this.#running();
    const rows = await askServer(url, `select id from person where id = '${this.#erased}' union all select person_id from person_key where person_id = '${this.#erased}'`);
    this.#checks.push({ what: 'who was erased after the backup is nobody', expected: '0 rows', actual: `${rows.length} rows` });
    const session = await this.#visitor?.fetch('/api/v1/sessions', { headers: { accept: 'application/json' } });
    this.#checks.push({ what: whole ? 'a session goes on' : 'a session of before is over', expected: whole ? '200' : '401', actual: String(session?.status) });
    const again = await (await signIn(this.#origin, 'clerk')).fetch('/api/v1/sessions', { headers: { accept: 'application/json' } });
    this.#checks.push({ what: 'people sign in', expected: '200', actual: String(again.status) });
  }

  /** What the verification has to say of each tenant before anything is settled. */
  async #expectedTail(): Promise<string> {
    const lines = (await this.#outside()).flatMap((line) => readCheckpoint(line) ?? []);
    const signed = Math.max(...lines.map(({ position }) => position));
    const [row] = await askServer(this.#running().url, 'select max(position)::integer as head from audit_entry');
    const head = Number(row?.['head']);
    return signed > head ? `the tail is cut off: entries up to ${signed} were signed, the last one there is ${head}` : 'whole';
  }

  async #verify(what: string, expected: string, options: readonly string[] = []): Promise<void> {
    const output = await this.#command('app/privacy/audit.command.ts', ['verify', '--checkpoints', this.#checkpoints, ...options], [0, 1]);
    const lines = output.split('\n').filter((line) => line.startsWith('  ')).map((line) => line.trim());
    this.#checks.push({ what, expected, actual: lines.length === 0 && output.includes('1 whole, 0 broken') ? 'whole' : lines.join('; ') });
  }

  async #command(file: string, parameters: readonly string[], statuses: readonly number[] = [0]): Promise<string> {
    const program = startProgram(file, parameters, this.#environment);
    const ended = await program.ended();
    if (!statuses.some((status) => status === ended)) throw new Error(`${file} ended with ${ended}:\n${program.stdout()}\n${program.stderr()}`);
    return program.stdout();
  }

  async #storedEvents({ idOf }: RestoreWorkload): Promise<readonly StoredEvent[] | undefined> {
    if (idOf === undefined) return undefined;
    const rows = await askServer(this.#running().url, 'select position, type, data from outbox_event where position is not null order by position');
    return rows.flatMap((row) => toStored(idOf, { position: Number(row['position']), type: String(row['type']), data: row['data'] }));
  }

  #eventsOf({ follower, count }: FollowedSoFar, { idOf }: RestoreWorkload): { readonly before: readonly StoredEvent[]; readonly after: readonly StoredEvent[] } {
    const take = (events: Follower['events']) => (idOf === undefined ? [] : events.flatMap((event) => toStored(idOf, event)));
    return { before: take(follower.events.slice(0, count)), after: take(follower.events.slice(count)) };
  }
}

function toStored(idOf: NonNullable<RestoreWorkload['idOf']>, event: Follower['events'][number]): readonly StoredEvent[] {
  const id = idOf(event);
  return id === undefined ? [] : [{ id, position: event.position }];
}

function includesAll(events: readonly StoredEvent[], ids: readonly string[]): boolean {
  const seen = new Set(events.map(({ id }) => id));
  return ids.every((id) => seen.has(id));
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await work();
  return performance.now() - from;
}

/** Found by their place, as features are. */
async function findWorkloads(): Promise<readonly CreateWorkload[]> {
  const files = findFiles('.', ['app/features/*/proofs/restore-workload.ts']);
  return Promise.all(files.map(async (file) => ((await import(pathToFileURL(file).href)) as { readonly createWorkload: CreateWorkload }).createWorkload));
}
