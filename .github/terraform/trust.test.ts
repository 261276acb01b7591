import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { admits, type Token, type TrustPolicy, weakened } from './trust.ts';

// As bootstrap renders them for octo-org/stockade; terraform/bootstrap/bootstrap.tftest.hcl holds that they are the same.
const policies = JSON.parse(readFileSync(join(import.meta.dirname, '../../terraform/bootstrap/trust.json'), 'utf8')) as Readonly<Record<string, TrustPolicy>>;

const REPOSITORY = 'octo-org/stockade';
const MAIN = 'refs/heads/main';
const PULL_REQUEST = 'refs/pull/7/merge';

interface Job {
  readonly environment: string;
  readonly ref?: string;
  readonly workflow?: string;
}

/** What GitHub signs for a job of ours: https://docs.github.com/en/actions/reference/security/oidc#oidc-token-claims */
function tokenOf({ environment, ref = MAIN, workflow = 'deploy.yml' }: Job): Token {
  return {
    iss: 'https://token.actions.githubusercontent.com',
    aud: 'sts.amazonaws.com',
    sub: `repo:${REPOSITORY}:environment:${environment}`,
    repository: REPOSITORY,
    repository_id: '456789',
    repository_owner: 'octo-org',
    repository_owner_id: '123456',
    environment,
    ref,
    job_workflow_ref: `${REPOSITORY}/.github/workflows/${workflow}@${ref}`,
    event_name: ref === MAIN ? 'push' : 'pull_request',
  };
}

/** Repositories made, renamed or moved since 15 July 2026 have the numbers in it. */
const immutable = (token: Token): Token => ({ ...token, sub: `repo:octo-org@123456/stockade@456789:environment:${token['environment'] ?? ''}` });

/** Which jobs get a role, and every other one is refused it. */
const jobs: Readonly<Record<string, readonly Job[]>> = {
  'staging-plan': [{ environment: 'staging-plan' }, { environment: 'staging-plan', ref: PULL_REQUEST }],
  'production-plan': [{ environment: 'production-plan' }, { environment: 'production-plan', ref: PULL_REQUEST }],
  'staging-apply': [{ environment: 'staging' }],
  'production-apply': [{ environment: 'production' }],
  push: [{ environment: 'staging' }, { environment: 'production' }],
  preview: [{ environment: 'preview', workflow: 'preview.yml', ref: PULL_REQUEST }],
  cleanup: [{ environment: 'preview-cleanup', workflow: 'preview.yml' }],
};

/** Made of a token that is let in. */
const strangers: Readonly<Record<string, (good: Token) => Token>> = {
  'meant for another audience': (good) => ({ ...good, aud: 'https://github.com/octo-org' }),
  'of a fork': (good) => ({ ...good, sub: String(good['sub']).replace('octo-org/stockade', 'mallory/stockade'), repository: 'mallory/stockade', repository_id: '666', repository_owner: 'mallory', repository_owner_id: '13', job_workflow_ref: String(good['job_workflow_ref']).replace('octo-org', 'mallory') }),
  'of another repository of the same owner': (good) => ({ ...good, sub: String(good['sub']).replace('stockade', 'website'), repository: 'octo-org/website', repository_id: '1000', job_workflow_ref: String(good['job_workflow_ref']).replace('stockade', 'website') }),
  'of a repository that was made anew under our name': (good) => ({ ...good, repository_id: '1001' }),
  'of a repository whose owner gave up the name, and somebody took it': (good) => ({ ...good, repository_owner_id: '13' }),
  'of both, the name and the repository taken over': (good) => ({ ...good, repository_id: '1001', repository_owner_id: '13' }),
  'of a repository that was moved to another owner': (good) => ({ ...good, sub: `repo:mallory@13/stockade@456789:environment:${good['environment'] ?? ''}`, repository: 'mallory/stockade', repository_owner_id: '13' }),
  'whose subject the repository customised': (good) => ({ ...good, sub: `repo:${REPOSITORY}:context:anything` }),
  'of a pull request without an environment': (good) => ({ ...good, sub: `repo:${REPOSITORY}:pull_request`, environment: undefined, ref: PULL_REQUEST, job_workflow_ref: `${REPOSITORY}/.github/workflows/deploy.yml@${PULL_REQUEST}` }),
  'of another branch': (good) => ({ ...good, ref: 'refs/heads/attack', job_workflow_ref: String(good['job_workflow_ref']).replace(/@.*/, '@refs/heads/attack') }),
  'of another branch that calls our workflow of main': (good) => ({ ...good, ref: 'refs/heads/attack' }),
  'of a tag': (good) => ({ ...good, ref: 'refs/tags/v1.0.0' }),
  'of a branch that is named like a pull request': (good) => ({ ...good, ref: 'refs/heads/refs/pull/7/merge' }),
  'of another environment': (good) => ({ ...good, sub: `repo:${REPOSITORY}:environment:release`, environment: 'release' }),
  'of another environment under our subject': (good) => ({ ...good, environment: 'release' }),
  'of another workflow': (good) => ({ ...good, job_workflow_ref: `${REPOSITORY}/.github/workflows/check.yml@${MAIN}` }),
  'of a workflow whose path only begins like ours': (good) => ({ ...good, job_workflow_ref: `${REPOSITORY}/.github/workflows/deploy.yml@refs/heads/main-attack` }),
  'in other letters': (good) => ({ ...good, sub: String(good['sub']).toUpperCase() }),
  ...Object.fromEntries(['aud', 'sub', 'repository_id', 'environment', 'ref', 'job_workflow_ref'].map((claim) => [`without ${claim}`, (good: Token) => ({ ...good, [claim]: undefined })])),
};

