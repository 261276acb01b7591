// The receivers keep what Alertmanager tells them, and one of them can be away.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startReceivers } from './receiver.ts';

const message = (status: string): string => JSON.stringify({ version: '4', status, receiver: 'page', alerts: [{ status, labels: { alertname: 'DiskFull', job: 'a' }, annotations: { summary: 'full' }, startsAt: '2026-01-01T00:00:00Z' }] });
const tell = (address: string | undefined, body: string): Promise<number> => fetch(`http://${String(address)}/page`, { method: 'POST', body }).then(({ status }) => status);

test('what is told is kept, with who was told and when; what is no notification is refused', async () => {
  const receivers = await startReceivers(['page', 'security']);
  try {
    const from = Date.now();
    assert.equal(await tell(receivers.addresses['page'], message('firing')), 200);
    assert.equal(await tell(receivers.addresses['security'], message('resolved')), 200);
    assert.equal(await tell(receivers.addresses['page'], '{"alerts":[{"status":"open"}]}'), 400);
    await assert.rejects(tell(receivers.addresses['page'], 'no JSON'));
    assert.deepEqual(receivers.received().map(({ receiver, alert, status }) => `${receiver} ${alert} ${status}`), ['page DiskFull firing', 'security DiskFull resolved']);
    assert.ok(receivers.received().every(({ at, annotations }) => at >= from && annotations['summary'] === 'full'));
  } finally {
    await receivers.close();
  }
});

test('a receiver that is stopped takes nothing, and is there again at its own address', async () => {
  const receivers = await startReceivers(['page', 'security']);
  try {
    await receivers.stop('page');
    await assert.rejects(tell(receivers.addresses['page'], message('firing')));
    assert.equal(await tell(receivers.addresses['security'], message('firing')), 200);
    await receivers.start('page');
    assert.equal(await tell(receivers.addresses['page'], message('firing')), 200);
  } finally {
    await receivers.close();
  }
});
