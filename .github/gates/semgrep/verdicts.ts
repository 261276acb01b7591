// What semgrep found in texts that it has judged by these rules before: the same text has the same verdict.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import type { GateContext } from '../gate.ts';

const Hit = z.object({ rule: z.string(), file: z.string(), line: z.int().positive() });
export type Hit = Readonly<z.infer<typeof Hit>>;

const Kept = z.object({ judge: z.string(), files: z.record(z.string(), z.object({ text: z.string(), hits: z.array(Hit) })) });
type Judged = z.infer<typeof Kept>['files'][string];

const FILE = '.cache/gates/weaknesses.json';
const LOCK = '.github/tools/python/requirements.txt';

export class Verdicts {
  readonly #target: string;
  readonly #judge: string;
  readonly #files: Map<string, Judged>;

  private constructor(root: string, judge: string, files: Readonly<Record<string, Judged>>) {
    this.#target = path.join(root, FILE);
    this.#judge = judge;
    this.#files = new Map(Object.entries(files));
  }

  /** Empty when another version of semgrep, or other rules, have judged. */
  static open({ root, tree, read }: Pick<GateContext, 'root' | 'tree' | 'read'>, config: string): Verdicts {
    const judge = digest(config, ...tree.filter((file) => file === LOCK).map(read));
    try {
      const kept = Kept.parse(JSON.parse(readFileSync(path.join(root, FILE), 'utf8')));
      return new Verdicts(root, judge, kept.judge === judge ? kept.files : {});
    } catch {
      // None, or half of one: everything is judged again.
      return new Verdicts(root, judge, {});
    }
  }

  of(file: string, text: string): readonly Hit[] | undefined {
    const known = this.#files.get(file);
    return known?.text === digest(text) ? known.hits : undefined;
  }

  add(file: string, text: string, hits: readonly Hit[]): void {
    this.#files.set(file, { text: digest(text), hits: [...hits] });
  }

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

function digest(...parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
}
