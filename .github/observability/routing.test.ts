// Who hears of each alert, asked of Alertmanager itself: its amtool for the routes, the running program for what inhibits what.
import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { z } from 'zod';
import { until } from '#app/testing/condition.ts';
import { freePorts } from '#app/testing/ports.ts';
import { readTree } from '../rules/tree.ts';
import { type FoundAlert, readAlerts } from './alert-rules.ts';
import { wantedReceiver } from './proof/verdict.ts';

const root = path.resolve(import.meta.dirname, '../..');
const configuration = path.join(root, 'observability/alertmanager/alertmanager.yaml');
const alerts = readAlerts(readTree(root));
const [amtool, alertmanager] = [find('amtool'), find('alertmanager', 'prometheus-alertmanager')];
const skip = (amtool === undefined || alertmanager === undefined) && 'not run: no Alertmanager and amtool on the PATH (Debian: prometheus-alertmanager)';

/** @throws in CI, where what is missing must not pass for tested. */
function find(...names: readonly string[]): string | undefined {
  const directories = (process.env['PATH'] ?? '').split(path.delimiter);
  const found = names.flatMap((name) => directories.map((directory) => path.join(directory, name))).find((file) => existsSync(file));
  if (found === undefined && process.env['CI'] === 'true') throw new Error(`CI=true needs ${names.join(' or ')}: install prometheus-alertmanager.`);
  return found;
}

async function ask(...parameters: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(amtool ?? '', parameters);
  return stdout.trim();
}

const receiverOf = (labels: Readonly<Record<string, string>>): Promise<string> => ask('config', 'routes', 'test', `--config.file=${configuration}`, ...Object.entries(labels).map(([name, value]) => `${name}=${value}`));

const labelsOf = ({ alert, labels }: Pick<FoundAlert, 'alert' | 'labels'>): Readonly<Record<string, string>> => ({ alertname: alert, job: 'stockade', ...labels });

test('Alertmanager takes its configuration', { skip }, async () => {
  assert.match(await ask('check-config', configuration), /SUCCESS/);
});

test('every alert goes to its one receiver: security to its own, the dead-man’s switch to its own, the rest by how urgent it is', { skip }, async () => {
  for (const alert of alerts) assert.equal(await receiverOf(labelsOf(alert)), wantedReceiver(alert), alert.alert);
  assert.deepEqual(new Set(alerts.map(wantedReceiver)), new Set(['page', 'ticket', 'security', 'watchdog']));
});

test('what no route knows is a ticket, and an alert of security that is named as any other stays security’s', { skip }, async () => {
  assert.equal(await receiverOf({ alertname: 'Unheard' }), 'ticket');
  assert.equal(await receiverOf({ alertname: 'Unheard', severity: 'page', team: 'security' }), 'security');
});

const Status = z.array(z.looseObject({ labels: z.record(z.string(), z.string()), status: z.looseObject({ inhibitedBy: z.array(z.string()) }) }));

/** A running Alertmanager, told nothing but its address. */
let program: ChildProcess | undefined;
let api = '';
const data = mkdtempSync(path.join(tmpdir(), 'alertmanager-'));

before(async () => {
  if (alertmanager === undefined) return;
  const [port = 0] = await freePorts(1);
  api = `http://127.0.0.1:${port}/api/v2`;
  program = spawn(alertmanager, [`--config.file=${configuration}`, `--storage.path=${data}`, `--web.listen-address=127.0.0.1:${port}`, '--cluster.listen-address='], { stdio: 'ignore' });
  await until('Alertmanager to answer', () => fetch(`${api}/status`).then(({ ok }) => ok, () => false), 60_000);
});

after(async () => {
  if (program !== undefined) {
    const ended = once(program, 'exit');
    program.kill('SIGKILL');
    await ended;
  }
  rmSync(data, { recursive: true, force: true });
});

/** Inhibitions are found after alerts, in their order: once the last pair is told apart, all before it are. */
const PAIR = ['fast', 'slow'].map((burn) => ({ alertname: 'Last', objective: 'last', burn }));

async function fire(job: string, firing: readonly Readonly<Record<string, string>>[]): Promise<void> {
  const body = JSON.stringify(firing.map((labels) => ({ labels: { ...labels, job } })));
  const response = await fetch(`${api}/alerts`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  assert.equal(response.status, 200, await response.text());
}

/** Of the alerts that fire at once for this job, those that nobody is told of. */
async function inhibitedAmong(job: string, firing: readonly Readonly<Record<string, string>>[]): Promise<readonly string[]> {
  await fire(job, firing);
  await fire(job, PAIR);
  const query = `${api}/alerts?${new URLSearchParams({ filter: `job="${job}"` }).toString()}`;
  const names = await until(
    'every alert to be seen',
    async () => {
      const found = Status.parse(await (await fetch(query)).json());
      const inhibited = found.filter(({ status }) => status.inhibitedBy.length > 0).map(({ labels }) => labels['alertname'] ?? '');
      return found.length === firing.length + PAIR.length && inhibited.includes('Last') ? inhibited : undefined;
    },
    60_000,
  );
  return names.filter((name) => name !== 'Last').toSorted();
}

const named = (...names: readonly string[]): readonly Readonly<Record<string, string>>[] => alerts.filter(({ alert }) => names.includes(alert)).map((alert) => ({ ...labelsOf(alert), ...(alert.labels['burn'] === undefined ? {} : { objective: alert.alert.replace(/Burn.*/, '').toLowerCase() }) }));

test('of the burns of one objective the fastest alone is told, and no other objective’s', { skip }, async () => {
  assert.deepEqual(await inhibitedAmong('fast', named('AvailabilityBurnFast', 'AvailabilityBurnMiddle', 'AvailabilityBurnSlow', 'LatencyBurnMiddle')), ['AvailabilityBurnMiddle', 'AvailabilityBurnSlow']);
  assert.deepEqual(await inhibitedAmong('middle', named('FreshnessBurnMiddle', 'FreshnessBurnSlow')), ['FreshnessBurnSlow']);
  assert.deepEqual(await inhibitedAmong('slow', named('LatencyBurnSlow', 'AvailabilityBurnSlow')), []);
});

test('a database that is away is told once, for its own job, and not through what follows from it', { skip }, async () => {
  const following = ['AvailabilityBurnFast', 'AvailabilityBurnSlow', 'LatencyBurnMiddle', 'FreshnessBurnFast', 'OutboxLag', 'DatabasePoolSaturated'];
  assert.deepEqual(await inhibitedAmong('database', named('DatabaseUnavailable', 'TargetDown', ...following)), following.toSorted());
  assert.deepEqual(await inhibitedAmong('another', named('OutboxLag')), []);
});

test('nothing silences security, the dead-man’s switch, or who watches the watchers', { skip }, async () => {
  const inhibited = await inhibitedAmong('all', named(...alerts.map(({ alert }) => alert)));
  const kept = alerts.filter(({ labels, file }) => labels['team'] === 'security' || file.endsWith('/alerting.rules.yaml')).map(({ alert }) => alert);
  assert.ok(kept.length >= 9 && inhibited.length >= 8);
  assert.deepEqual(inhibited.filter((alert) => kept.includes(alert)), []);
});
