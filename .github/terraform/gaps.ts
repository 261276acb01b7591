// What AWS answers and moto 5.2.1 does not, each with the page of AWS's documentation that says so.
// Tested by shim.test.ts: a gap is a rule of the shim.

/** The service as AWS signs it; of a REST call, the operation is its method and path. */
export type Call = Readonly<{ service: string; operation: string; input: Readonly<Record<string, unknown>>; text: string }>;

type Memory = Map<string, Readonly<Record<string, unknown>>>;

export interface Gap {
  readonly service: string;
  readonly operation: RegExp;
  readonly link: string;
  /** In place of moto. */
  readonly answer?: (call: Call, memory: Memory) => { readonly status?: number; readonly body: string } | undefined;
  /** What moto is sent instead. */
  readonly ask?: (call: Call) => string;
  /** What moto answered, with what it left out. */
  readonly amend?: (call: Call, body: string, memory: Memory) => string;
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Keeps the named fields of the requests about a thing. */
function remember(memory: Memory, key: string, input: Call['input'], names: readonly string[]): void {
  memory.set(key, { ...memory.get(key), ...Object.fromEntries(names.flatMap((name) => (name in input ? [[name, input[name]]] : []))) });
}

/** What was asked for, or is AWS's default, is part of the answer. `key` finds which thing is meant; `thing` is where it is told of. */
function echo(service: string, operation: RegExp, key: RegExp, thing: string, fields: Readonly<Record<string, unknown>>, link: string): Gap {
  return {
    service, operation, link,
    amend({ operation: path, text, input }, body, memory) {
      const [, id = ''] = key.exec(`${path} ${text} ${body}`) ?? [];
      remember(memory, id, /^(?:Create|Request|POST)/.test(path) ? { ...fields, ...input } : input, Object.keys(fields));
      const answer = JSON.parse(body || '{}') as Readonly<Record<string, Readonly<Record<string, unknown>>>>;
      return thing in answer ? JSON.stringify({ ...answer, [thing]: { ...answer[thing], ...memory.get(id) } }) : body;
    },
  };
}

/** Put, read and deleted as one thing. */
function stored(memory: Memory, method: string, id: string, thing: Readonly<Record<string, unknown>>): { readonly status?: number; readonly body: string } {
  if (method === 'DELETE') memory.delete(id);
  else if (method !== 'GET') memory.set(id, thing);
  return method === 'GET' && !memory.has(id) ? { status: 404, body: '{"__type":"ResourceNotFoundException","Message":"there is none"}' } : { body: JSON.stringify(memory.get(id) ?? {}) };
}

/** Sets child elements of XML, in place of those of the same name. */
function setChildren(xml: string, children: Readonly<Record<string, unknown>>): string {
  return Object.entries(children).reduce((text, [name, value]) => `<${name}>${String(value)}</${name}>${text.replace(new RegExp(`<${name}>[^<]*</${name}>`), '')}`, xml);
}

type EcsService = Readonly<Record<string, unknown>> & { readonly serviceName: string; readonly deployments: readonly Readonly<Record<string, unknown>>[] };

const ECS_FIELDS = ['availabilityZoneRebalancing', 'healthCheckGracePeriodSeconds', 'deploymentConfiguration', 'enableECSManagedTags', 'enableExecuteCommand'];
/** What a request calls it → what an answer does. */
const RDS_FIELDS = { EnablePerformanceInsights: 'PerformanceInsightsEnabled', PerformanceInsightsKMSKeyId: 'PerformanceInsightsKMSKeyId', PerformanceInsightsRetentionPeriod: 'PerformanceInsightsRetentionPeriod', MonitoringInterval: 'MonitoringInterval', MonitoringRoleArn: 'MonitoringRoleArn', CACertificateIdentifier: 'CACertificateIdentifier', DatabaseInsightsMode: 'DatabaseInsightsMode', NetworkType: 'NetworkType' };

export const gaps: readonly Gap[] = [
  echo('acm', /^(?:Request|Describe)Certificate$/, /"CertificateArn": ?"([^"]+)"/, 'Certificate', { KeyAlgorithm: 'RSA_2048' }, 'https://docs.aws.amazon.com/acm/latest/APIReference/API_CertificateDetail.html'),
  echo('aps', /^(?:POST|GET) \/workspaces(?:\/[\w-]+)?$/, /\b(ws-[\w-]+)/, 'workspace', { kmsKeyArn: undefined }, 'https://docs.aws.amazon.com/prometheus/latest/APIReference/API_WorkspaceDescription.html'),
  {
    service: 'aps', operation: / \/workspaces\/[\w-]+\/alertmanager\/definition/, link: 'https://docs.aws.amazon.com/prometheus/latest/APIReference/API_AlertManagerDefinitionDescription.html',
    answer({ operation, input: { data } }, memory) {
      const [method = '', path = ''] = operation.split(/[ ?]/);
      return stored(memory, method, path, { status: { statusCode: 'ACTIVE' }, alertManagerDefinition: { data, status: { statusCode: 'ACTIVE' }, createdAt: 0, modifiedAt: 0 } });
    },
  },
  echo('cognito-idp', /^(?:Create|Update|Describe)UserPool$/, /"(?:UserPoolId|Id)": ?"([^"]+)"/, 'UserPool', { UserPoolTier: 'ESSENTIALS' }, 'https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_UserPoolType.html'),
  echo('cognito-idp', /^(?:Create|Update|Describe)UserPoolDomain$/, /"Domain": ?"([^"]+)"/, 'DomainDescription', { ManagedLoginVersion: 1 }, 'https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_DomainDescriptionType.html'),
  {
    // And every task that is wanted runs: moto starts none, and Terraform waits for a steady state.
    service: 'ecs', operation: /^(?:CreateService|UpdateService|DescribeServices)$/, link: 'https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Service.html',
    amend({ operation, input }, body, memory) {
      if (operation !== 'DescribeServices') remember(memory, textOf(input['serviceName'] ?? input['service']).split('/').at(-1) ?? '', input, ECS_FIELDS);
      const complete = (service: EcsService) => ({ ...service, ...memory.get(service.serviceName), runningCount: service['desiredCount'], pendingCount: 0, deployments: service.deployments.map((each) => ({ ...each, runningCount: each['desiredCount'], pendingCount: 0, rolloutState: 'COMPLETED' })) });
      const answer = JSON.parse(body) as { readonly service?: EcsService; readonly services?: readonly EcsService[] };
      return JSON.stringify({ ...answer, ...(answer.service && { service: complete(answer.service) }), ...(answer.services && { services: answer.services.map(complete) }) });
    },
  },
  {
    service: 'kms', operation: /KeyRotation/, link: 'https://docs.aws.amazon.com/kms/latest/APIReference/API_GetKeyRotationStatus.html',
    amend({ operation, input }, body, memory) {
      const key = textOf(input['KeyId']).split('/').at(-1) ?? '';
      if (operation === 'EnableKeyRotation') memory.set(key, { RotationPeriodInDays: input['RotationPeriodInDays'] ?? 365 });
      const answer = JSON.parse(body) as { readonly KeyRotationEnabled?: boolean } | null;
      return answer?.KeyRotationEnabled === true ? JSON.stringify({ ...answer, KeyId: key, ...memory.get(key) }) : body;
    },
  },
  {
    service: 'rds', operation: /^(?:Create|Modify|Delete|Reboot)DBInstance$|^DescribeDBInstances$/, link: 'https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DBInstance.html',
    amend({ operation, input }, body, memory) {
      const id = textOf(input['DBInstanceIdentifier']);
      if (/^(?:Create|Modify)/.test(operation)) remember(memory, id, Object.fromEntries(Object.entries(RDS_FIELDS).map(([asked, answered]) => [asked in input ? answered : '', input[asked]])), Object.values(RDS_FIELDS));
      return body.replaceAll(/<DBInstance>(.*?)<\/DBInstance>/gs, (_, inner: string) => {
        const [, name = ''] = /<DBInstanceIdentifier>([^<]*)</.exec(inner) ?? [];
        return `<DBInstance>${setChildren(inner, memory.get(name) ?? {})}</DBInstance>`;
      });
    },
  },
  {
    service: 'ec2', operation: /^(?:AuthorizeSecurityGroup|ModifySecurityGroupRules|DescribeSecurityGroupRules)/, link: 'https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_SecurityGroupRule.html',
    amend({ input }, body, memory) {
      const said = Object.entries(input).find(([name]) => name.endsWith('.Description'))?.[1];
      return body.replaceAll(/<item>(<securityGroupRuleId>([^<]+)<.*?)<\/item>/gs, (item, inner: string, rule: string) => {
        if (said !== undefined) memory.set(rule, { description: said });
        return inner.includes('<description>') || !memory.has(rule) ? item : `<item>${setChildren(inner, memory.get(rule) ?? {})}</item>`;
      });
    },
  },
  {
    // moto takes a folder of a bucket for a part of the bucket's name.
    service: 'ec2', operation: /^(?:Create|Describe)FlowLogs$/, link: 'https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateFlowLogs.html',
    ask: ({ text }) => text.replace(/(LogDestination=arn%3Aaws%3As3%3A%3A%3A[^%&]+)%2F[^&]+/, '$1'),
    amend({ input }, body, memory) {
      const wanted = textOf(input['LogDestination']);
      if (wanted !== '') memory.set(wanted.split('/')[0] ?? '', { wanted });
      return body.replaceAll(/<logDestination>([^<]*)</g, (said, bucket: string) => (memory.has(bucket) ? `<logDestination>${textOf(memory.get(bucket)?.['wanted'])}<` : said));
    },
  },
  {
    // moto crashes on the tags of a target, and Terraform asks for them without end.
    service: 'application-autoscaling', operation: /^(?:RegisterScalableTarget|ListTagsForResource)$/, link: 'https://docs.aws.amazon.com/autoscaling/application/APIReference/API_ListTagsForResource.html',
    answer: ({ operation, input }, memory) => (operation === 'ListTagsForResource' && memory.has(textOf(input['ResourceARN'])) ? { body: JSON.stringify({ Tags: {}, ...memory.get(textOf(input['ResourceARN'])) }) } : undefined),
    amend({ operation, input }, body, memory) {
      // Once more without tags, it keeps those that it has.
      if (operation === 'RegisterScalableTarget') remember(memory, textOf((JSON.parse(body) as { readonly ScalableTargetARN?: string }).ScalableTargetARN), input, ['Tags']);
      return body;
    },
  },
  {
    service: 'budgets', operation: /^(?:CreateBudget|CreateNotification|DescribeSubscribersForNotification|ListTagsForResource)$/, link: 'https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_budgets_DescribeSubscribersForNotification.html',
    answer({ operation, input }, memory) {
      const keyOf = (notification: unknown) => JSON.stringify(Object.entries(notification as object).toSorted(([a], [b]) => a.localeCompare(b)));
      const { Budget, ResourceTags, Notification, Subscribers } = input as { readonly Budget?: { readonly BudgetName: string }; readonly ResourceTags?: unknown; readonly Notification?: unknown; readonly Subscribers?: unknown };
      if (Budget !== undefined) memory.set(Budget.BudgetName, { ResourceTags: ResourceTags ?? [] });
      if (Subscribers !== undefined) memory.set(keyOf(Notification), { Subscribers });
      if (operation === 'ListTagsForResource') return { body: JSON.stringify(memory.get(textOf(input['ResourceARN']).split('/').at(-1) ?? '') ?? { ResourceTags: [] }) };
      return operation.startsWith('Describe') ? { body: JSON.stringify(memory.get(keyOf(Notification)) ?? { Subscribers: [] }) } : undefined;
    },
  },
  {
    // Nor does moto take a backup: a vault has no recovery point that would keep it from being deleted.
    service: 'backup', operation: / \/(?:backup\/plans\/[^/]+\/selections|backup-vaults\/[^/]+\/recovery-points)/, link: 'https://docs.aws.amazon.com/aws-backup/latest/devguide/API_GetBackupSelection.html',
    answer({ operation, input }, memory) {
      const [method = '', path = ''] = operation.split(' ');
      if (path.startsWith('/backup-vaults/')) return { body: '{"RecoveryPoints":[]}' };
      const [, , , plan = '', , id = `${memory.size}-selection`] = path.replace(/\/$/, '').split('/');
      return stored(memory, method, id, { ...input, BackupPlanId: plan, SelectionId: id, CreationDate: Date.now() / 1000 });
    },
  },
  {
    // moto refuses what a statement denies without looking at its condition: everything, where all but TLS is denied. It sees none. And
    // it forgets of a lifecycle how many earlier versions stay, and Terraform waits for what it asked for.
    // https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLifecycleConfiguration.html
    service: 's3', operation: /^(?:GET|PUT|DELETE) \/[^/?]+\?(?:policy|lifecycle)/, link: 'https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketPolicy.html',
    answer({ operation, text }, memory) {
      const [method = '', path = ''] = operation.split(' ');
      if (method !== 'GET') stored(memory, method, path, { text });
      if (path.includes('?lifecycle') || (method === 'GET' && !memory.has(path))) return undefined;
      return method === 'GET' ? { body: textOf(memory.get(path)?.['text']) } : { status: 204, body: '' };
    },
    amend: ({ operation }, body, memory) => (operation.startsWith('GET ') ? textOf(memory.get(operation.slice('GET '.length))?.['text']) || body : body),
  },
];
