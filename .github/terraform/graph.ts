// A picture of the infrastructure, drawn from a plan: which resources there are, in which place of the network, and which refers to which.
import type { Plan } from './differences.ts';

/** What is shown, from where clients are to where data rests; what only ties two of them together is an arrow, or nothing. */
const LANES: readonly { readonly title: string; readonly nodes: readonly (readonly [label: string, ...types: string[]])[] }[] = [
  { title: 'Names and trust', nodes: [['DNS record', 'aws_route53_record'], ['Certificate', 'aws_acm_certificate'], ['User pool', 'aws_cognito_user_pool'], ['Firewall', 'aws_wafv2_web_acl']] },
  { title: 'Public subnets', nodes: [['Internet gateway', 'aws_internet_gateway'], ['Load balancer', 'aws_lb'], ['NAT gateway', 'aws_nat_gateway']] },
  { title: 'Private subnets', nodes: [['Target group', 'aws_lb_target_group'], ['Service (Fargate)', 'aws_ecs_service'], ['Task definitions', 'aws_ecs_task_definition'], ['Scaling', 'aws_appautoscaling_target'], ['Endpoints', 'aws_vpc_endpoint']] },
  { title: 'Data subnets', nodes: [['PostgreSQL', 'aws_db_instance'], ['Valkey', 'aws_elasticache_replication_group'], ['Network ACL', 'aws_network_acl']] },
  { title: 'Keys, secrets, rights', nodes: [['KMS keys', 'aws_kms_key'], ['Secrets', 'aws_secretsmanager_secret'], ['Roles', 'aws_iam_role']] },
  { title: 'Watching and keeping', nodes: [['Log bucket', 'aws_s3_bucket'], ['Log groups', 'aws_cloudwatch_log_group'], ['Alarms', 'aws_cloudwatch_metric_alarm'], ['Alarm topics', 'aws_sns_topic'], ['Rules and routes', 'aws_prometheus_rule_group_namespace', 'aws_prometheus_alert_manager_definition'], ['Prometheus', 'aws_prometheus_workspace'], ['Backup vault', 'aws_backup_vault'], ['Budget', 'aws_budgets_budget']] },
];

/** Through these an arrow goes on to what they refer to in turn. */
const TIES = new Set(['aws_wafv2_web_acl_association', 'aws_lb_listener', 'aws_lb_listener_rule', 'aws_acm_certificate_validation', 'aws_vpc_security_group_ingress_rule', 'aws_backup_plan', 'aws_backup_selection', 'aws_iam_role_policy', 'aws_secretsmanager_secret_version', 'aws_appautoscaling_policy', 'aws_route', 'aws_sns_topic_policy', 'aws_db_subnet_group', 'aws_db_parameter_group', 'aws_flow_log', 'aws_cognito_user_pool_client']);

interface Configuration {
  readonly configuration?: { readonly root_module: { readonly resources?: readonly { readonly address: string; readonly type: string; readonly name: string; readonly mode: string; readonly expressions?: unknown; readonly for_each_expression?: unknown }[] } };
}

