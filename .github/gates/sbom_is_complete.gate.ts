// Looks whether both forms of the bill of materials name everything that production installs, as sbom.command.ts writes them.
import { z } from 'zod';
import { type Finding, type Gate, type GateContext, parseJson, type Tool, Unusable } from './gate.ts';
import { type LockedPackage, readLock } from './lock-file.ts';

const npm: Tool = { set: 'machine', program: 'npm', get: 'comes with Node' };

export const gate: Gate = {
  claim: 'the bill of materials names every package that production installs, with version, hash and licence',
  why: 'When the next hole is published, the question is who has that package; a bill with gaps answers no where it should answer yes.',
  remedy: 'Write the lock file anew (npm install --package-lock-only), from which npm makes the bill.',
  link: 'https://www.cisa.gov/sbom',
  tools: [npm],
  reads: /^package(?:-lock)?\.json$/,
  scope: 'tree',
  when: 'change',
  unparsable: { file: 'package-lock.json', text: '{ "packages": ' },
  async check(context) {
    if (!context.files.includes('package-lock.json')) throw new Unusable('there is no package-lock.json');
    const { packages } = readLock('package-lock.json', context.read('package-lock.json'));
    const shipped = packages.filter(isShipped);
    if (shipped.length === 0) throw new Unusable('the lock file has nothing that production installs');
    const [cyclonedx, spdx] = await Promise.all([bill(context, 'cyclonedx'), bill(context, 'spdx')]);
    return [...gaps(shipped, componentsOf(productionBill(cyclonedx, shipped)), 'CycloneDX'), ...gaps(shipped, spdxPackagesOf(productionBill(spdx, shipped)), 'SPDX')];
  },
};

/** npm's own --omit=dev leaves out what both production and development need, so that Koa was not in it. */
async function bill({ run }: GateContext, format: string): Promise<string> {
  return (await run(npm, ['sbom', '--package-lock-only', `--sbom-format=${format}`])).stdout;
}

const Bill = z.looseObject({
  components: z.array(z.looseObject({ purl: z.string(), 'bom-ref': z.string() })).optional(),
  dependencies: z.array(z.looseObject({ ref: z.string(), dependsOn: z.array(z.string()).optional() })).optional(),
  packages: z.array(z.looseObject({ SPDXID: z.string(), externalRefs: z.array(z.looseObject({ referenceLocator: z.string() })).optional() })).optional(),
  documentDescribes: z.array(z.string()).optional(),
  relationships: z.array(z.looseObject({ spdxElementId: z.string(), relatedSpdxElement: z.string() })).optional(),
});

/**
 * npm's bill of everything, without what production does not install.
 * @throws Unusable
 */
export function productionBill(text: string, shipped: readonly LockedPackage[]): string {
  const bill = Bill.safeParse(parseJson(text, 'npm sbom'));
  if (!bill.success) throw new Unusable('npm wrote a bill of another form');
  const { components, dependencies, packages, documentDescribes = [], relationships, ...rest } = bill.data;
  const purls = new Set(shipped.map(purlOf));
  if (components !== undefined) {
    const kept = components.filter(({ purl }) => purls.has(purl));
    const gone = new Set(components.filter((each) => !kept.includes(each)).map((each) => each['bom-ref']));
    const edges = (dependencies ?? []).filter(({ ref }) => !gone.has(ref)).map((each) => ({ ...each, dependsOn: (each.dependsOn ?? []).filter((ref) => !gone.has(ref)) }));
    return JSON.stringify({ ...rest, components: kept, dependencies: edges });
  }
  const kept = (packages ?? []).filter(({ SPDXID: id, externalRefs = [] }) => documentDescribes.includes(id) || externalRefs.some(({ referenceLocator }) => purls.has(referenceLocator)));
  const ids = new Set(['SPDXRef-DOCUMENT', ...kept.map(({ SPDXID: id }) => id)]);
  return JSON.stringify({ ...rest, documentDescribes, packages: kept, relationships: (relationships ?? []).filter((each) => ids.has(each.spdxElementId) && ids.has(each.relatedSpdxElement)) });
}

export interface Component {
  readonly purl: string;
  readonly hash: string | undefined;
  readonly licence: string | undefined;
}

