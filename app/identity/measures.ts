// What sign-ins and credentials tell Prometheus.
// Tested by sign-in.test.ts and bearer.test.ts: by sign-ins and tokens of each kind.
import { Counter, type Registry } from 'prom-client';
import { type CountSignIn, SIGN_IN_OUTCOMES } from '#app/feature.ts';
import { TOKEN_FAULTS, type TokenFault } from '#app/identity/bearer.ts';

export interface IdentityMeasures {
  /** For one way to sign in, which is named once: so there are as many as the code has. */
  readonly countSignIns: (way: string) => CountSignIn;
  readonly countRefusedToken: (reason: TokenFault) => void;
}

export function createIdentityMeasures(metrics: Registry): IdentityMeasures {
  const signIns = new Counter({ name: 'stockade_sign_ins_total', help: 'Attempts to sign in, by the way that was taken and how they ended.', labelNames: ['way', 'outcome'], registers: [metrics] });
  const refused = new Counter({ name: 'stockade_access_tokens_refused_total', help: 'Access tokens that were sent and refused, by what was wrong with them.', labelNames: ['reason'], registers: [metrics] });
  for (const reason of TOKEN_FAULTS) refused.inc({ reason }, 0);
  return {
    countSignIns(way) {
      for (const outcome of SIGN_IN_OUTCOMES) signIns.inc({ way, outcome }, 0);
      return (outcome) => { signIns.inc({ way, outcome }); };
    },
    countRefusedToken(reason) {
      refused.inc({ reason });
    },
  };
}
