// What a subject may do: asks the policy, and keeps a log of what it decided.
import type { Logger } from 'pino';
import { Counter, Gauge, type Registry } from 'prom-client';
import { loadPolicy, type PolicyInput, UNDECIDED } from '#app/access/policy.ts';
import { type AccessSource, collectRules, type Rules } from '#app/access/rules.ts';
import type { Action, Decision, Resource, Subject } from '#app/feature.ts';

export interface Access {
  /** What it decides is logged: every no, and of the yeses one in so many. */
  decide(subject: Subject, action: Action, resource?: Resource, log?: () => Logger): Decision;
  /** For what is shown, not done: not logged, and a sign-in that is too old hides nothing. */
  can(subject: Subject, action: Action): boolean;
  /** Other grants for some actions, from outside; undefined goes back to what the features declare. */
  override(grants: Rules['grants'] | undefined, revision: string): void;
  /** Of the features' declarations. */
  readonly rules: Rules;
}

export interface AccessOptions {
  readonly log: Logger;
  readonly metrics: Registry;
  readonly clock: () => Date;
  /** Of so many decisions that allow, one is logged. */
  readonly logAllowedOneIn: number;
  /** By how many factors people must have signed in for whatever they do (ASVS 6.3.3). */
  readonly signInFactors: 1 | 2;
}

const DECLARED = 'declared';

/** Deny by default (ASVS 8.2.1). Rejects with AppError for declarations that don't fit together. */
export async function createAccess(sources: readonly AccessSource[], { log: ownLog, metrics, clock, logAllowedOneIn, signInFactors }: AccessOptions): Promise<Access> {
  const rules = collectRules(sources, signInFactors);
  const policy = await loadPolicy(rules);
  const measures = createMeasures(metrics);
  measures.loaded.setToCurrentTime();
  let revision = DECLARED;
  let allowed = 0;

  const isLogged = (decision: Decision): boolean => {
    if (!decision.allowed) return true;
    allowed = (allowed + 1) % logAllowedOneIn;
    return allowed === 0;
  };
  const evaluate = (subject: Subject, action: Action, resource?: Resource) => policy.decide(toInput(subject, action, resource, clock));

  return {
    rules,
    decide(subject, action, resource, log = () => ownLog) {
      const decision = measures.count(() => evaluate(subject, action, resource));
      if (isLogged(decision)) log().info({ access: { action, tenant: subject.tenantId, subject: subject.id, roles: subject.roles, credential: subject.credential.kind, resource, allowed: decision.allowed, reason: decision.reason, revision } }, 'access decided');
      return decision;
    },
    can(subject, action) {
      const decision = evaluate(subject, action);
      return decision.allowed || decision.reason === 'step-up-required';
    },
    override(grants, newRevision) {
      policy.use(grants === undefined ? rules : { ...rules, grants: { ...rules.grants, ...grants } });
      revision = grants === undefined ? DECLARED : newRevision;
      measures.loaded.setToCurrentTime();
    },
  };
}

interface Measures {
  readonly loaded: Gauge;
  readonly count: (decide: () => Decision) => Decision;
}

/** A sign-in that is asked for again is no denial: the person may, once they have. */
function createMeasures(metrics: Registry): Measures {
  const decisions = new Counter({ name: 'stockade_access_decisions_total', help: 'What the policy decided of requests; failed: it could not be asked, and nobody was let in.', labelNames: ['decision'], registers: [metrics] });
  const [allowed, denied, stepUp, failed] = ['allowed', 'denied', 'step-up', 'failed'].map((decision) => decisions.labels(decision));
  for (const each of [allowed, denied, stepUp, failed]) each?.inc(0);
  return {
    loaded: new Gauge({ name: 'stockade_policy_loaded_timestamp_seconds', help: 'When the rules that are in force were loaded, in seconds since 1970.', registers: [metrics] }),
    count(decide) {
      let outcome = failed;
      try {
        const decision = decide();
        if (decision.allowed) outcome = allowed;
        else if (decision.stepUp !== undefined) outcome = stepUp;
        else if (decision.reason !== UNDECIDED) outcome = denied;
        return decision;
      } finally {
        outcome?.inc();
      }
    },
  };
}

function toInput({ id, tenantId, roles, credential, assurance, risk }: Subject, action: Action, resource: Resource | undefined, clock: () => Date): PolicyInput {
  const colon = action.indexOf(':');
  const provenAt = assurance?.authenticatedAt;
  return {
    subject: {
      id,
      tenant: tenantId,
      roles,
      scopes: credential.kind === 'bearer' ? credential.scopes : undefined,
      factors: assurance?.factors,
      // A sign-in of the future is a clock that differs.
      authenticatedAgeS: provenAt && Math.max(0, Math.floor((clock().getTime() - provenAt.getTime()) / 1_000)),
      risk,
      person: credential.kind === 'session' ? true : undefined,
    },
    action,
    type: action.slice(0, colon),
    verb: action.slice(colon + 1),
    resource,
  };
}
