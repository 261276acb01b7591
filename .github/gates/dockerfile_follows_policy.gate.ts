// Holds every Dockerfile, with its .dockerignore, to the policies in policies/docker.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { type DockerfileDocument, ParsedFiles, readDockerfile } from './dockerfile.ts';
import { type Gate, type GateContext, parseJson, type Tool, Unusable } from './gate.ts';
import { findingsOf, policiesIn } from './policy-verdict.ts';

const conftest: Tool = { set: 'go', program: 'conftest' };
const DOCKERFILE = /(?:^|\/)(?:(?:Dockerfile|Containerfile)(?:\.(?!dockerignore$)[\w.-]+)?|[\w.-]+\.(?:dockerfile|Dockerfile|containerfile))$/;
const IGNORE = /(?:^|\/)(?:[\w.-]+)?\.dockerignore$/;

export const gate: Gate = {
  claim: 'the image is pinned, minimal, not root, without secrets, and confined, as its Dockerfile says it',
  why: 'What the Dockerfile gets wrong is in every copy of the image that runs, and no setting of a cluster takes it out again.',
  remedy: 'Each finding names the policy that it breaks; policies/docker/<rule>.rego says why it is there.',
  link: 'https://cheatsheetseries.owasp.org/cheatsheets/Docker_Security_Cheat_Sheet.html',
  tools: [conftest],
  reads: new RegExp(`${DOCKERFILE.source}|${IGNORE.source}`),
  settings: /^policies\/(?:docker|lib)\/|^\.github\/gates\/(?:dockerfile|policy-verdict)\.ts$/,
  // An ignored file is judged with the Dockerfile that it belongs to.
  scope: 'tree',
  when: 'change',
  unparsable: { file: 'app/Dockerfile', text: 'FROM\n' },
  async check(context) {
    const documents = await readDocuments(context);
    const files = documents.map((document, index) => {
      const file = path.join(context.scratch, `${index}.json`);
      writeFileSync(file, JSON.stringify(document));
      return file;
    });
    const { stdout } = await context.run(conftest, ['test', '--no-fail', '--output', 'json', '--all-namespaces', '--policy', 'policies/docker', '--policy', 'policies/lib', ...files]);
    return findingsOf(stdout, files, policiesIn('docker', context.tree));
  },
};

async function readDocuments({ run, read, files, tree }: GateContext): Promise<readonly DockerfileDocument[]> {
  const wanted = files.filter((file) => DOCKERFILE.test(file));
  if (wanted.length === 0) throw new Unusable('there is no Dockerfile');
  const { stdout } = await run(conftest, ['parse', '--combine', '--parser', 'dockerfile', ...wanted]);
  const parsed = ParsedFiles.safeParse(parseJson(stdout, 'conftest'));
  if (!parsed.success) throw new Unusable(`conftest parsed into another form: ${z.prettifyError(parsed.error)}`);
  return wanted.map((file) => {
    const contents = parsed.data.find((one) => one.path === file)?.contents;
    if (contents === undefined) throw new Unusable(`conftest left ${file} out`);
    const ignore = [`${file}.dockerignore`, '.dockerignore'].find((one) => tree.includes(one));
    return readDockerfile(file, read(file), contents, ignore === undefined ? null : { file: ignore, patterns: patternsOf(read(ignore)) });
  });
}

function patternsOf(text: string): readonly string[] {
  return text.split('\n').map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'));
}
