import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type LockFile, readLock, readManifest } from './lock-file.ts';
import { agreementFindings, differingHashes, lockFindings, manifestFindings } from './lock_file_is_whole.gate.ts';
import { goFindings, providerFindings, requirementFindings } from './other-locks.ts';

const hash = (character: string): string => `sha512-${character.repeat(86)}==`;
const whole = { version: '1.0.0', resolved: 'https://registry.npmjs.org/a/-/a-1.0.0.tgz', integrity: hash('a') };

function lockOf(packages: Readonly<Record<string, object>>, needs: Readonly<Record<string, string>> = { a: '1.0.0' }): LockFile {
  return readLock('package-lock.json', JSON.stringify({ lockfileVersion: 3, packages: { '': { dependencies: needs }, ...packages } }, undefined, 2));
}
const rulesOf = (findings: readonly { readonly rule: string }[]) => findings.map(({ rule }) => rule);
const rulesOfEntry = (entry: object) => rulesOf(lockFindings(lockOf({ 'node_modules/a': { ...whole, ...entry } })));

test('an entry as npm writes it passes, with its address or without', () => {
  assert.deepEqual(rulesOfEntry({}), []);
  assert.deepEqual(rulesOfEntry({ resolved: undefined }), []);
  assert.deepEqual(rulesOf(lockFindings(lockOf({ 'node_modules/@s/a': { ...whole, resolved: 'https://registry.npmjs.org/@s/a/-/a-1.0.0.tgz' } }, { '@s/a': '1.0.0' }))), []);
});

for (const [what, entry, rule] of [
  ['another host', { resolved: 'https://registry.npmjs.org.evil.test/a/-/a-1.0.0.tgz' }, 'foreign-host'],
  ['a login before the host', { resolved: 'https://registry.npmjs.org@evil.test/a/-/a-1.0.0.tgz' }, 'foreign-host'],
  ['another port', { resolved: 'https://registry.npmjs.org:8443/a/-/a-1.0.0.tgz' }, 'foreign-host'],
  ['no TLS', { resolved: 'http://registry.npmjs.org/a/-/a-1.0.0.tgz' }, 'not-from-registry'],
  ['git', { resolved: 'git+ssh://git@github.com/a/a.git#0123' }, 'not-from-registry'],
  ['a file', { resolved: 'file:../a.tgz' }, 'not-from-registry'],
  ['another package', { resolved: 'https://registry.npmjs.org/b/-/b-1.0.0.tgz' }, 'other-package'],
  ['another version', { resolved: 'https://registry.npmjs.org/a/-/a-1.0.1.tgz' }, 'other-package'],
  ['no hash', { integrity: undefined }, 'no-integrity'],
  ['SHA-1', { integrity: 'sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=' }, 'weak-integrity'],
  ['a weak hash beside a strong one', { integrity: `${hash('a')} sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=` }, 'weak-integrity'],
  ['another name', { name: 'b', resolved: undefined }, 'alias'],
  ['a link', { link: true }, 'not-from-registry'],
  ['a bundle of nobody', { inBundle: true, integrity: undefined }, 'no-integrity'],
] as const) test(`an entry with ${what} is found`, () => {
  const found = lockFindings(lockOf({ 'node_modules/a': { ...whole, ...entry } }));
  assert.deepEqual(rulesOf(found), [rule]);
  assert.equal(found[0]?.line, 9, 'it points at the entry');
});

test('what is missing and what nobody asked for are found, through every level', () => {
  const b = { ...whole, resolved: undefined };
  assert.deepEqual(rulesOf(lockFindings(lockOf({ 'node_modules/a': { ...whole, dependencies: { b: '^1.0.0' } }, 'node_modules/a/node_modules/b': b }))), []);
  assert.deepEqual(rulesOf(lockFindings(lockOf({ 'node_modules/a': { ...whole, dependencies: { b: '^1.0.0' } } }))), ['incomplete']);
  assert.deepEqual(rulesOf(lockFindings(lockOf({ 'node_modules/a': whole, 'node_modules/b': b }))), ['extraneous']);
  // Optional ones may be left out by npm.
  assert.deepEqual(rulesOf(lockFindings(lockOf({ 'node_modules/a': { ...whole, optionalDependencies: { b: '1' }, peerDependencies: { c: '1' } } }))), []);
});

