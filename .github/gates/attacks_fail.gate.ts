// Attacks the running service by the published classes, and a front without the defence beside it, where each must succeed.
import { probeGate } from './probe-gate.ts';

export const gate = probeGate({
  claim: 'the published classes of attack fail, and each succeeds where its defence is taken away',
  why: 'A defence that is never attacked is one that somebody believes in.',
  remedy: 'npm run attack -- <class> shows what was sent and seen; the class is a file app/attacks/<class>.attack.ts.',
  link: 'https://owasp.org/API-Security/editions/2023/en/0x11-t10/',
  command: ['attack'],
  source: 'app/attacks/attack.proof.ts',
  least: 20,
  onPostgres: true,
  ending: /^\d+ attacks on \S+: \d+ hold, \d+ do not, /m,
  standIn: 'the tests attack the embedded database by some of them',
});
