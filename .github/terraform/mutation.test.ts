import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { mutate } from './mutation.ts';
import { cleanPools, judge, poolsOf, readMutations, readSources, resourceOf } from './prove-mutations.ts';

const repository = path.resolve(import.meta.dirname, '../..');
const sources = { main: readSources(path.join(repository, 'terraform')), bootstrap: readSources(path.join(repository, 'terraform/bootstrap')) };
const small = new Map([['a.tf', '# A.\nresource "aws_lb" "main" {\n  name     = "a"\n  internal = true\n}\n\nresource "aws_lb" "other" {\n  internal = true\n}\n'], ['b.tf', 'resource "aws_vpc" "main" {\n}\n']]);

test('an edit is made in its block alone, however it is aligned', () => {
  const [file, text] = mutate(small, { in: 'aws_lb.main', find: 'name = "a"', replace: 'name     = "b"' });
  assert.deepEqual([file, text.split('\n').slice(1, 6)], ['a.tf', ['resource "aws_lb" "main" {', '  name     = "b"', '  internal = true', '}', '']]);
  assert.match(mutate(small, { in: 'aws_lb.other', find: 'internal = true', replace: 'internal = false' })[1], /"main" \{\n.*\n {2}internal = true\n[^]*internal = false/);
});

test('an edit of what is not there, or there twice, is an error', () => {
  for (const [place, find] of [['aws_lb.main', 'name = "b"'], ['aws_lb.gone', 'name'], ['a.tf', 'internal = true']] as const) assert.throws(() => mutate(small, { in: place, find, replace: '' }));
});

test('every mutation fits the HCL as it stands, alone', async () => {
  const mutations = await readMutations();
  assert.ok(mutations.length >= 100, `${mutations.length} mutations`);
  assert.ok(new Set(mutations.map((each) => each.class)).size >= 40);
  for (const mutation of mutations) assert.doesNotThrow(() => mutate(sources[mutation.root ?? 'main'], mutation), mutation.broken);
});

test('what a test says of a mutation is its own message, or Terraform’s of the very variable: no other failure counts', async () => {
  for (const { in: place, root = 'main', caughtBy } of await readMutations()) {
    if (!('test' in caughtBy)) continue;
    const text = readFileSync(path.join(repository, 'terraform', root === 'main' ? '' : root, caughtBy.test), 'utf8');
    assert.ok(text.includes(`error_message = "${caughtBy.says}"`) || caughtBy.says === `The checkable object, var.${place.replace('variable.', '')}, was expected to report an error but did not.`, caughtBy.says);
  }
});

test('every policy on plans has a mutation that it catches', async () => {
  const caught = new Set((await readMutations()).flatMap(({ caughtBy }) => ('policy' in caughtBy ? [caughtBy.policy] : [])));
  const policies = readdirSync(path.join(repository, 'policies/terraform')).filter((file) => file.endsWith('.rego') && !file.endsWith('_test.rego')).map((file) => path.basename(file, '.rego'));
  assert.ok(policies.length > 25);
  assert.deepEqual(policies.filter((policy) => !caught.has(policy) && !(policy in WITHOUT_A_PLACE)), []);
});

/** What can't be broken in this HCL: it has no place for it. Their tests in Rego hold them. */
const WITHOUT_A_PLACE: Readonly<Record<string, string>> = {
  documents_are_visible: 'planned on an applied state, every document is',
  plan_is_whole: 'the plans of the proof are',
};

test('mutations that share a copy never touch the same resource', async () => {
  for (const { kind, mutations } of poolsOf(await readMutations(), sources, false)) if (kind !== 'refusal') assert.equal(new Set(mutations.map(resourceOf)).size, mutations.length);
  const alone = poolsOf(await readMutations(), sources, true);
  assert.ok(alone.every(({ mutations }) => mutations.length === 1));
});

test('each kind of copy has one without a mutation beside it, and that of tests runs all that catch something', async () => {
  const pools = poolsOf(await readMutations(), sources, false);
  const clean = cleanPools(pools, sources);
  assert.deepEqual(clean.map(({ name }) => name), ['clean-main-plan', 'clean-main-first', 'clean-main-test', 'clean-bootstrap-plan', 'clean-bootstrap-first', 'clean-bootstrap-test']);
  const wanted = new Set((await readMutations()).flatMap(({ root = 'main', caughtBy }) => ('test' in caughtBy && root === 'main' ? [caughtBy.test] : [])));
  assert.deepEqual(new Set(clean.find(({ name }) => name === 'clean-main-test')?.tests), wanted);
  assert.deepEqual(cleanPools(pools.filter(({ kind }) => kind === 'test'), sources).map(({ kind }) => kind), ['plan', 'test', 'plan', 'test']);
});

test('a mutation counts as caught by the named policy for the named resource alone', async () => {
  const [mutation] = (await readMutations()).filter(({ caughtBy }) => 'policy' in caughtBy);
  assert.ok(mutation !== undefined && 'policy' in mutation.caughtBy);
  const finding = { plan: 'a', rule: mutation.caughtBy.policy, resource: `${resourceOf(mutation)}["a"]`, severity: 'error', message: '', fix: '' } as const;
  const verdict = (findings: readonly (typeof finding | { rule: string; resource: string })[]) => judge(mutation, 'a', { plans: new Map([['a', findings.map((each) => ({ ...finding, ...each }))]]), checks: new Map(), output: new Map() }, new Set()).isCaught;
  assert.equal(verdict([finding]), true);
  for (const other of [{ rule: 'another', resource: finding.resource }, { rule: finding.rule, resource: 'aws_vpc.another' }]) assert.equal(verdict([other]), false);
  assert.equal(verdict([]), false);
});
