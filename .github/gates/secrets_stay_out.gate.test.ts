import assert from 'node:assert/strict';
import { test } from 'node:test';
import { leaksInFiles, nameFor, secretByName, withoutExcuses } from './secrets_stay_out.gate.ts';

const files = ['README.md', 'app/main.ts'];
// The form that gitleaks 8.30 writes, shortened.
const leak = (file: string) => ({ RuleID: 'github-pat', Description: 'Uncovered a token', StartLine: 3, EndLine: 3, Match: 'REDACTED', Secret: 'REDACTED', File: file, Commit: '', Entropy: 4.1 });
const printed = (leaks: readonly object[]) => ({ status: 0, stdout: JSON.stringify(leaks), stderr: '' });
const planted = ['github-pat', 'connection-string-password', 'credential-assignment', 'credential-setting', 'password-setting', 'authorization-header', 'registry-credential', 'private-jwk'].map((rule) => ({ ...leak(`canary/${rule}/content.env`), RuleID: rule }));

test('a finding names the file that was copied, and the planted credential is none', () => {
  assert.deepEqual(leaksInFiles(printed(planted), files), []);
  const [found, ...others] = leaksInFiles(printed([leak('1/main.ts'), ...planted]), files);
  assert.deepEqual(others, []);
  assert.deepEqual([found?.rule, found?.file, found?.line], ['github-pat', 'app/main.ts', 3]);
});

test('gitleaks that did not find what was planted, or found it elsewhere, gives no verdict', () => {
  for (const output of [printed([]), printed([leak('1/main.ts')]), printed([...planted, leak('7/other.ts')]), { status: 0, stdout: '', stderr: '' }, { status: 0, stdout: printed(planted).stdout.slice(0, 40), stderr: '' }, printed([...planted, { ...leak('1/main.ts'), StartLine: 'x' }]), printed(planted.slice(1)), printed(planted.with(1, leak('canary/connection-string-password/content.env')))]) {
    assert.throws(() => leaksInFiles(output, files), { name: 'Unusable' });
  }
});

test('files that are made to hold credentials are found by their names', () => {
  for (const file of ['.env', '.env.production', 'app/.env.local', 'deploy/prod.env', '.netrc', 'ops/.pgpass', '.pypirc', 'id_ed25519', 'certs/server.key', 'certs/private-key.pem', 'a.p12', 'a.jks', 'terraform/terraform.tfstate', 'terraform/terraform.tfstate.backup', 'terraform/prod.tfvars', 'terraform/environments/production.auto.tfvars', 'terraform/environments/production.tfvars.json', 'terraform/environments/eu/production.tfvars', 'environments/production.tfvars', 'terraform/bootstrap/terraform.tfvars', 'service-account.json', '.htpasswd', '.aws/credentials', '.docker/config.json']) assert.equal(secretByName(file)[0]?.rule, 'secret-file', file);
  for (const file of ['.env.example', 'app/environment.ts', 'app/identity/signing-keys.ts', 'certs/ca.pem', 'app/secrets/reader.ts', 'keys.md', 'terraform/variables.tf', 'terraform/example.tfvars.example', 'terraform/environments/production.tfvars', 'app/credentials.ts']) assert.deepEqual(secretByName(file), [], file);
});

test('no file is handed over under a name that gitleaks passes by, and its kind stays', () => {
  for (const file of ['go.mod', 'go.sum', 'app/bootstrap.js', 'jquery-3.min.js', 'swagger-ui.js', 'npm-shrinkwrap.json', 'package-lock.json', 'a.png', 'a.woff2', 'a.svg', 'node_modules/x.js', '.github/gates/gitleaks.toml.bak', 'verification-metadata.xml', 'gradlew', 'Dockerfile.md.gem']) assert.match(nameFor(file), /^(?:content\.txt|Dockerfile)$/, file);
  assert.deepEqual(['.env.example', 'prod.env', 'a/x.tf', 'k.yaml', 'app/Dockerfile.dev', 'nuget.config', '.github/gates/gitleaks.toml'].map(nameFor), ['content.env', 'content.env', 'content.tf', 'content.yaml', 'Dockerfile', 'nuget.config', 'content.toml']);
});

test('what gitleaks would excuse for the words in it is not excused, and stays as long', () => {
  const text = 'a=trueCorrect b=xFalsey c=horseNULL d=true e=false f=null g="false" h: true';
  assert.equal(withoutExcuses(text), 'a=tureCorrect b=xFlasey c=horseNLUL d=true e=false f=null g="false" h: true');
  assert.equal(withoutExcuses(text).length, text.length);
});
