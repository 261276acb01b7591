import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { requestFor } from './ruleset.command.ts';

interface Ruleset {
  readonly name: string;
  readonly bypass_actors: readonly unknown[];
  readonly rules: readonly { readonly type: string; readonly parameters?: { readonly required_status_checks?: readonly { readonly context: string }[] } }[];
}

const ruleset = JSON.parse(readFileSync(path.join(import.meta.dirname, 'ruleset.json'), 'utf8')) as Ruleset;
const workflows = readdirSync(path.join(import.meta.dirname, 'workflows')).map((file) => readFileSync(path.join(import.meta.dirname, 'workflows', file), 'utf8'));

test('every required check is the last job of a workflow of pull requests', () => {
  const required = ruleset.rules.flatMap(({ parameters }) => parameters?.required_status_checks?.map(({ context }) => context) ?? []);
  assert.ok(required.length >= 2);
  for (const name of required) assert.ok(workflows.some((text) => text.includes('\n  pull_request:') && text.includes(`\n    name: ${name}\n`)), name);
});

test('nobody passes the rules by, and main can be neither deleted nor rewritten', () => {
  assert.deepEqual(ruleset.bypass_actors, []);
  const types = ruleset.rules.map(({ type }) => type);
  for (const type of ['deletion', 'non_fast_forward', 'pull_request', 'required_status_checks']) assert.ok(types.includes(type), type);
});

test('a ruleset is made once, and then replaced', () => {
  assert.deepEqual(requestFor('main', []), { method: 'POST', path: 'repos/{owner}/{repo}/rulesets' });
  assert.deepEqual(requestFor('main', [{ id: 7, name: 'tags' }, { id: 9, name: 'main' }]), { method: 'PUT', path: 'repos/{owner}/{repo}/rulesets/9' });
});
