// Where a CPU profile's time went: by the file or package that spent it or called what did, and by function.

export interface Profile {
  readonly nodes: readonly ProfileNode[];
  readonly samples: readonly number[];
  /** Microseconds since the sample before. */
  readonly timeDeltas: readonly number[];
}

interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  readonly children?: readonly number[];
}

export interface Cost {
  readonly name: string;
  readonly us: number;
}

/** V8's names for what is no function. Nothing is spent in the last. */
const IDLE = '(idle)';

/** Node's own functions count for whoever called them; what nobody of ours called counts for Node's part itself. */
export function costsByOwner(profile: Profile, root: string): readonly Cost[] {
  const parents = parentsOf(profile);
  return sum(profile, (node) => {
    for (let at: ProfileNode | undefined = node; at !== undefined; at = parents.get(at.id)) {
      const owner = ownerOf(at.callFrame.url, root);
      if (owner !== undefined) return owner;
    }
    return node.callFrame.url === '' ? node.callFrame.functionName : node.callFrame.url;
  });
}

export function costsByFunction(profile: Profile, root: string): readonly Cost[] {
  return sum(profile, ({ callFrame: { functionName, url, lineNumber } }) => {
    if (url === '') return functionName;
    return `${functionName === '' ? '(anonymous)' : functionName}  ${shorten(url, root)}:${lineNumber + 1}`;
  });
}

/** Of all that ran below a function, by name and file, itself included; what is awaited in it runs elsewhere. */
export function costsBelow(profile: Profile, root: string): readonly Cost[] {
  const parents = parentsOf(profile);
  const totals = new Map<string, number>();
  for (const [node, us] of spent(profile)) {
    const seen = new Set<string>();
    for (let at: ProfileNode | undefined = node; at !== undefined; at = parents.get(at.id)) {
      const owner = ownerOf(at.callFrame.url, root);
      if (owner !== undefined) seen.add(`${at.callFrame.functionName === '' ? '(anonymous)' : at.callFrame.functionName}  ${shorten(at.callFrame.url, root)}:${at.callFrame.lineNumber + 1}`);
    }
    for (const name of seen) totals.set(name, (totals.get(name) ?? 0) + us);
  }
  return toCosts(totals);
}

function sum(profile: Profile, nameOf: (node: ProfileNode) => string): readonly Cost[] {
  const totals = new Map<string, number>();
  for (const [node, us] of spent(profile)) {
    const name = nameOf(node);
    totals.set(name, (totals.get(name) ?? 0) + us);
  }
  return toCosts(totals);
}

function toCosts(totals: ReadonlyMap<string, number>): readonly Cost[] {
  return [...totals].map(([name, us]) => ({ name, us })).sort((one, other) => other.us - one.us);
}

/** Each node that was on top of the stack, with its time. */
function spent({ nodes, samples, timeDeltas }: Profile): ReadonlyMap<ProfileNode, number> {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const totals = new Map<ProfileNode, number>();
  for (const [index, id] of samples.entries()) {
    const node = byId.get(id);
    // A delta is the time before its sample: what was sampled then ran until the next.
    const us = timeDeltas[index + 1] ?? 0;
    if (node === undefined || node.callFrame.functionName === IDLE) continue;
    totals.set(node, (totals.get(node) ?? 0) + us);
  }
  return totals;
}

function parentsOf({ nodes }: Profile): ReadonlyMap<number, ProfileNode> {
  return new Map(nodes.flatMap((node) => (node.children ?? []).map((child) => [child, node] as const)));
}

/** A package, or a file of ours; undefined for Node's own. */
function ownerOf(url: string, root: string): string | undefined {
  if (!url.startsWith('file:')) return undefined;
  const [first = '', second = ''] = url.split('/node_modules/').slice(1).at(-1)?.split('/') ?? [];
  if (first === '') return shorten(url, root);
  return first.startsWith('@') ? `${first}/${second}` : first;
}

function shorten(url: string, root: string): string {
  const path = url.startsWith(root) ? url.slice(root.length) : url;
  return path.replace(/^.*node_modules\//, '');
}