test('one version has one hash, wherever it is locked', () => {
  const { packages } = lockOf({ 'node_modules/a': whole, 'node_modules/b/node_modules/a': { ...whole, integrity: hash('b') } });
  assert.deepEqual(rulesOf(differingHashes(packages)), ['two-hashes']);
  assert.deepEqual(differingHashes(packages.slice(0, 1)), []);
});

test('a manifest names exact versions of the registry', () => {
  const found = (content: object) => {
    const text = JSON.stringify(content);
    return rulesOf(manifestFindings('package.json', text, readManifest('package.json', text)));
  };
  assert.deepEqual(found({ dependencies: { a: '1.0.0', b: '2.0.0-rc.1' }, overrides: { c: '1.0.0', d: { e: '$a' } } }), []);
  for (const range of ['^1.0.0', '~1.0', '1.x', '*', 'latest', '>=1']) assert.deepEqual(found({ devDependencies: { a: range } }), ['inexact-version'], range);
  for (const place of ['github:a/b', 'a/b', 'git+https://git.test/a.git', 'file:../a', 'link:../a', 'https://a.test/a.tgz', 'workspace:*']) assert.deepEqual(found({ dependencies: { a: place } }), ['not-from-registry'], place);
  assert.deepEqual(found({ dependencies: { a: 'npm:b@1.0.0' } }), ['alias']);
  assert.deepEqual(found({ overrides: { a: { b: 'https://a.test/b.tgz' } } }), ['override']);
  assert.deepEqual(found({ workspaces: ['packages/*'] }), ['not-from-registry']);
});

test('the manifest and its lock file agree', () => {
  const lock = lockOf({ 'node_modules/a': whole });
  const agree = (manifest: object, its: LockFile | undefined = lock) => rulesOf(agreementFindings('package.json', readManifest('package.json', JSON.stringify(manifest)), its));
  assert.deepEqual(agree({ dependencies: { a: '1.0.0' } }), []);
  assert.deepEqual(agree({ dependencies: { a: '1.0.1' } }), ['disagreement']);
  assert.deepEqual(agree({}), ['disagreement']);
  assert.deepEqual(agree({ dependencies: { a: '1.0.0' } }, lockOf({ 'node_modules/a': { ...whole, version: '1.0.1' } })), ['disagreement']);
  assert.deepEqual(rulesOf(agreementFindings('x/package.json', { dependencies: { a: '1.0.0' } }, undefined)), ['no-lock-file']);
});

test('what is no lock file is no verdict', () => {
  for (const text of ['', '{', '[]', '{"lockfileVersion":3}', '{"lockfileVersion":3,"packages":{"node_modules/a":{"version":1}}}', '{"lockfileVersion":3,"packages":{}}']) assert.throws(() => readLock('package-lock.json', text), { name: 'Unusable' }, text);
  assert.throws(() => readManifest('package.json', '{"dependencies":["a"]}'), { name: 'Unusable' });
  assert.throws(() => goFindings('go.mod', '', ''), { name: 'Unusable' });
  assert.throws(() => goFindings('go.mod', 'module x\n', 'a v1.0.0 h1:short\n'), { name: 'Unusable' });
  assert.throws(() => requirementFindings('requirements.txt', '# nothing\n', ''), { name: 'Unusable' });
});

