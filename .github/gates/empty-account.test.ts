import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ACCOUNT_ID, openEmptyAccount } from './empty-account.ts';

async function asking<T>(use: (ask: (body: string, headers?: Readonly<Record<string, string>>) => Promise<Response>) => Promise<T>): Promise<readonly [T, readonly string[]]> {
  const account = await openEmptyAccount();
  try {
    return [await use((body, headers = {}) => fetch(account.origin, { method: 'POST', body, headers })), account.unanswered];
  } finally {
    await account.close();
  }
}

test('it says whose account it is, which zones it has, and a password', async () => {
  const [answers, unanswered] = await asking((ask) => Promise.all([ask('Action=GetCallerIdentity&Version=2011-06-15'), ask('Action=DescribeAvailabilityZones&Version=2016-11-15'), ask('{}', { 'x-amz-target': 'secretsmanager.GetRandomPassword' })].map(async (answer) => (await answer).text())));
  assert.match(answers[0] ?? '', new RegExp(`<Account>${ACCOUNT_ID}</Account>`));
  assert.equal(answers[1]?.match(/<zoneName>/g)?.length, 3);
  assert.match(answers[2] ?? '', /"RandomPassword":"\w{32,}"/);
  assert.deepEqual(unanswered, []);
});

test('any other question is refused, and told', async () => {
  const [statuses, unanswered] = await asking((ask) => Promise.all([ask('Action=DescribeVpcs'), ask('{}', { 'x-amz-target': 'secretsmanager.GetSecretValue' }), ask('')].map(async (answer) => (await answer).status)));
  assert.deepEqual([statuses, [...unanswered].toSorted()], [[400, 400, 400], ['DescribeVpcs', 'GetSecretValue', 'POST /']]);
});
