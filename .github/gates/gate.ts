// The contract of a gate: one claim about the repository that holds or does not, found by its name `<claim>.gate.ts`.

/** As SARIF 2.1.0 calls them (3.27.10). Each of them blocks; they only order what is shown. */
export type Severity = 'error' | 'warning' | 'note';

export interface Finding {
  readonly rule: string;
  /** Relative to the repository, with forward slashes. */
  readonly file: string;
  /** From 1; left out where the finding is about the file as a whole. */
  readonly line?: number;
  readonly severity: Severity;
  /** What is wrong here. */
  readonly message: string;
  /** What to do about it, for the one who has only this text. */
  readonly fix: string;
}

/**
 * A program that a gate runs. Of the sets `go`, `osv`, `scorecard`, `python`, `npm` and `typescript` .github/tools has the lock file; `packages` is this
 * repository's own node_modules; `machine` is looked for on the PATH, and `get` says how it comes there.
 */
export type Tool =
  | { readonly set: 'go' | 'osv' | 'scorecard' | 'python' | 'npm' | 'typescript' | 'packages'; readonly program: string }
  | { readonly set: 'machine'; readonly program: string; readonly get: string };

export interface RunOptions {
  /** Statuses with which the tool ends when it did its work, findings or not. @defaultValue [0] */
  readonly accept?: readonly number[];
  /** Folder relative to the repository. @defaultValue its root */
  readonly directory?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly input?: string;
}

export interface Output {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface GateContext {
  /** Absolute. */
  readonly root: string;
  /** What the gate reads, of the files that a clone or the next commit has; never empty. */
  readonly files: readonly string[];
  /** Every path of the tree, for what is not read but only there. */
  readonly tree: readonly string[];
  /** An empty folder, absolute, that is removed afterwards. */
  readonly scratch: string;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly read: (file: string) => string;
  /** Which build of a tool is installed, for verdicts that are kept; empty when nobody knows. */
  readonly installed: (tool: Tool) => string;
  /** @throws Unusable when the tool can't be started, is killed, or ends with a status that is not accepted. */
  readonly run: (tool: Tool, parameters: readonly string[], options?: RunOptions) => Promise<Output>;
}

export interface Gate {
  /** What holds when it passes, as a sentence. */
  readonly claim: string;
  /** Why anybody should care. */
  readonly why: string;
  /** How a finding is mended in general, and where to read on. */
  readonly remedy: string;
  readonly link: string;
  readonly tools: readonly Tool[];
  /** The files that it judges. */
  readonly reads: RegExp;
  /** What else decides its verdict (its rules, its settings): a change of it is a change of everything that it reads. */
  readonly settings?: RegExp;
  /** Whether a file can be judged without the others. Only then a change is judged by the changed files alone. What is not committed is no history. */
  readonly scope: 'file' | 'tree' | 'history';
  /** `schedule`: too slow, or about the world rather than the change; runs with --all. */
  readonly when: 'change' | 'schedule';
  /** The folder of an optional part. Where it is deleted, no claim is made about it. */
  readonly part?: string;
  /** What else tells something of this claim when it is not run; nothing does if left out. */
  readonly standIn?: string;
  /** Why no defects are seeded for it, and what has been seen red instead; of a scheduled gate alone. */
  readonly unseeded?: string;
  /** Its findings point at credentials: no report quotes a line of the files that they are in. */
  readonly findsSecrets?: true;
  /** Why it can't run here (a missing token, a missing network), or nothing. */
  readonly hindrance?: (environment: GateContext['environment']) => string | undefined;
  /** A file as `reads` wants it that no parser accepts, so that the proof sees the gate refuse it. Left out where every text is readable. */
  readonly unparsable?: { readonly file: string; readonly text: string };
  readonly check: (context: GateContext) => Promise<readonly Finding[]>;
}

/** The gate could not come to a verdict, which is red: a claim that nobody checked does not hold. */
export class Unusable extends Error {
  override readonly name = 'Unusable';
}

/** @throws Unusable when `text` is no JSON, as of a tool that was cut off. */
export function parseJson(text: string, whose: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Unusable(`${whose} printed ${text.trim() === '' ? 'nothing' : 'no complete JSON'}`);
  }
}
