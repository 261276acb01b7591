// What an operator's account has before Terraform comes, and what is in it afterwards: asked of the API, not of Terraform.

/** A domain of the operator's. AWS's ids begin with a Z, and the emulator's with anything: with this seed one does at once. */
export async function createZone(endpoint: string, domain: string): Promise<string> {
  await fetch(`${endpoint}/moto-api/seed?a=${SEED}`, { method: 'POST' });
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt += 1) {
    const body = `<CreateHostedZoneRequest xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><Name>${domain}</Name><CallerReference>${domain}-${attempt}</CallerReference></CreateHostedZoneRequest>`;
    const answer = await ask(endpoint, 'route53', '/2013-04-01/hostedzone', { method: 'POST', body });
    const [, id = ''] = /<Id>\/hostedzone\/([A-Z0-9]+)<\/Id>/.exec(answer) ?? [];
    if (id.startsWith('Z')) return id;
    await ask(endpoint, 'route53', `/2013-04-01/hostedzone/${id}`, { method: 'DELETE' });
  }
  throw new Error('no hosted zone was made');
}

const SEED = 88;
const MOST_ATTEMPTS = 1_000;

/** What AWS makes by itself, or keeps of what was deleted: no resource of Terraform's stands for it. */
const LISTS: Readonly<Record<string, readonly [service: string, request: string | Readonly<Record<string, string>>, item: RegExp]>> = {
  buckets: ['s3', '/', /<Name>([^<]+)<\/Name>/g],
  'database instances': ['rds', { Action: 'DescribeDBInstances', Version: '2014-10-31' }, /<DBInstanceIdentifier>([^<]+)</g],
  'database snapshots': ['rds', { Action: 'DescribeDBSnapshots', Version: '2014-10-31' }, /<DBSnapshotIdentifier>([^<]+)</g],
  networks: ['ec2', { Action: 'DescribeVpcs', Version: '2016-11-15' }, /<vpcId>([^<]+)</g],
  'network interfaces': ['ec2', { Action: 'DescribeNetworkInterfaces', Version: '2016-11-15' }, /<networkInterfaceId>([^<]+)</g],
  'elastic addresses': ['ec2', { Action: 'DescribeAddresses', Version: '2016-11-15' }, /<allocationId>([^<]+)</g],
  'load balancers': ['elasticloadbalancing', { Action: 'DescribeLoadBalancers', Version: '2015-12-01' }, /<LoadBalancerName>([^<]+)</g],
  roles: ['iam', { Action: 'ListRoles', Version: '2010-05-08' }, /<RoleName>([^<]+)</g],
  topics: ['sns', { Action: 'ListTopics', Version: '2010-03-31' }, /<TopicArn>([^<]+)</g],
  subscriptions: ['sns', { Action: 'ListSubscriptions', Version: '2010-03-31' }, /<SubscriptionArn>([^<]+)</g],
  'workspaces of metrics': ['aps', '/workspaces', /"workspaceId": ?"([^"]+)"/g],
  'backup plans': ['backup', '/backup/plans/', /"BackupPlanName": ?"([^"]+)"/g],
  'backup vaults': ['backup', '/backup-vaults/', /"BackupVaultName": ?"([^"]+)"/g],
  alarms: ['monitoring', { Action: 'DescribeAlarms', Version: '2010-08-01' }, /<AlarmName>([^<]+)</g],
  secrets: ['secretsmanager', 'secretsmanager.ListSecrets', /"Name": ?"([^"]+)"/g],
  keys: ['kms', 'TrentService.ListKeys', /"KeyId": ?"([^"]+)"/g],
  'log groups': ['logs', 'Logs_20140328.DescribeLogGroups', /"logGroupName": ?"([^"]+)"/g],
  clusters: ['ecs', 'AmazonEC2ContainerServiceV20141113.ListClusters', /"(arn:[^"]+)"/g],
  'user pools': ['cognito-idp', 'AWSCognitoIdentityProviderService.ListUserPools', /"Id": ?"([^"]+)"/g],
  repositories: ['ecr', 'AmazonEC2ContainerRegistry_V20150921.DescribeRepositories', /"repositoryName": ?"([^"]+)"/g],
};

export type Holdings = ReadonlyMap<string, readonly string[]>;

/** One after the other: the emulator loads a service when it is first asked, and not two of them at a time. */
export async function listHoldings(endpoint: string): Promise<Holdings> {
  const holdings = new Map<string, readonly string[]>();
  for (const [kind, [service, request, item]] of Object.entries(LISTS)) {
    const answer = await ask(endpoint, service, isPath(request) ? request : '/', isPath(request) ? {} : questionOf(request));
    holdings.set(kind, [...answer.matchAll(item)].map((match) => match[1] ?? '').toSorted());
  }
  return holdings;
}

/** What is asked by a path alone; a target has none in it. */
const isPath = (request: string | Readonly<Record<string, string>>): request is string => typeof request === 'string' && request.startsWith('/');

function questionOf(request: string | Readonly<Record<string, string>>): Question {
  if (typeof request !== 'string') return { method: 'POST', body: new URLSearchParams(request).toString(), type: 'application/x-www-form-urlencoded' };
  return { method: 'POST', body: request.endsWith('ListUserPools') ? '{"MaxResults":60}' : '{}', target: request, type: 'application/x-amz-json-1.1' };
}

/** What `after` has and `before` had not, by kind. */
export function leftIn(before: Holdings, after: Holdings): Holdings {
  return new Map([...after].map(([kind, names]) => [kind, names.filter((name) => before.get(kind)?.includes(name) !== true)] as const).filter(([, names]) => names.length > 0));
}

/** Around Terraform, as by hand. What is answered, refusals too. */
export async function deleteDatabase(endpoint: string, identifier: string): Promise<string> {
  return ask(endpoint, 'rds', '/', { method: 'POST', body: new URLSearchParams({ Action: 'DeleteDBInstance', Version: '2014-10-31', DBInstanceIdentifier: identifier, SkipFinalSnapshot: 'true' }).toString(), type: 'application/x-www-form-urlencoded' }).catch(String);
}

/** As a scheduled action does. What was answered, where it was refused. */
export async function moveBounds(endpoint: string, resource: string): Promise<string> {
  const body = JSON.stringify({ ServiceNamespace: 'ecs', ScalableDimension: 'ecs:service:DesiredCount', ResourceId: resource, MinCapacity: 1, MaxCapacity: 9 });
  return ask(endpoint, 'application-autoscaling', '/', { method: 'POST', body, target: 'AnyScaleFrontendService.RegisterScalableTarget', type: 'application/x-amz-json-1.1' }).then(() => '', String);
}

interface Question {
  readonly method?: string;
  readonly body?: string;
  readonly target?: string;
  readonly type?: string;
}

/** The emulator looks at the signature's scope alone, to know which service is meant. */
async function ask(endpoint: string, service: string, path: string, { method = 'GET', body, target, type }: Question = {}): Promise<string> {
  const response = await fetch(endpoint + path, {
    method,
    ...(body === undefined ? {} : { body }),
    headers: { authorization: `AWS4-HMAC-SHA256 Credential=emulator/20260101/${REGION}/${service}/aws4_request, SignedHeaders=host, Signature=none`, 'x-amz-date': '20260101T000000Z', ...(type === undefined ? {} : { 'content-type': type }), ...(target === undefined ? {} : { 'x-amz-target': target }) },
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${service} answered ${response.status} to ${target ?? body ?? path}: ${text.slice(0, 300)}`);
  return text;
}

export const REGION = 'eu-central-1';
