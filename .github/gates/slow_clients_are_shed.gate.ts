// Holds connections open that send and read slowly, beside good clients.
import { probeGate } from './probe-gate.ts';

export const gate = probeGate({
  claim: 'clients that send or read slowly are closed, and good ones are served meanwhile',
  why: 'One laptop that sends a byte a second holds every connection of a service that waits for it (CWE-400).',
  remedy: 'The probe names the way of being slow; the limits are in .github/LIMITS.md and app/http/connections.ts.',
  link: 'https://www.cloudflare.com/learning/ddos/ddos-low-and-slow-attack/',
  tools: [{ set: 'machine', program: 'slowhttptest', get: 'apt-get install slowhttptest; it needs Linux' }],
  command: ['probe', '--', 'slow-clients'],
  source: 'app/probes/slow-clients.proof.ts',
  unseeded: 'it measures time, which a proof that runs side by side does not leave alone; npm run probe -- slow-clients --bare shows it red on a bare server',
  least: 3,
});
