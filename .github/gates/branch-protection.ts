// What ruleset.json has to say for main to be protected: each part of it, so that none is weakened in silence.
import { z } from 'zod';
import { type Finding, parseJson, Unusable } from './gate.ts';
import { lineOf } from './lock-file.ts';

export const RULESET = '.github/ruleset.json';

/** https://docs.github.com/en/rest/repos/rules */
const Ruleset = z.looseObject({
  target: z.string(),
  enforcement: z.string(),
  conditions: z.looseObject({ ref_name: z.looseObject({ include: z.array(z.string()), exclude: z.array(z.string()) }) }),
  bypass_actors: z.array(z.unknown()),
  rules: z.array(z.looseObject({ type: z.string(), parameters: z.record(z.string(), z.unknown()).optional() })),
});
const Checks = z.array(z.looseObject({ context: z.string(), integration_id: z.int().optional() }));

/** Of GitHub Actions: without it, whoever may write a status reports the check as passed. */
const ACTIONS = 15_368;
const REQUIRED_CHECKS = ['check', 'gates'];

type Demand = readonly [holds: boolean, key: string, wanted: string];

/** @throws Unusable */
export function protectionFindings(text: string): readonly Finding[] {
  const read = Ruleset.safeParse(parseJson(text, RULESET));
  if (!read.success) throw new Unusable(`${RULESET} is no ruleset: ${z.prettifyError(read.error)}`);
  const { target, enforcement, conditions: { ref_name: refs }, bypass_actors: bypass, rules } = read.data;
  const parametersOf = (type: string): Readonly<Record<string, unknown>> => rules.find((rule) => rule.type === type)?.parameters ?? {};
  const review = parametersOf('pull_request');
  const checks = parametersOf('required_status_checks');
  const contexts = Checks.safeParse(checks['required_status_checks']).data ?? [];
  const methods = review['allowed_merge_methods'];
  const demands: readonly Demand[] = [
    [target === 'branch', '"target"', 'target branch'],
    [enforcement === 'active', '"enforcement"', 'enforcement active, since evaluate and disabled hold nobody up'],
    [refs.include.some((ref) => ref === '~DEFAULT_BRANCH' || ref === '~ALL'), '"include"', '~DEFAULT_BRANCH among what is included'],
    [refs.exclude.length === 0, '"exclude"', 'an empty list of excluded branches'],
    [bypass.length === 0, '"bypass_actors"', 'an empty list of bypass_actors'],
    ...['deletion', 'non_fast_forward', 'required_linear_history', 'required_signatures', 'pull_request', 'required_status_checks'].map((type): Demand => [rules.some((rule) => rule.type === type), '"rules"', `the rule ${type}`]),
    [Number(review['required_approving_review_count'] ?? 0) >= 1, '"required_approving_review_count"', 'at least one approval'],
    ...['dismiss_stale_reviews_on_push', 'require_code_owner_review', 'require_last_push_approval', 'required_review_thread_resolution'].map((key): Demand => [review[key] === true, `"${key}"`, `${key}: true`]),
    [Array.isArray(methods) && !methods.includes('merge'), '"allowed_merge_methods"', 'squash and rebase as the only merge methods, which leave the history linear'],
    [checks['strict_required_status_checks_policy'] === true, '"strict_required_status_checks_policy"', 'strict_required_status_checks_policy: true, so that what is merged is what was checked'],
    [checks['do_not_enforce_on_create'] !== true, '"do_not_enforce_on_create"', 'do_not_enforce_on_create: false'],
    ...REQUIRED_CHECKS.map((context): Demand => [contexts.some((check) => check.context === context && check.integration_id === ACTIONS), '"required_status_checks":', `the required check ${context} of GitHub Actions (integration_id ${ACTIONS})`]),
  ];
  return demands.filter(([holds]) => !holds).map(([, key, wanted]): Finding => ({ rule: 'branch-unprotected', file: RULESET, line: lineOf(text, key), severity: 'error', message: `It lacks ${wanted}.`, fix: `Write it back, and apply it: npx node .github/ruleset.command.ts --apply.` }));
}
