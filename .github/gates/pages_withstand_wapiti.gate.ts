// Has wapiti attack the pages and forms behind sign-in.
import { probeGate } from './probe-gate.ts';

export const gate = probeGate({
  claim: 'wapiti finds nothing in the pages and forms behind sign-in',
  why: 'Injection and request forgery are found by scanners of others too.',
  remedy: 'The probe names page, field and what it sent; markup comes from html alone, SQL from parameters.',
  link: 'https://wapiti-scanner.github.io',
  tools: [{ set: 'python', program: 'wapiti' }],
  command: ['probe', '--', 'wapiti'],
  source: 'app/probes/wapiti.proof.ts',
  unseeded: 'a run takes seven minutes; app/probes/wapiti-verdict.test.ts holds what turns it red',
  least: 1,
});
