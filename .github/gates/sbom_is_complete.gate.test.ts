import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readLock } from './lock-file.ts';
import { componentsOf, gaps, isShipped, productionBill, spdxPackagesOf } from './sbom_is_complete.gate.ts';

const digest = Buffer.alloc(64, 7);
const integrity = `sha512-${digest.toString('base64')}`;
const shipped = readLock('package-lock.json', JSON.stringify({ lockfileVersion: 3, packages: { '': {}, 'node_modules/@s/a': { version: '1.0.0', integrity }, 'node_modules/d': { version: '1.0.0', integrity, dev: true } } })).packages.filter(isShipped);
const component = { name: '@s/a', version: '1.0.0', 'bom-ref': '@s/a@1.0.0', purl: 'pkg:npm/%40s/a@1.0.0', hashes: [{ alg: 'SHA-512', content: digest.toString('hex') }], licenses: [{ license: { id: 'MIT' } }] };
const development = { ...component, name: 'd', 'bom-ref': 'd@1.0.0', purl: 'pkg:npm/d@1.0.0' };
// The form that npm 11.19 writes, shortened.
const cyclonedx = (components: readonly object[]) => JSON.stringify({ bomFormat: 'CycloneDX', specVersion: '1.5', serialNumber: 'urn:uuid:f635f545-bb5b-498e-9323-23b7598fb1d8', metadata: { timestamp: '2026-11-24T17:43:38.875Z', component: { purl: 'pkg:npm/x@1.0.0' } }, components, dependencies: [{ ref: 'x@1.0.0', dependsOn: ['@s/a@1.0.0', 'd@1.0.0'] }, { ref: 'd@1.0.0', dependsOn: [] }] });
const item = { SPDXID: 'SPDXRef-Package-s.a-1.0.0', name: '@s/a', versionInfo: '1.0.0', licenseDeclared: 'MIT', externalRefs: [{ referenceCategory: 'PACKAGE-MANAGER', referenceType: 'purl', referenceLocator: 'pkg:npm/%40s/a@1.0.0' }], checksums: [{ algorithm: 'SHA512', checksumValue: digest.toString('hex') }] };
const root = { SPDXID: 'SPDXRef-Package-x-1.0.0', name: 'x', versionInfo: '1.0.0' };
const spdx = (packages: readonly object[]) => JSON.stringify({ spdxVersion: 'SPDX-2.3', dataLicense: 'CC0-1.0', SPDXID: 'SPDXRef-DOCUMENT', documentNamespace: 'http://spdx.org/spdxdocs/x', documentDescribes: [root.SPDXID], packages: [root, ...packages], relationships: [{ spdxElementId: 'SPDXRef-DOCUMENT', relatedSpdxElement: root.SPDXID, relationshipType: 'DESCRIBES' }] });
const rulesOf = (findings: readonly { readonly rule: string }[]) => findings.map(({ rule }) => rule);

test('a bill with every shipped package, its hash and its licence passes in both forms', () => {
  assert.deepEqual(gaps(shipped, componentsOf(cyclonedx([component])), 'CycloneDX'), []);
  assert.deepEqual(gaps(shipped, spdxPackagesOf(spdx([item])), 'SPDX'), []);
});

test('what is not in it, or has no hash or licence, is found', () => {
  assert.deepEqual(rulesOf(gaps(shipped, componentsOf(cyclonedx([])), 'CycloneDX')), ['not-in-bill']);
  assert.deepEqual(rulesOf(gaps(shipped, componentsOf(cyclonedx([{ ...component, hashes: [] }])), 'CycloneDX')), ['no-hash-in-bill']);
  assert.deepEqual(rulesOf(gaps(shipped, componentsOf(cyclonedx([{ ...component, hashes: [{ alg: 'SHA-512', content: '00' }] }])), 'CycloneDX')), ['no-hash-in-bill']);
  assert.deepEqual(rulesOf(gaps(shipped, componentsOf(cyclonedx([{ ...component, licenses: [] }])), 'CycloneDX')), ['no-licence-in-bill']);
  assert.deepEqual(rulesOf(gaps(shipped, spdxPackagesOf(spdx([])), 'SPDX')), ['not-in-bill']);
  assert.deepEqual(rulesOf(gaps(shipped, spdxPackagesOf(spdx([{ ...item, licenseDeclared: 'NOASSERTION' }])), 'SPDX')), ['no-licence-in-bill']);
});

test('the bill of production has no package of development, nor an edge to one', () => {
  const bill = JSON.parse(productionBill(cyclonedx([component, development]), shipped)) as { components: readonly { purl: string }[]; dependencies: readonly { ref: string; dependsOn: readonly string[] }[] };
  assert.deepEqual(bill.components.map(({ purl }) => purl), [component.purl]);
  assert.deepEqual(bill.dependencies, [{ ref: 'x@1.0.0', dependsOn: ['@s/a@1.0.0'] }]);
  const document = JSON.parse(productionBill(spdx([item, { ...item, SPDXID: 'SPDXRef-d', externalRefs: [{ ...item.externalRefs[0], referenceLocator: development.purl }] }]), shipped)) as { packages: readonly { SPDXID: string }[] };
  assert.deepEqual(document.packages.map(({ SPDXID: id }) => id), [root.SPDXID, item.SPDXID]);
});

test('a bill that is cut off, empty or of another form is no verdict', () => {
  const whole = cyclonedx([component]);
  for (const text of ['', '{}', whole.slice(0, whole.length / 2), whole.replace('"CycloneDX"', '"Other"'), whole.replace('"dependencies"', '"others"')]) assert.throws(() => componentsOf(text), { name: 'Unusable' });
  for (const text of ['', '{}', spdx([item]).slice(0, 90), spdx([item]).replace('SPDX-2.3', 'SPDX-9')]) assert.throws(() => spdxPackagesOf(text), { name: 'Unusable' });
  assert.throws(() => productionBill('[]', shipped), { name: 'Unusable' });
});
