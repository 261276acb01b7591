// Holds the rules of Prometheus to the policies in policies/observability. Tested by yaml-policy.test.ts and its seeds.
import { z } from 'zod';
import type { Gate } from './gate.ts';
import { conftest, judgeYaml } from './yaml-policy.ts';

const Rules = z.looseObject({ groups: z.array(z.looseObject({ name: z.string(), rules: z.array(z.looseObject({})).min(1) })).min(1) });

export const gate: Gate = {
  claim: 'every alert says how urgent it is, what is wrong, and what to do',
  why: 'Who is woken has not written the service. An alert without a runbook, or that fires at the first bad value, is one that is switched off.',
  remedy: 'Each finding names the policy that it breaks; policies/observability/<rule>.rego says why it is there.',
  link: 'https://sre.google/workbook/alerting-on-slos/',
  part: 'observability/',
  tools: [conftest],
  // Neither the tests of rules nor Prometheus' own configuration.
  reads: /^observability\/prometheus\/(?!(?:.*\/)?prometheus\.ya?ml$)(?!.*\.test\.ya?ml$).*\.ya?ml$|^observability\/runbooks\/.*\.md$/,
  settings: /^policies\/(?:observability|lib)\/|^\.github\/gates\/(?:yaml-policy|policy-verdict)\.ts$/,
  // A runbook that is removed leaves its alert without one.
  scope: 'tree',
  when: 'change',
  unparsable: { file: 'observability/prometheus/seeded.yaml', text: 'groups: [\n' },
  check: async (context) => judgeYaml({ ...context, files: context.files.filter((file) => !file.endsWith('.md')) }, 'observability', Rules),
};