test('a Go module has its hashes, and is not replaced', () => {
  const h1 = (character: string) => `h1:${character.repeat(43)}=`;
  const mod = 'module x\n\ntool a.test/t/cmd/t\n\nrequire (\n\ta.test/t v1.0.0\n\tb.test/u v2.0.0 // indirect\n)\n';
  const sum = `a.test/t v1.0.0 ${h1('a')}\na.test/t v1.0.0/go.mod ${h1('b')}\nb.test/u v2.0.0/go.mod ${h1('c')}\n`;
  assert.deepEqual(goFindings('go.mod', mod, sum), []);
  assert.deepEqual(rulesOf(goFindings('go.mod', mod, sum.split('\n').slice(1).join('\n'))), ['no-integrity'], 'the source of a tool');
  assert.deepEqual(rulesOf(goFindings('go.mod', mod, sum.split('\n').slice(0, 2).join('\n'))), ['no-integrity']);
  assert.deepEqual(rulesOf(goFindings('go.mod', mod, `${sum}b.test/u v2.0.0/go.mod ${h1('d')}\n`)), ['two-hashes']);
  assert.deepEqual(rulesOf(goFindings('go.mod', `${mod}replace b.test/u => c.test/u v2.0.0\n`, sum)), ['not-from-registry']);
  assert.deepEqual(rulesOf(goFindings('go.mod', `${mod}replace (\n\tb.test/u v2.0.0 => ../u\n)\n`, sum)).slice(-1), ['not-from-registry']);
});

test('a requirement has an exact version and a SHA-256, from the index of the machine', () => {
  const sha = `--hash=sha256:${'0'.repeat(64)}`;
  const found = (text: string, source = '') => rulesOf(requirementFindings('requirements.txt', text, source));
  assert.deepEqual(found(`a==1.0 \\\n    ${sha} \\\n    ${sha}\nb[c]==2.0 ; python_version > "3" \\\n    ${sha}\n    # via a\n`, 'A==1.0\nb[c]\n# note\n'), []);
  assert.deepEqual(found(`a==1.0\nb==1 ${sha}\n`), ['no-integrity']);
  assert.deepEqual(found(`a==1.0 --hash=md5:0123 ${sha}\n`), ['no-integrity']);
  assert.deepEqual(found(`a>=1.0 ${sha}\n`), ['inexact-version']);
  for (const place of ['a @ https://a.test/a.whl', 'git+https://a.test/a', './a']) assert.deepEqual(found(`${place}\nb==1 ${sha}\n`), ['not-from-registry'], place);
  assert.deepEqual(found(`-e ./a\nb==1 ${sha}\n`), ['not-from-registry']);
  for (const option of ['--index-url https://a.test', '-i https://a.test', '--extra-index-url=https://a.test', '--find-links ./w', '--trusted-host a.test']) assert.deepEqual(found(`${option}\nb==1 ${sha}\n`), ['foreign-host'], option);
  assert.deepEqual(found(`a==1.0 ${sha}\n`, 'a==1.1\nb\n'), ['disagreement', 'disagreement']);
});

test('a provider of Terraform is of the public registry, at one version, with a hash', () => {
  const h1 = `"h1:${'a'.repeat(43)}=",`;
  const zh = `"zh:${'0'.repeat(64)}",`;
  const block = (address: string, version: string, ...hashes: readonly string[]) => `# Written by terraform init.\n\nprovider "${address}" {\n  version     = "${version}"\n  constraints = "~> 5.0"\n  hashes = [\n${hashes.map((hash) => `    ${hash}\n`).join('')}  ]\n}\n`;
  const aws = 'registry.terraform.io/hashicorp/aws';
  const found = (text: string) => rulesOf(providerFindings('terraform/.terraform.lock.hcl', text));
  assert.deepEqual(found(block(aws, '5.1.0', h1, h1, zh)), []);
  assert.deepEqual(found(block(aws, '5.1.0', h1)), []);
  assert.deepEqual(found(block(aws, '5.1.0')), ['no-integrity']);
  assert.deepEqual(found(block(aws, '~> 5.1', h1, zh)), ['inexact-version']);
  assert.deepEqual(found(block(aws, '5.1.0', h1, zh, '"md5:0",')), ['weak-integrity']);
  for (const address of ['terraform.example.org/hashicorp/aws', 'registry.terraform.io.example.org/hashicorp/aws']) assert.deepEqual(found(block(address, '5.1.0', h1, zh)), ['foreign-host']);
  for (const text of ['', '# nothing\n', block(aws, '5.1.0', h1, zh).slice(0, 60), `${block(aws, '5.1.0', h1, zh)}provider {\n}\n`]) assert.throws(() => found(text), { name: 'Unusable' }, text);
});
