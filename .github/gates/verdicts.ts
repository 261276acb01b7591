// What a tool said of a file before: the same text, judged by the same tool and rules, has the same verdict. A text without one is judged.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';

const Kept = z.object({ judge: z.string(), files: z.record(z.string(), z.object({ text: z.string(), said: z.array(z.unknown()) })) });
type Judged = z.infer<typeof Kept>['files'][string];

/** A finding of gate.ts as it is kept. */
export const KeptFinding = z.object({ rule: z.string(), file: z.string(), line: z.int().exactOptional(), severity: z.enum(['error', 'warning', 'note']), message: z.string(), fix: z.string() });

export interface VerdictOptions<T> {
  /** Of the file in .cache/gates. */
  readonly name: string;
  readonly form: z.ZodType<T>;
  /** Everything but the file that decides what the tool says: its version, its rules, its settings. */
  readonly judge: readonly string[];
}

export class Verdicts<T> {
  readonly #target: string;
  readonly #form: z.ZodType<T>;
  readonly #judge: string;
  readonly #files: Map<string, Judged>;

  /** Empty when something else has judged. */
  constructor(root: string, { name, form, judge }: VerdictOptions<T>) {
    this.#target = path.join(root, `.cache/gates/${name}.json`);
    this.#form = form;
    this.#judge = digest(...judge);
    this.#files = new Map(Object.entries(this.#read()));
  }

  #read(): Readonly<Record<string, Judged>> {
    try {
      const kept = Kept.parse(JSON.parse(readFileSync(this.#target, 'utf8')));
      return kept.judge === this.#judge ? kept.files : {};
    } catch {
      // None, or half of one: everything is judged again.
      return {};
    }
  }

  /** @param text all of the file that the tool reads of it: for one that follows imports, what they lead to as well */
  of(file: string, text: string): readonly T[] | undefined {
    const known = this.#files.get(file);
    if (known?.text !== digest(text)) return undefined;
    const said = z.array(this.#form).safeParse(known.said);
    return said.success ? said.data : undefined;
  }

  add(file: string, text: string, said: readonly T[]): void {
    this.#files.set(file, { text: digest(text), said: [...said] });
  }

  /** @param tree the files that there still are */
  async keep(tree: readonly string[]): Promise<void> {
    const present = new Set(tree);
    const files = Object.fromEntries([...this.#files].filter(([file]) => present.has(file)));
    await mkdir(path.dirname(this.#target), { recursive: true });
    // Another run may read it meanwhile.
    const half = `${this.#target}.${process.pid}`;
    await writeFile(half, JSON.stringify({ judge: this.#judge, files }));
    await rename(half, this.#target);
  }
}

export function digest(...parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
}
