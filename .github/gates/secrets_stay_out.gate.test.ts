import assert from 'node:assert/strict';
import { test } from 'node:test';
import { leaksInFiles, secretByName } from './secrets_stay_out.gate.ts';

const files = ['README.md', 'app/main.ts'];
// The form that gitleaks 8.30 writes, shortened.
const leak = (file: string) => ({ RuleID: 'github-pat', Description: 'Uncovered a token', StartLine: 3, EndLine: 3, Match: 'REDACTED', Secret: 'REDACTED', File: file, Commit: '', Entropy: 4.1 });
const printed = (leaks: readonly object[]) => ({ status: 0, stdout: JSON.stringify(leaks), stderr: '' });
const planted = leak('canary/canary.txt');

test('a finding names the file that was copied, and the planted credential is none', () => {
  assert.deepEqual(leaksInFiles(printed([planted]), files), []);
  const [found, ...others] = leaksInFiles(printed([leak('1/main.ts'), planted]), files);
  assert.deepEqual(others, []);
  assert.deepEqual([found?.rule, found?.file, found?.line], ['github-pat', 'app/main.ts', 3]);
});

test('gitleaks that did not find what was planted, or found it elsewhere, gives no verdict', () => {
  for (const output of [printed([]), printed([leak('1/main.ts')]), printed([planted, leak('7/other.ts')]), { status: 0, stdout: '', stderr: '' }, { status: 0, stdout: printed([planted]).stdout.slice(0, 40), stderr: '' }, printed([{ ...planted, StartLine: 'x' }])]) {
    assert.throws(() => leaksInFiles(output, files), { name: 'Unusable' });
  }
});

test('files that are made to hold credentials are found by their names', () => {
  for (const file of ['.env', '.env.production', 'app/.env.local', 'deploy/prod.env', '.netrc', 'ops/.pgpass', '.pypirc', 'id_ed25519', 'certs/server.key', 'certs/private-key.pem', 'a.p12', 'a.jks', 'terraform/terraform.tfstate', 'terraform/terraform.tfstate.backup', 'terraform/prod.tfvars', 'terraform/environments/production.auto.tfvars', 'terraform/environments/production.tfvars.json', 'terraform/environments/eu/production.tfvars', 'environments/production.tfvars', 'terraform/bootstrap/terraform.tfvars', 'service-account.json', '.htpasswd', '.aws/credentials', '.docker/config.json']) assert.equal(secretByName(file)[0]?.rule, 'secret-file', file);
  for (const file of ['.env.example', 'app/environment.ts', 'app/identity/signing-keys.ts', 'certs/ca.pem', 'app/secrets/reader.ts', 'keys.md', 'terraform/variables.tf', 'terraform/example.tfvars.example', 'terraform/environments/production.tfvars', 'app/credentials.ts']) assert.deepEqual(secretByName(file), [], file);
});
