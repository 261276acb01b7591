// What runs in production out of a file that is only there for tests, which these rules do not look at (CWE-489).
import type { WeaknessRule } from './weakness.ts';

export const rule: WeaknessRule = {
  cwe: 489,
  message: 'The service loads code of tests, proofs, attacks or benchmarks: it holds weaknesses on purpose, and no gate looks at it.',
  fix: 'Move what production needs out of there, into a file of its own with a test beside it.',
  only: /^app\//,
  match: { 'pattern-regex': '[\'"`](?:#app|\\.{1,2})/(?:[^\'"`\\n]*/)?(?:(?:testing|bench|probes|attacks|proofs)/[^\'"`\\n]+|[^\'"`/\\n]+\\.(?:test|proof|attack)\\.[cm]?[jt]s)[\'"`]' },
  refuses: [
    'import { fetchAny } from "#app/testing/fetch-any.ts";\nexport const f = fetchAny;',
    'export const f = async () => (await import("./report.proof.ts")).run();',
    'import { send } from "../proofs/client.ts";\nexport const f = send;',
    'import "./attacks/front.ts";',
  ],
  allows: [
    'import { testWebhook } from "./test-webhook.ts";\nexport const f = testWebhook;',
    'import { proofOf } from "#app/lib/proof-of-work.ts";\nexport const f = proofOf;',
  ],
};