test('every role of bootstrap is asked here', () => {
  assert.deepEqual(Object.keys(policies).sort(), Object.keys(jobs).sort());
});

for (const [role, policy] of Object.entries(policies)) {
  const good = (jobs[role] ?? []).map(tokenOf);

  test(`${role} is for its own jobs, by the subject with names and by the one with numbers`, () => {
    assert.ok(good.length > 0);
    for (const token of good.flatMap((each) => [each, immutable(each)])) {
      assert.ok(admits(policy, token), JSON.stringify(token));
      // What STS does not show of a token, it can't refuse.
      assert.ok(admits(policy, { ...token, repository_owner_id: undefined }));
    }
  });

  test(`${role} is for no job of another role`, () => {
    const own = new Set(good.map((token) => JSON.stringify(token)));
    const others = Object.values(jobs).flat().map(tokenOf).filter((token) => !own.has(JSON.stringify(token)));
    assert.ok(others.length > 0);
    for (const token of others.flatMap((each) => [each, immutable(each)])) assert.ok(!admits(policy, token), JSON.stringify(token));
  });

  for (const [whose, change] of Object.entries(strangers)) {
    test(`${role} is refused to a token ${whose}`, () => {
      for (const token of good) assert.ok(!admits(policy, change(token)), JSON.stringify(change(token)));
    });
  }

  // The owner's number alone tells the token of a taken name apart where the subject has names only.
  test(`${role} needs each of its conditions: without it, one of these tokens is let in`, () => {
    const refused = good.flatMap((token) => Object.values(strangers).map((change) => change(token)));
    const weaker = weakened(policy);
    assert.equal(weaker.length, 7);
    for (const { condition, policy: without } of weaker) assert.ok(refused.some((token) => admits(without, token)), `${condition} refuses nobody whom another does not refuse`);
  });
}

test('a pull request never gets what applies, pushes, or needs no reviewer for what it changes, whatever environment it names', () => {
  for (const role of ['staging-apply', 'production-apply', 'push', 'cleanup']) {
    const policy = policies[role];
    assert.ok(policy);
    for (const environment of ['staging', 'production', 'staging-plan', 'preview', 'preview-cleanup', 'release']) {
      const token = tokenOf({ environment, ref: PULL_REQUEST });
      for (const each of [token, immutable(token), { ...token, job_workflow_ref: `${REPOSITORY}/.github/workflows/deploy.yml@${MAIN}` }]) assert.ok(!admits(policy, each), JSON.stringify(each));
    }
  }
});

test('an operator that is not known here is not taken for one that holds', () => {
  const policy = { Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRoleWithWebIdentity', Principal: { Federated: 'arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com' }, Condition: { 'ForAllValues:StringEquals': { 'token.actions.githubusercontent.com:aud': 'sts.amazonaws.com' } } }] };
  assert.throws(() => admits(policy, { aud: 'sts.amazonaws.com' }), /ForAllValues/);
});
