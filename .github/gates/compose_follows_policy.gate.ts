// Holds every compose file to the policies in policies/compose. Tested by yaml-policy.test.ts and its seeds.
import { z } from 'zod';
import type { Gate } from './gate.ts';
import { conftest, judgeYaml } from './yaml-policy.ts';

const Compose = z.looseObject({ services: z.record(z.string(), z.looseObject({})).refine((services) => Object.keys(services).length > 0) });

export const gate: Gate = {
  claim: 'what starts on a laptop listens there alone, is pinned, and has no right that it does not use',
  why: 'A compose file is copied from laptop to server as it is, with ports open to everybody, root inside, and the socket of Docker mounted for a dashboard.',
  remedy: 'Each finding names the policy that it breaks; policies/compose/<rule>.rego says why it is there.',
  link: 'https://cheatsheetseries.owasp.org/cheatsheets/Docker_Security_Cheat_Sheet.html',
  tools: [conftest],
  // package.json, so that a fork which deleted observability/ is still asked when it brings a compose file of its own.
  reads: /(?:^|\/)(?:docker-)?compose[\w.-]*\.ya?ml$|^package\.json$/,
  settings: /^policies\/(?:compose|lib)\/|^\.github\/gates\/(?:yaml-policy|policy-verdict)\.ts$/,
  scope: 'file',
  when: 'change',
  unparsable: { file: 'observability/compose.seeded.yaml', text: 'services: [\n' },
  async check(context) {
    const files = context.files.filter((file) => file !== 'package.json');
    return files.length === 0 ? [] : judgeYaml({ ...context, files }, 'compose', Compose);
  },
};
