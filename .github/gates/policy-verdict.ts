// What conftest says of documents that it held to a folder of policies, as findings; that it asked every policy is looked at too.
import { z } from 'zod';
import { type Finding, parseJson, Unusable } from './gate.ts';

const Advice = z.object({ severity: z.enum(['error', 'warning', 'note']), remediation: z.string().min(1) });
const Place = Advice.extend({ line: z.int().positive(), file: z.string().min(1) });

export interface Denial<T> {
  /** As it was given to conftest. */
  readonly document: string;
  /** The policy's name without its folder. */
  readonly rule: string;
  readonly message: string;
  readonly metadata: T;
}

/**
 * @param documents what conftest was given
 * @param policies the namespaces that it has to have asked about each
 * @param metadata what a policy says besides its message
 * @throws Unusable when it left one out, or printed something else
 */
export function denialsOf<T>(output: string, documents: readonly string[], policies: readonly string[], metadata: z.ZodType<T>): readonly Denial<T>[] {
  const results = resultsOf(metadata).safeParse(parseJson(output, 'conftest'));
  if (!results.success) throw new Unusable(`conftest printed results of another form: ${z.prettifyError(results.error)}`);
  if (policies.length === 0) throw new Unusable('there is no policy to ask');
  for (const document of documents) {
    for (const policy of policies) {
      const answered = results.data.find(({ filename, namespace }) => filename === document && namespace === policy);
      if (answered === undefined || (answered.successes === 0 && (answered.failures ?? []).length === 0)) throw new Unusable(`conftest did not ask ${policy} about ${document}`);
    }
  }
  return results.data.flatMap(({ filename, namespace, failures = [], exceptions = [] }) => {
    if (exceptions.length > 0) throw new Unusable(`${namespace} makes an exception, which no policy may; a waiver stands beside what it waives`);
    const rule = namespace.slice(namespace.lastIndexOf('.') + 1);
    return failures.map((failure) => ({ document: filename, rule, message: failure.msg, metadata: failure.metadata }));
  });
}

function resultsOf<T>(metadata: z.ZodType<T>) {
  const failure = z.object({ msg: z.string(), metadata });
  return z.array(z.object({ filename: z.string(), namespace: z.string(), successes: z.int(), failures: z.array(failure).optional(), exceptions: z.array(z.unknown()).optional() }));
}

/** Of documents that are files of the repository, and whose policies say at which line. */
export function findingsOf(output: string, documents: readonly string[], policies: readonly string[]): readonly Finding[] {
  return denialsOf(output, documents, policies, Place).map(({ rule, message, metadata: { line, file, severity, remediation } }) => ({ rule, file, line, severity, message, fix: remediation }));
}

/** `policies/docker/<claim>.rego` is the namespace `docker.<claim>`. */
export function policiesIn(folder: string, tree: readonly string[]): readonly string[] {
  const prefix = `policies/${folder}/`;
  return tree.filter((file) => file.startsWith(prefix) && file.endsWith('.rego') && !file.endsWith('_test.rego')).map((file) => `${folder}.${file.slice(prefix.length, -'.rego'.length)}`);
}
