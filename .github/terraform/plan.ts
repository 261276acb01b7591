// What `terraform show -json` says of a saved plan, as far as people and the workflow that deploys need it.
// Nothing but Node's own: it runs beside cloud credentials, where no package is installed.

export interface Change {
  readonly address: string;
  readonly actions: readonly string[];
  readonly before: unknown;
  readonly after: unknown;
  readonly unknown: unknown;
}

type Json = Readonly<Record<string, unknown>>;

/** What the plan would do; reading is not doing. @throws when it is no plan, or not a whole one. */
export function changesIn(text: string): readonly Change[] {
  const plan = JSON.parse(text) as Json;
  if (typeof plan['format_version'] !== 'string' || plan['errored'] === true) throw new Error('This is no complete plan of Terraform.');
  // A plan that changes nothing has the list too, with every resource as it is; an empty root has none.
  const changes = (plan['resource_changes'] ?? []) as readonly Json[];
  return changes
    .map((each) => {
      const change = each['change'] as Json;
      return { address: String(each['address']), actions: change['actions'] as readonly string[], before: change['before'], after: change['after'], unknown: change['after_unknown'] };
    })
    .filter(({ actions }) => !actions.every((action) => action === 'no-op' || action === 'read'));
}

/** Names of the attributes that differ, at the top; never their values, which are for nobody's log. */
export function attributesOf({ before, after, unknown }: Change): readonly string[] {
  const [from, to, later] = [before, after, unknown].map((each) => (typeof each === 'object' && each !== null ? (each as Json) : {}));
  const names = new Set([...Object.keys(from ?? {}), ...Object.keys(to ?? {}), ...Object.keys(later ?? {})]);
  return [...names].filter((name) => hasUnknown(later?.[name]) || !isSame(from?.[name], to?.[name])).sort();
}

export function hasUnknown(value: unknown): boolean {
  if (value === true) return true;
  return typeof value === 'object' && value !== null && Object.values(value).some(hasUnknown);
}

/** Terraform writes an attribute that is not set as null, and sometimes leaves it out. */
export function isSame(one: unknown, other: unknown): boolean {
  if ((one ?? null) === (other ?? null)) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null || Array.isArray(one) !== Array.isArray(other)) return false;
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...names].every((name) => isSame((one as Json)[name], (other as Json)[name]));
}
