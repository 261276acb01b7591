import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawGraph } from './graph.ts';

const change = { actions: ['create'], before: null, after: {} };
const made = (type: string, name = 'main') => ({ address: `${type}.${name}`, type, name, mode: 'managed', change });
const configured = (type: string, ...references: readonly string[]) => ({ address: `${type}.main`, type, name: 'main', mode: 'managed', expressions: { a: { references } } });

test('the picture has what the plan has: how many of each, and who refers to whom, also through what ties two together', () => {
  const svg = drawGraph({
    resource_changes: [made('aws_lb'), made('aws_wafv2_web_acl'), made('aws_wafv2_web_acl_association'), made('aws_kms_key', 'a'), made('aws_kms_key', 'b')],
    configuration: { root_module: { resources: [configured('aws_lb'), configured('aws_wafv2_web_acl'), configured('aws_wafv2_web_acl_association', 'aws_lb.main.arn', 'aws_lb.main', 'aws_wafv2_web_acl.main.arn')] } },
  });
  for (const part of ['>Load balancer<', '>Firewall<', '>KMS keys × 2<', '5 resources']) assert.ok(svg.includes(part), part);
  assert.equal(svg.match(/marker-end/g)?.length, 1);
  assert.ok(!svg.includes('PostgreSQL'));
});
