// An alert that did not fire, or that nobody drives, is never called proven.
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { readTree } from '../../rules/tree.ts';
import { readAlerts } from '../alert-rules.ts';
import type { Notification } from './receiver.ts';
import { STAGES } from './scenarios.ts';
import { judge, planProblems, rowOf } from './verdict.ts';

const alerts = readAlerts(readTree(path.resolve(import.meta.dirname, '../../..'))).map(({ alert }) => alert);
const alert = { alert: 'DiskFull', labels: { severity: 'page', team: 'service' } };
const heard = (status: 'firing' | 'resolved', at: number, receiver = 'page', runbook = 'https://example.com/DiskFull.md'): Notification => ({ receiver, alert: 'DiskFull', status, at, labels: {}, annotations: { runbook_url: runbook } });
const failureOf = (...notifications: readonly Notification[]): string | undefined => judge(alert, 'a fault', notifications, { injectedAt: 1_000, liftedAt: 5_000 }).failure;

test('every alert that is shipped has its one scenario, and every scenario an alert', () => {
  assert.ok(alerts.length >= 27);
  assert.deepEqual(planProblems(alerts, STAGES.flat()), []);
});

test('an alert without a scenario, a scenario without an alert, and two for one are told', () => {
  assert.deepEqual(planProblems(['DiskFull', 'DiskSlow'], [{ alerts: ['DiskFull', 'DiskGone'] }, { alerts: ['DiskFull'] }]), [
    'DiskSlow has no scenario: say in scenarios.ts what fault fires it',
    'there is a scenario for DiskGone, and no such alert',
    'DiskFull has two scenarios',
  ]);
});

test('fired by the fault and resolved after it was lifted, at the receiver it is meant for: proven', () => {
  const outcome = judge(alert, 'a fault', [heard('firing', 3_500), heard('resolved', 9_000)], { injectedAt: 1_000, liftedAt: 5_000 });
  assert.deepEqual(rowOf(outcome, 60), ['✔', 'DiskFull', 'page', '2.5 s (3 min)', '4.0 s (4 min)', 'a fault']);
});

test('what is missing is told: it never fired, fired before the fault, is not over, was over while the fault lasted', () => {
  assert.equal(failureOf(), 'nobody was told that it fires');
  assert.equal(failureOf(heard('firing', 900), heard('resolved', 9_000)), 'nobody was told that it fires');
  assert.equal(failureOf(heard('firing', 2_000)), 'nobody was told that it is over');
  assert.equal(failureOf(heard('firing', 2_000), heard('resolved', 3_000)), 'nobody was told that it is over');
  assert.equal(judge(alert, '', [heard('firing', 2_000), heard('resolved', 3_000)], { injectedAt: 1_000, liftedAt: undefined }).failure, 'nobody was told that it is over');
  assert.deepEqual(rowOf(judge(alert, 'a fault', [], { injectedAt: 1_000, liftedAt: 5_000 }), 60), ['✖', 'DiskFull', '', 'never', 'never', 'a fault: nobody was told that it fires']);
});

test('who is told matters, and what leads to the runbook', () => {
  assert.equal(failureOf(heard('firing', 2_000, 'ticket'), heard('resolved', 9_000, 'ticket')), 'it went to ticket, and not to page');
  assert.equal(failureOf(heard('firing', 2_000, 'page', 'https://example.com/'), heard('resolved', 9_000)), 'its notification leads to no runbook');
});
