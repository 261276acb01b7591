// Sends forged access tokens to the running service, one by one, with good ones between them.
import { probeGate } from './probe-gate.ts';

export const gate = probeGate({
  claim: 'every forged access token is refused, and every good one is not',
  why: 'Who can forge a token is everybody (CWE-347).',
  remedy: 'The probe names the forgery and its source; tokens are checked in app/identity/.',
  link: 'https://www.rfc-editor.org/rfc/rfc8725',
  command: ['probe', '--', 'forged-tokens'],
  source: 'app/probes/forged-tokens.proof.ts',
  least: 20,
  onPostgres: true,
  ending: /^\d+ forged tokens, \d+ that did not hold$/m,
});
