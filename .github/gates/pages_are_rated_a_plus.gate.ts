// Has MDN's HTTP Observatory rate every page of the running service.
import { probeGate } from './probe-gate.ts';

export const gate = probeGate({
  claim: 'every page is rated A+ by the HTTP Observatory, with no failed test',
  why: 'A header that is missing on one page is missing for whoever attacks by that page.',
  remedy: 'The probe names page and test; the headers of all answers are made in app/http/security-headers.ts.',
  link: 'https://developer.mozilla.org/en-US/observatory/docs/tests_and_scoring',
  command: ['probe', '--', 'observatory'],
  source: 'app/probes/observatory.proof.ts',
  least: 3,
});
