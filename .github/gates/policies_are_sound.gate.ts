// Holds the Rego itself to account: strict, pure, formatted, tested to the last line, documented, and compiled as it ships.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { z } from 'zod';
import { type Finding, type Gate, type GateContext, parseJson, type Tool, Unusable } from './gate.ts';
import { REGISTER, registerOf } from './policy-register.ts';
import { CANARY, findingsOfCheck, findingsOfCoverage, findingsOfFormat, findingsOfTests } from './rego-report.ts';

const opa: Tool = { set: 'go', program: 'opa' };
const SOURCE = 'policies/access/access.rego';
const MODULE = 'app/access/access.wasm';
const ENTRYPOINT = 'stockade/access/decision';
/** What a policy must not do: reach out, look at its surroundings, or answer differently the next time. */
const IMPURE = /^(?:http\.|net\.lookup|opa\.runtime|rand\.|time\.now_ns$|uuid\.|trace$|print$)/;
const Capabilities = z.looseObject({ builtins: z.array(z.looseObject({ name: z.string(), deprecated: z.boolean().optional() })).min(1) });

export const gate: Gate = {
  claim: 'policies are strict, pure, formatted, documented and tested to the last line, and the module that ships is compiled from them',
  why: 'A rule that no test reaches may allow everything; a module that is older than its source decides by rules that nobody reads any more.',
  remedy: 'Mend the policy or its test. After a change of the access policy compile it: npm run test:policy -- --write.',
  link: 'https://www.openpolicyagent.org/docs/policy-testing',
  tools: [opa],
  reads: /^policies\/.*\.rego$|^app\/access\/access\.wasm$|^policies\/README\.md$/,
  settings: /^\.github\/gates\/(?:rego-report|policy-register)\.ts$/,
  scope: 'tree',
  when: 'change',
  unparsable: { file: 'policies/docker/seeded.rego', text: '# Not Rego.\npackage docker.seeded\n\nx := {\n' },
  async check(context) {
    const files = context.files.filter((file) => file.endsWith('.rego'));
    const findings = await compile(context, files);
    // What does not compile can't be tested, and opa says so of each of the rest in other words.
    return findings.length > 0 ? findings : [...(await format(context, files)), ...(await test(context, files)), ...(await document(context, files)), ...(await compareModule(context))];
  },
};

async function compile({ run, scratch }: GateContext, files: readonly string[]): Promise<readonly Finding[]> {
  const canary = plantCanary(scratch);
  const all = Capabilities.safeParse(parseJson((await run(opa, ['capabilities', '--current'])).stdout, 'opa capabilities'));
  if (!all.success) throw new Unusable('opa printed no capabilities');
  const capabilities = path.join(scratch, 'capabilities.json');
  writeFileSync(capabilities, JSON.stringify({ ...all.data, builtins: all.data.builtins.filter(({ name, deprecated }) => deprecated !== true && !IMPURE.test(name)) }));
  const { stderr } = await run(opa, ['check', '--strict', '--format', 'json', '--max-errors', '1000', '--capabilities', capabilities, canary, ...files], { accept: [1] });
  return findingsOfCheck(stderr, canary);
}

function plantCanary(scratch: string): string {
  const file = path.join(scratch, 'canary.rego');
  writeFileSync(file, CANARY);
  return file;
}

async function format({ run, scratch }: GateContext, files: readonly string[]): Promise<readonly Finding[]> {
  const canary = plantCanary(scratch);
  return findingsOfFormat((await run(opa, ['fmt', '--list', canary, ...files])).stdout, canary);
}

const TESTS_FAILED = 2;
/** Of one test, on a machine with much else to do. */
const LONGEST_TEST = '2m';

async function test({ run }: GateContext, files: readonly string[]): Promise<readonly Finding[]> {
  const { stdout } = await run(opa, ['test', '--timeout', LONGEST_TEST, '--format', 'json', ...files], { accept: [0, TESTS_FAILED] });
  const failed = findingsOfTests(stdout, files.filter((file) => file.endsWith('_test.rego')));
  // What they reach counts once all of them run.
  return failed.length > 0 ? failed : findingsOfCoverage((await run(opa, ['test', '--timeout', LONGEST_TEST, '--coverage', '--format', 'json', ...files])).stdout, files);
}

async function document({ run, read, tree }: GateContext, files: readonly string[]): Promise<readonly Finding[]> {
  const { undocumented, text } = registerOf((await run(opa, ['inspect', '--annotations', '--format', 'json', 'policies'])).stdout, files, read);
  const mute = undocumented.map((file): Finding => ({ rule: 'policy-undocumented', file, severity: 'warning', message: 'Its annotations lack a title, a description, or custom remediation, severity or control.', fix: 'Write them above `package`, as the other policies of the folder have them: a finding is only as good as what they say.' }));
  const isCurrent = tree.includes(REGISTER) && read(REGISTER) === text;
  return isCurrent || mute.length > 0 ? mute : [{ rule: 'register-stale', file: REGISTER, severity: 'warning', message: 'It says something else than the annotations of the policies.', fix: 'Run `npx node .github/gates/policy-register.command.ts`.' }];
}

async function compareModule({ run, root, scratch, files }: GateContext): Promise<readonly Finding[]> {
  if (!files.includes(MODULE)) return [{ rule: 'module-stale', file: SOURCE, severity: 'error', message: `There is no ${MODULE}, so that the service can decide nothing.`, fix: 'Run `npm run test:policy -- --write`.' }];
  const bundle = path.join(scratch, 'bundle.tar.gz');
  await run(opa, ['build', '--target', 'wasm', '--entrypoint', ENTRYPOINT, '--output', bundle, SOURCE]);
  if (!existsSync(bundle)) throw new Unusable('opa built no module');
  const built = fileInArchive(gunzipSync(readFileSync(bundle)), '/policy.wasm');
  if (built === undefined) throw new Unusable('the bundle that opa built has no module');
  return built.equals(readFileSync(path.join(root, MODULE))) ? [] : [{ rule: 'module-stale', file: MODULE, severity: 'error', message: `The module that the service loads is not what ${SOURCE} compiles to.`, fix: 'Look at the change of the policy, then run `npm run test:policy -- --write`.' }];
}

/** A tar archive is headers of 512 bytes, with name and octal size, each before its content, which is filled up to 512. */
function fileInArchive(archive: Buffer, name: string): Buffer | undefined {
  const BLOCK = 512;
  const text = (from: number, length: number) => archive.toString('latin1', from, from + length).replace(/\0.*$/s, '');
  for (let at = 0; at + BLOCK <= archive.length && archive[at] !== 0; ) {
    const size = Number.parseInt(text(at + 124, 12), 8);
    if (text(at, 100) === name) return archive.subarray(at + BLOCK, at + BLOCK + size);
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
  return undefined;
}
