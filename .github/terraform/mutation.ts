// A mutation: one edit of the HCL that takes a control away, and who has to notice. The edits are data, in `mutations/`.

export type Catcher =
  /** policies/terraform/<policy>.rego denies the plan, for that resource. */
  | { readonly policy: string }
  /** checkov fails that check for that resource. */
  | { readonly checkov: string }
  /** Terraform refuses to plan, and says this. */
  | { readonly refusal: string }
  /** `terraform test` of this file fails, and says this. */
  | { readonly test: string; readonly says: string };

export interface Mutation {
  /** The kind of mistake; what is caught in one place may be missed in another. */
  readonly class: string;
  /** What asks for it. */
  readonly control: string;
  readonly broken: string;
  /** An address (`aws_lb.main`, `data.aws_iam_policy_document.task`), or a file of the root (`service.tf`). */
  readonly in: string;
  /** Text that is there once; where it has a space, there may be more of them. */
  readonly find: string;
  readonly replace: string;
  readonly caughtBy: Catcher;
  /** The resource that the catcher names, where it is not the one that was edited. */
  readonly resource?: string;
  /** Planned as a first deployment, without a state: what AWS has once, a plan of later takes for what is asked for. */
  readonly first?: true;
  /** @defaultValue the main root */
  readonly root?: 'bootstrap';
}

/** @throws Error when the text is not there exactly once: a mutation that edits nothing proves nothing. */
export function mutate(sources: ReadonlyMap<string, string>, { in: place, find, replace }: Pick<Mutation, 'in' | 'find' | 'replace'>): readonly [file: string, text: string] {
  const isFile = sources.has(place);
  const [file, from, to] = isFile ? [place, 0, sources.get(place)?.length ?? 0] : blockOf(sources, place);
  const text = sources.get(file) ?? '';
  const pattern = new RegExp(find.trim().split(/\s+/).map((word) => RegExp.escape(word)).join('\\s+'), 'g');
  const found = [...text.slice(from, to).matchAll(pattern)];
  const [only] = found;
  if (only === undefined || found.length > 1) throw new Error(`${place} has "${find}" ${found.length} times`);
  const start = from + only.index;
  return [file, text.slice(0, start) + replace + text.slice(start + only[0].length)];
}

/** From its head to the brace in the first column, as `terraform fmt` has it. */
function blockOf(sources: ReadonlyMap<string, string>, address: string): readonly [file: string, from: number, to: number] {
  const parts = address.split('.');
  const [kind, ...labels] = parts[0] === 'data' || parts[0] === 'variable' || parts[0] === 'output' ? parts : ['resource', ...parts];
  const head = `${kind ?? ''} ${labels.map((label) => `"${label}"`).join(' ')} {\n`;
  for (const [file, text] of sources) {
    const from = text.startsWith(head) ? 0 : text.indexOf(`\n${head}`) + 1;
    if (from > 0 || text.startsWith(head)) return [file, from, text.indexOf('\n}\n', from) + 2];
  }
  throw new Error(`there is no ${address}`);
}
