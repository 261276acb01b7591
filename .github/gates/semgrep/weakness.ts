// What a rule about a known weakness is: a pattern of semgrep, what it must find, and what it must leave alone.
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { listFiles } from '../../rules/tree.ts';

export interface WeaknessRule {
  /** Number in the Common Weakness Enumeration. */
  readonly cwe: number;
  readonly message: string;
  readonly fix: string;
  /** In semgrep's own words: `pattern`, `patterns`, `mode: taint` … */
  readonly match: Readonly<Record<string, unknown>>;
  /** The files that it is about. @defaultValue all */
  readonly only?: RegExp;
  /** Files where it is as it must be; the rule's file says why. */
  readonly except?: RegExp;
  /** Whether what was found is as it must be, by the tables of which no tenant has rows. */
  readonly spares?: (matched: string, sharedTables: ReadonlySet<string>) => boolean;
  /** Each is found, or the rule is broken. */
  readonly refuses: readonly string[];
  readonly allows: readonly string[];
}

export interface NamedRule extends WeaknessRule {
  readonly id: string;
}

/** Where a rule found something, and what: the query that is run, or the lines. */
export const Hit = z.object({ rule: z.string(), file: z.string(), line: z.int().positive(), matched: z.string() });
export type Hit = Readonly<z.infer<typeof Hit>>;

const SUFFIX = '.rule.ts';
const FOLDER = '.github/gates/semgrep';

export async function findRules(root: string): Promise<readonly NamedRule[]> {
  const sources = listFiles(root, FOLDER).filter((file) => file.endsWith(SUFFIX));
  return Promise.all(
    sources.map(async (source) => {
      const { rule } = (await import(pathToFileURL(path.join(root, source)).href)) as { rule?: WeaknessRule };
      if (rule === undefined) throw new TypeError(`${source} exports no rule`);
      return { ...rule, id: path.posix.basename(source, SUFFIX) };
    }),
  );
}

/** JSON is YAML. */
export function toConfig(rules: readonly NamedRule[]): string {
  return JSON.stringify({ rules: rules.map(({ id, message, match }) => ({ id, message, severity: 'ERROR', languages: ['javascript'], ...match })) });
}