export function drawGraph(plan: Plan & Configuration): string {
  const counts = Map.groupBy((plan.resource_changes ?? []).filter(({ mode, change }) => mode === 'managed' && change.actions.join(' ') !== 'delete'), ({ type }) => type);
  const lanes = LANES.map(({ title, nodes }) => ({ title, nodes: nodes.map(([label, ...types]) => ({ label, types, count: types.reduce((sum, type) => sum + (counts.get(type)?.length ?? 0), 0) })).filter(({ count }) => count > 0) })).filter(({ nodes }) => nodes.length > 0);
  const placed = lanes.flatMap(({ nodes }, lane) => nodes.map((node, index) => ({ ...node, x: GAP + lane * (WIDTH + BETWEEN), y: TOP + index * (HEIGHT + SPACE) })));
  const arrows = referencesOf(plan).flatMap(({ from, to }) => {
    const [a, b] = [placed.find(({ types }) => types.includes(from)), placed.find(({ types }) => types.includes(to))];
    return a === undefined || b === undefined || a === b ? [] : [[a, b] as const];
  });
  const total = [...counts.values()].reduce((sum, each) => sum + each.length, 0);
  const height = TOP + Math.max(...lanes.map(({ nodes }) => nodes.length)) * (HEIGHT + SPACE) + FOOT;
  const width = 2 * GAP + lanes.length * WIDTH + (lanes.length - 1) * BETWEEN;
  const shown = placed.reduce((sum, { count }) => sum + count, 0);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="ui-sans-serif, system-ui, sans-serif" font-size="13" role="img" aria-label="The ${total} resources of production and which refers to which">`,
    '<defs><marker id="a" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="6" markerHeight="6" orient="auto"><path d="M0 0L8 4L0 8z" fill="#5b6b7f"/></marker></defs>',
    `<rect width="${width}" height="${height}" rx="8" fill="#f7f8fa"/>`,
    ...lanes.map(({ title }, lane) => `<rect x="${GAP - 10 + lane * (WIDTH + BETWEEN)}" y="14" width="${WIDTH + 20}" height="${height - FOOT - 8}" rx="6" fill="#fff" stroke="#d9dee6"/><text x="${GAP + lane * (WIDTH + BETWEEN) + WIDTH / 2}" y="36" text-anchor="middle" font-weight="600" fill="#28323e">${title}</text>`),
    ...arrows.map(([a, b]) => `<path d="${curve(a, b)}" fill="none" stroke="#5b6b7f" stroke-opacity="0.45" marker-end="url(#a)"/>`),
    ...placed.map(({ label, count, x, y }) => `<rect x="${x}" y="${y}" width="${WIDTH}" height="${HEIGHT}" rx="5" fill="#e8eef8" stroke="#7b93b8"/><text x="${x + WIDTH / 2}" y="${y + HEIGHT / 2 + 4.5}" text-anchor="middle" fill="#1c2733">${label}${count > 1 ? ` × ${count}` : ''}</text>`),
    `<text x="${GAP}" y="${height - 12}" fill="#5b6b7f" font-size="12">Drawn from the plan of production: ${total} resources, of which ${shown} are shown; an arrow goes from what refers to what it refers to.</text>`,
    '</svg>',
    '',
  ].join('\n');
}

const [GAP, TOP, WIDTH, HEIGHT, SPACE, BETWEEN, FOOT] = [24, 54, 152, 36, 26, 58, 34] as const;

interface Place {
  readonly x: number;
  readonly y: number;
}

/** From the side that faces the other; within a lane around its outside. */
function curve(a: Place, b: Place): string {
  const [from, to] = [a.y + HEIGHT / 2, b.y + HEIGHT / 2];
  if (a.x === b.x) {
    if (Math.abs(a.y - b.y) <= HEIGHT + SPACE) return a.y < b.y ? `M${a.x + WIDTH / 2} ${a.y + HEIGHT}V${b.y - 1}` : `M${a.x + WIDTH / 2} ${a.y}V${b.y + HEIGHT + 1}`;
    return `M${a.x + WIDTH} ${from}C${a.x + WIDTH + 30} ${from} ${a.x + WIDTH + 30} ${to} ${a.x + WIDTH + 1} ${to}`;
  }
  const [start, end] = a.x < b.x ? [a.x + WIDTH, b.x - 1] : [a.x, b.x + WIDTH + 1];
  const bend = Math.max(30, Math.abs(end - start) / 2) * (a.x < b.x ? 1 : -1);
  return `M${start} ${from}C${start + bend} ${from} ${end - bend} ${to} ${end} ${to}`;
}

function referencesOf({ configuration }: Configuration): readonly { readonly from: string; readonly to: string }[] {
  const resources = configuration?.root_module.resources ?? [];
  const direct = new Map(resources.map((resource) => [resource.address, addressesIn([resource.expressions, resource.for_each_expression])]));
  const known = new Map(resources.map(({ address, type, mode }) => [address, { type, mode }]));
  const shown = new Set(LANES.flatMap(({ nodes }) => nodes.flatMap(([, ...types]) => types)));
  const reach = (address: string, seen: ReadonlySet<string>): readonly string[] => (direct.get(address) ?? []).flatMap((to) => {
    const target = known.get(to);
    if (target === undefined || seen.has(to)) return [];
    return TIES.has(target.type) || target.mode === 'data' ? reach(to, new Set([...seen, to])) : [target.type];
  });
  const pairs = resources.flatMap(({ address, type, mode }) => {
    const ends = [...new Set(reach(address, new Set([address])))].filter((to) => shown.has(to));
    if (mode === 'managed' && shown.has(type)) return ends.map((to) => ({ from: type, to }));
    // What ties two together refers to both: the first is the one that it stands at.
    return TIES.has(type) && ends.length > 1 ? ends.slice(1).map((to) => ({ from: ends[0] ?? '', to })) : [];
  });
  return [...new Map(pairs.map((pair) => [`${pair.from} ${pair.to}`, pair])).values()];
}

/** `aws_lb.main` of `aws_lb.main.arn` and `aws_lb.main[0]`, anywhere in a plan's expressions. */
function addressesIn(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(addressesIn);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => (name === 'references' && Array.isArray(inner) ? inner.flatMap((each) => /^(?:data\.)?aws_\w+\.\w+/.exec(String(each))?.[0] ?? []) : addressesIn(inner)));
}
