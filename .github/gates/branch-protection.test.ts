import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { protectionFindings, RULESET } from './branch-protection.ts';

const text = readFileSync(path.join(import.meta.dirname, '../..', RULESET), 'utf8');
const messages = (changed: string) => protectionFindings(changed).map(({ message }) => message);

test('the ruleset of this repository protects main, and so does a stricter one', () => {
  assert.deepEqual(messages(text), []);
  for (const [from, to] of [['_review_count": 1', '_review_count": 2'], ['{ "type": "deletion" },', '{ "type": "deletion" },\n{ "type": "update" },'], ['["squash", "rebase"]', '["squash"]']] as const) assert.deepEqual(messages(text.replace(from, to)), [], to);
});

for (const [from, to, lacks] of [
  ['"branch"', '"tag"', 'target'], ['"active"', '"evaluate"', 'enforcement'], ['"~DEFAULT_BRANCH"', '"refs/heads/old"', 'DEFAULT_BRANCH'], ['"exclude": []', '"exclude": ["refs/heads/main"]', 'excluded'],
  ['"bypass_actors": []', '"bypass_actors": [{ "actor_id": 5, "actor_type": "RepositoryRole" }]', 'bypass_actors'],
  ...['deletion', 'non_fast_forward', 'required_linear_history', 'required_signatures'].map((type) => [`{ "type": "${type}" },`, '', type] as const),
  ['_review_count": 1', '_review_count": 0', 'approval'],
  ...['dismiss_stale_reviews_on_push', 'require_code_owner_review', 'require_last_push_approval', 'required_review_thread_resolution', 'strict_required_status_checks_policy'].map((key) => [`"${key}": true`, `"${key}": false`, key] as const),
  ['"rebase"]', '"merge"]', 'merge methods'], ['"do_not_enforce_on_create": false', '"do_not_enforce_on_create": true', 'do_not_enforce_on_create'],
  ['{ "context": "check", "integration_id": 15368 },', '', 'check check'], ['"gates", "integration_id": 15368', '"gates"', 'check gates'], ['"gates", "integration_id": 15368', '"gates", "integration_id": 1', 'check gates'],
] as const) test(`it is weakened by ${to === '' ? `the loss of ${from}` : to}`, () => {
  assert.ok(text.includes(from), 'the ruleset has what is to be taken away');
  const [message = '', ...others] = messages(text.replace(from, to));
  assert.match(message, new RegExp(lacks));
  assert.deepEqual(others, []);
});

test('what is no ruleset is no verdict', () => {
  for (const broken of ['', text.slice(0, 200), '[]', '{"rules":[]}']) assert.throws(() => protectionFindings(broken), { name: 'Unusable' }, broken);
});
