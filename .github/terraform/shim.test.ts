import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { test, type TestContext } from 'node:test';
import { gaps } from './gaps.ts';
import { startShim } from './shim.ts';

type Answers = (request: { readonly path: string; readonly body: string }) => { readonly status?: number; readonly body: string };

/** What stands in for moto here says what the test has it say. */
async function before(t: TestContext, answers: Answers) {
  const upstream = createServer((request, response) => {
    void buffer(request).then((body) => {
      const { status = 200, body: text } = answers({ path: request.url ?? '', body: body.toString() });
      response.writeHead(status, { 'x-from': 'moto' }).end(text);
    });
  });
  await once(upstream.listen(0, '127.0.0.1'), 'listening');
  const shim = await startShim(`http://127.0.0.1:${(upstream.address() as AddressInfo).port}`);
  t.after(async () => {
    await shim.close();
    upstream.closeAllConnections();
    upstream.close();
  });
  const signed = (service: string) => ({ authorization: `AWS4-HMAC-SHA256 Credential=a/20260101/eu-central-1/${service}/aws4_request, SignedHeaders=host, Signature=b` });
  return {
    shim,
    json: async (service: string, operation: string, input: unknown) => (await fetch(shim.origin, { method: 'POST', headers: { ...signed(service), 'x-amz-target': `Prefix.${operation}` }, body: JSON.stringify(input) })).json() as Promise<unknown>,
    form: async (service: string, input: Readonly<Record<string, string>>) => (await fetch(shim.origin, { method: 'POST', headers: { ...signed(service), 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' }, body: new URLSearchParams(input) })).text(),
    path: (service: string, method: string, at: string, body?: string) => fetch(shim.origin + at, { method, headers: { ...signed(service), 'content-type': 'application/json' }, ...(body === undefined ? {} : { body }) }),
  };
}

test('what no gap is about passes as it is, headers and status too', async (t) => {
  const { path: ask } = await before(t, ({ path: at, body }) => ({ status: 404, body: `${at} ${body}` }));
  const response = await ask('s3', 'PUT', '/bucket/key?x=1', 'content');
  assert.deepEqual([response.status, response.headers.get('x-from'), await response.text()], [404, 'moto', '/bucket/key?x=1 content']);
});

test('what moto has not got is refused at once, and named', async (t) => {
  const { shim, path: ask } = await before(t, () => ({ status: 500, body: 'not implemented' }));
  assert.equal((await ask('iot', 'GET', '/things')).status, 400);
  assert.deepEqual([...shim.missing], ['iot GET /things']);
});

test('ECS: a service is answered with what was asked for, and its tasks run', async (t) => {
  const bare = { serviceName: 'service', desiredCount: 2, runningCount: 0, deployments: [{ desiredCount: 2, rolloutState: 'IN_PROGRESS' }] };
  const { json } = await before(t, ({ body }) => ({ body: JSON.stringify(body.includes('"services"') ? { services: [bare] } : { service: bare }) }));
  await json('ecs', 'CreateService', { serviceName: 'service', availabilityZoneRebalancing: 'ENABLED', healthCheckGracePeriodSeconds: 60, taskDefinition: 'a:1' });
  await json('ecs', 'UpdateService', { service: 'arn:aws:ecs:a:1:service/cluster/service', healthCheckGracePeriodSeconds: 30 });
  const { services: [described] } = (await json('ecs', 'DescribeServices', { services: ['service'] })) as { services: [Record<string, unknown>] };
  assert.deepEqual(described, { ...bare, availabilityZoneRebalancing: 'ENABLED', healthCheckGracePeriodSeconds: 30, runningCount: 2, pendingCount: 0, deployments: [{ desiredCount: 2, rolloutState: 'COMPLETED', runningCount: 2, pendingCount: 0 }] });
});

test('what was asked of a certificate, a workspace, a user pool and its domain is what they tell', async (t) => {
  const { json, path: ask } = await before(t, ({ path: at, body }) => ({ body: at.startsWith('/workspaces/') ? '{"workspace":{"workspaceId":"ws-1"}}' : at === '/workspaces' ? '{"workspaceId":"ws-1"}' : body.includes('CertificateArn') ? '{"Certificate":{"KeyAlgorithm":"RSA_2048"}}' : body.includes('KeyAlgorithm') ? '{"CertificateArn":"arn:a"}' : body.includes('Domain') ? '{"DomainDescription":{"Domain":"a"}}' : '{"UserPool":{"Id":"pool"}}' }));
  await json('acm', 'RequestCertificate', { KeyAlgorithm: 'EC_prime256v1' });
  assert.deepEqual(await json('acm', 'DescribeCertificate', { CertificateArn: 'arn:a' }), { Certificate: { KeyAlgorithm: 'EC_prime256v1' } });
  await ask('aps', 'POST', '/workspaces', '{"kmsKeyArn":"arn:key"}');
  assert.deepEqual(await (await ask('aps', 'GET', '/workspaces/ws-1')).json(), { workspace: { workspaceId: 'ws-1', kmsKeyArn: 'arn:key' } });
  await json('cognito-idp', 'CreateUserPool', { PoolName: 'a' });
  assert.deepEqual(await json('cognito-idp', 'DescribeUserPool', { UserPoolId: 'pool' }), { UserPool: { Id: 'pool', UserPoolTier: 'ESSENTIALS' } });
  await json('cognito-idp', 'UpdateUserPool', { UserPoolId: 'pool', UserPoolTier: 'PLUS' });
  assert.deepEqual(await json('cognito-idp', 'DescribeUserPool', { UserPoolId: 'pool' }), { UserPool: { Id: 'pool', UserPoolTier: 'PLUS' } });
  await json('cognito-idp', 'CreateUserPoolDomain', { Domain: 'a', ManagedLoginVersion: 1 });
  assert.deepEqual(await json('cognito-idp', 'DescribeUserPoolDomain', { Domain: 'a' }), { DomainDescription: { Domain: 'a', ManagedLoginVersion: 1 } });
});

test('KMS: a key tells after how many days it changes, and one that does not change tells nothing', async (t) => {
  const { json } = await before(t, ({ body }) => ({ body: body.includes('RotationPeriodInDays') ? 'null' : `{"KeyRotationEnabled":${String(body.includes('"a"'))}}` }));
  await json('kms', 'EnableKeyRotation', { KeyId: 'a', RotationPeriodInDays: 180 });
  assert.deepEqual(await json('kms', 'GetKeyRotationStatus', { KeyId: 'a' }), { KeyRotationEnabled: true, KeyId: 'a', RotationPeriodInDays: 180 });
  assert.deepEqual(await json('kms', 'GetKeyRotationStatus', { KeyId: 'b' }), { KeyRotationEnabled: false });
});

test('RDS: an instance tells of monitoring and its authority what was asked for, and another does not', async (t) => {
  const { form } = await before(t, ({ body }) => ({ body: `<r><DBInstance><DBInstanceIdentifier>${new URLSearchParams(body).get('DBInstanceIdentifier') ?? ''}</DBInstanceIdentifier><CACertificateIdentifier>rds-ca-default</CACertificateIdentifier></DBInstance></r>` }));
  await form('rds', { Action: 'CreateDBInstance', DBInstanceIdentifier: 'a', EnablePerformanceInsights: 'true', MonitoringInterval: '60', CACertificateIdentifier: 'rds-ca-ecc384-g1' });
  const [a, b] = [await form('rds', { Action: 'DescribeDBInstances', DBInstanceIdentifier: 'a' }), await form('rds', { Action: 'DescribeDBInstances', DBInstanceIdentifier: 'b' })];
  for (const part of ['<PerformanceInsightsEnabled>true<', '<MonitoringInterval>60<', '<CACertificateIdentifier>rds-ca-ecc384-g1<']) assert.ok(a.includes(part), `${part} in ${a}`);
  assert.ok(!a.includes('default') && b.includes('default'));
});

test('EC2: a rule that refers to a group keeps its description', async (t) => {
  const { form } = await before(t, () => ({ body: '<r><item><securityGroupRuleId>sgr-1</securityGroupRuleId><tagSet><item><key>a</key></item></tagSet></item></r>' }));
  await form('ec2', { Action: 'AuthorizeSecurityGroupIngress', 'IpPermissions.1.Groups.1.Description': 'from the service' });
  assert.match(await form('ec2', { Action: 'DescribeSecurityGroupRules' }), /<item><description>from the service<\/description><securityGroupRuleId>sgr-1</);
});

test('EC2: a flow log goes into a folder of its bucket', async (t) => {
  const { form } = await before(t, ({ body }) => ({ body: `<r><logDestination>${new URLSearchParams(body).get('LogDestination') ?? 'arn:aws:s3:::bucket'}</logDestination></r>` }));
  assert.equal(await form('ec2', { Action: 'CreateFlowLogs', LogDestination: 'arn:aws:s3:::bucket/network' }), '<r><logDestination>arn:aws:s3:::bucket/network</logDestination></r>');
  assert.equal(await form('ec2', { Action: 'DescribeFlowLogs' }), '<r><logDestination>arn:aws:s3:::bucket/network</logDestination></r>');
});

test('scaling: a target keeps its tags', async (t) => {
  const { json } = await before(t, () => ({ body: '{"ScalableTargetARN":"arn:a"}' }));
  await json('application-autoscaling', 'RegisterScalableTarget', { Tags: { Project: 'a' } });
  assert.deepEqual(await json('application-autoscaling', 'ListTagsForResource', { ResourceARN: 'arn:a' }), { Tags: { Project: 'a' } });
  await json('application-autoscaling', 'RegisterScalableTarget', { MinCapacity: 1 });
  assert.deepEqual(await json('application-autoscaling', 'ListTagsForResource', { ResourceARN: 'arn:a' }), { Tags: { Project: 'a' } });
});

test('budgets: who is warned of what, and the tags', async (t) => {
  const { json } = await before(t, () => ({ body: '{}' }));
  const [Notification, Subscribers] = [{ Threshold: 100, NotificationType: 'FORECASTED' }, [{ Address: 'a@example.org', SubscriptionType: 'EMAIL' }]];
  await json('budgets', 'CreateBudget', { Budget: { BudgetName: 'a' }, ResourceTags: [{ Key: 'Project', Value: 'a' }] });
  await json('budgets', 'CreateNotification', { BudgetName: 'a', Notification, Subscribers });
  assert.deepEqual(await json('budgets', 'DescribeSubscribersForNotification', { BudgetName: 'a', Notification: { NotificationType: 'FORECASTED', Threshold: 100 } }), { Subscribers });
  assert.deepEqual(await json('budgets', 'DescribeSubscribersForNotification', { BudgetName: 'a', Notification: { NotificationType: 'ACTUAL', Threshold: 100 } }), { Subscribers: [] });
  assert.deepEqual(await json('budgets', 'ListTagsForResource', { ResourceARN: 'arn:aws:budgets::1:budget/a' }), { ResourceTags: [{ Key: 'Project', Value: 'a' }] });
});

test('backups: a selection is there until it is deleted, and a vault is empty', async (t) => {
  const { path: ask } = await before(t, () => ({ status: 500, body: 'not reached' }));
  const made = (await (await ask('backup', 'PUT', '/backup/plans/plan/selections/', '{"BackupSelection":{"SelectionName":"a"}}')).json()) as { readonly SelectionId: string };
  const there = await ask('backup', 'GET', `/backup/plans/plan/selections/${made.SelectionId}`);
  assert.deepEqual(((await there.json()) as { readonly BackupSelection: unknown }).BackupSelection, { SelectionName: 'a' });
  await ask('backup', 'DELETE', `/backup/plans/plan/selections/${made.SelectionId}`);
  assert.equal((await ask('backup', 'GET', `/backup/plans/plan/selections/${made.SelectionId}`)).status, 404);
  assert.equal(await (await ask('backup', 'GET', '/backup-vaults/a/recovery-points/')).text(), '{"RecoveryPoints":[]}');
});

test('metrics: a workspace has no Alertmanager until it gets one, and it tells what it was given last', async (t) => {
  const { path: ask } = await before(t, () => ({ status: 500, body: 'not reached' }));
  const at = '/workspaces/ws-1/alertmanager/definition';
  assert.equal((await ask('aps', 'GET', at)).status, 404);
  for (const [method, data] of [['POST', 'cm91dGU6'], ['PUT', 'cm91dGVzOg==']] as const) {
    await ask('aps', method, at, JSON.stringify({ data, clientToken: 'a' }));
    const { alertManagerDefinition } = (await (await ask('aps', 'GET', at)).json()) as { readonly alertManagerDefinition: unknown };
    assert.deepEqual(alertManagerDefinition, { data, status: { statusCode: 'ACTIVE' }, createdAt: 0, modifiedAt: 0 });
  }
  assert.equal((await ask('aps', 'GET', at.replace('ws-1', 'ws-2'))).status, 404);
  await ask('aps', 'DELETE', `${at}?clientToken=b`);
  assert.equal((await ask('aps', 'GET', at)).status, 404);
});

test('S3: a bucket’s policy is kept from moto, and its lifecycle answered as it was put', async (t) => {
  const { path: ask } = await before(t, ({ path: at, body }) => ({ status: at.includes('policy') ? 404 : 200, body: body === '' ? 'of moto' : '' }));
  assert.equal((await ask('s3', 'GET', '/bucket?policy')).status, 404);
  assert.equal((await ask('s3', 'PUT', '/bucket?policy', '{"Statement":[]}')).status, 204);
  assert.equal(await (await ask('s3', 'GET', '/bucket?policy')).text(), '{"Statement":[]}');
  await ask('s3', 'DELETE', '/bucket?policy');
  assert.equal((await ask('s3', 'GET', '/bucket?policy')).status, 404);
  await ask('s3', 'PUT', '/bucket?lifecycle', '<a/>');
  assert.equal(await (await ask('s3', 'GET', '/bucket?lifecycle')).text(), '<a/>');
  await ask('s3', 'DELETE', '/bucket?lifecycle');
  assert.equal(await (await ask('s3', 'GET', '/bucket?lifecycle')).text(), 'of moto');
});

test('each gap says where AWS documents it, and all of the shim stays below 200 lines', () => {
  for (const { link } of gaps) assert.match(link, /^https:\/\/docs\.aws\.amazon\.com\//);
  const lines = ['shim.ts', 'gaps.ts'].flatMap((file) => readFileSync(path.join(import.meta.dirname, file), 'utf8').split('\n')).filter((line) => !/^\s*(?:\/\/|\/?\*|$)/.test(line));
  assert.ok(lines.length < 200, `${lines.length} lines`);
});
