// Has Schemathesis hold the running API to its own OpenAPI document, as each role and as nobody.
import { probeGate } from './probe-gate.ts';

export const gate = probeGate({
  claim: 'the API answers as its document says, to each role and to nobody',
  why: 'A client, a gateway and a reviewer trust the document; an answer that is not in it is one that nobody thought of.',
  remedy: 'The probe names operation, case and what was expected; mend the handler, or the schema that makes the document.',
  link: 'https://schemathesis.readthedocs.io/en/stable/reference/checks/',
  tools: [{ set: 'python', program: 'schemathesis' }],
  command: ['probe', '--', 'schemathesis'],
  source: 'app/probes/schemathesis.proof.ts',
  unseeded: 'a run takes five minutes; app/probes/schemathesis-verdict.test.ts holds what turns it red',
  least: 3,
});