const CycloneDx = z.looseObject({
  bomFormat: z.literal('CycloneDX'),
  specVersion: z.string().regex(/^1\.[4-9]$/),
  serialNumber: z.string().startsWith('urn:uuid:'),
  metadata: z.looseObject({ timestamp: z.iso.datetime(), component: z.looseObject({ purl: z.string() }) }),
  components: z.array(z.looseObject({
    name: z.string(), version: z.string(), purl: z.string().startsWith('pkg:npm/'),
    hashes: z.array(z.object({ alg: z.string(), content: z.string().regex(/^[0-9a-f]+$/) })).optional(),
    licenses: z.array(z.looseObject({ license: z.looseObject({ id: z.string().optional(), name: z.string().optional() }).optional(), expression: z.string().optional() })).optional(),
  })),
  dependencies: z.array(z.unknown()),
});

/** @throws Unusable */
export function componentsOf(text: string): readonly Component[] {
  const bom = CycloneDx.safeParse(parseJson(text, 'npm sbom (CycloneDX)'));
  if (!bom.success) throw new Unusable(`npm wrote no CycloneDX: ${z.prettifyError(bom.error)}`);
  return bom.data.components.map(({ purl, hashes, licenses }) => ({ purl, hash: hashes?.find(({ alg }) => alg === 'SHA-512')?.content, licence: licenses?.map(({ license, expression }) => expression ?? license?.id ?? license?.name).join(', ') }));
}

const Spdx = z.looseObject({
  spdxVersion: z.literal('SPDX-2.3'),
  SPDXID: z.literal('SPDXRef-DOCUMENT'),
  dataLicense: z.literal('CC0-1.0'),
  documentNamespace: z.string().min(1),
  packages: z.array(z.looseObject({
    name: z.string(), versionInfo: z.string(), licenseDeclared: z.string().optional(),
    externalRefs: z.array(z.looseObject({ referenceType: z.string(), referenceLocator: z.string() })).optional(),
    checksums: z.array(z.object({ algorithm: z.string(), checksumValue: z.string() })).optional(),
  })),
  relationships: z.array(z.unknown()),
});

/** @throws Unusable */
export function spdxPackagesOf(text: string): readonly Component[] {
  const document = Spdx.safeParse(parseJson(text, 'npm sbom (SPDX)'));
  if (!document.success) throw new Unusable(`npm wrote no SPDX: ${z.prettifyError(document.error)}`);
  return document.data.packages.map(({ externalRefs, checksums, licenseDeclared }) => ({ purl: externalRefs?.find(({ referenceType }) => referenceType === 'purl')?.referenceLocator ?? '', hash: checksums?.find(({ algorithm }) => algorithm === 'SHA512')?.checksumValue, licence: licenseDeclared === 'NOASSERTION' ? undefined : licenseDeclared }));
}

export function isShipped({ dev, devOptional, optional }: LockedPackage): boolean {
  return dev !== true && devOptional !== true && optional !== true;
}

export function purlOf({ name, alias, version }: LockedPackage): string {
  return `pkg:npm/${(name ?? alias).replace(/^@/, '%40')}@${version ?? ''}`;
}

export function gaps(shipped: readonly LockedPackage[], components: readonly Component[], form: string): readonly Finding[] {
  const known = new Map(components.map((component) => [component.purl, component]));
  return shipped.flatMap((entry): readonly Finding[] => {
    const purl = purlOf(entry);
    const component = known.get(purl);
    const at = (rule: string, message: string): readonly Finding[] => [{ rule, file: entry.file, line: entry.line, severity: 'error', message: `${form}: ${message}`, fix: 'Run npm install --package-lock-only, which completes the entry; if the package itself has no licence, choose another.' }];
    if (component === undefined) return at('not-in-bill', `${purl} is installed in production and not in the bill.`);
    const hash = Buffer.from((entry.integrity ?? '').replace(/^sha512-/, ''), 'base64').toString('hex');
    if (component.hash === undefined || component.hash !== hash) return at('no-hash-in-bill', `${purl} has no SHA-512, or another than the lock file.`);
    return component.licence === undefined || component.licence === '' ? at('no-licence-in-bill', `${purl} has no licence.`) : [];
  });
}
