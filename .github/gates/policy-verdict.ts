// What conftest says of documents that it held to a folder of policies, as findings; that it asked every policy is looked at too.
import { z } from 'zod';
import { type Finding, parseJson, Unusable } from './gate.ts';

const Failure = z.object({
  msg: z.string(),
  metadata: z.object({ line: z.int().positive(), file: z.string().min(1), severity: z.enum(['error', 'warning', 'note']), remediation: z.string().min(1) }),
});
const Results = z.array(z.object({ filename: z.string(), namespace: z.string(), successes: z.int(), failures: z.array(Failure).optional(), exceptions: z.array(z.unknown()).optional() }));

/**
 * @param documents what conftest was given
 * @param policies the namespaces that it has to have asked about each
 * @throws Unusable when it left one out, or printed something else
 */
export function findingsOf(output: string, documents: readonly string[], policies: readonly string[]): readonly Finding[] {
  const results = Results.safeParse(parseJson(output, 'conftest'));
  if (!results.success) throw new Unusable(`conftest printed results of another form: ${z.prettifyError(results.error)}`);
  if (policies.length === 0) throw new Unusable('there is no policy to ask');
  for (const document of documents) {
    for (const policy of policies) {
      const answered = results.data.find(({ filename, namespace }) => filename === document && namespace === policy);
      if (answered === undefined || (answered.successes === 0 && (answered.failures ?? []).length === 0)) throw new Unusable(`conftest did not ask ${policy} about ${document}`);
    }
  }
  return results.data.flatMap(({ namespace, failures = [], exceptions = [] }) => {
    if (exceptions.length > 0) throw new Unusable(`${namespace} makes an exception, which no policy may; a waiver stands beside what it waives`);
    const rule = namespace.slice(namespace.lastIndexOf('.') + 1);
    return failures.map(({ msg, metadata: { line, file, severity, remediation } }) => ({ rule, file, line, severity, message: msg, fix: remediation }));
  });
}

/** `policies/docker/<claim>.rego` is the namespace `docker.<claim>`. */
export function policiesIn(folder: string, tree: readonly string[]): readonly string[] {
  const prefix = `policies/${folder}/`;
  return tree.filter((file) => file.startsWith(prefix) && file.endsWith('.rego') && !file.endsWith('_test.rego')).map((file) => `${folder}.${file.slice(prefix.length, -'.rego'.length)}`);
}
