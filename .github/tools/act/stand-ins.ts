// What stands in for an action when act runs the workflows: the action itself is GitHub's, and not on this machine.
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** act brings the clone by itself, and so takes no checkout from anywhere. */
const BUILT_IN = 'actions/checkout';

/** Of each action the step that does here what it is for, with the inputs of which that is made. */
const STEPS: Readonly<Record<string, { readonly inputs: readonly string[]; readonly run: string }>> = {
  'actions/setup-go': { inputs: [], run: 'go version' },
  'actions/setup-python': { inputs: [], run: 'python3 --version' },
  'hashicorp/setup-terraform': { inputs: ['terraform_version'], run: 'terraform version' },
  // From what gates:setup has put into the repository that the proof runs in.
  'actions/cache': { inputs: ['path', 'key'], run: 'if [[ -d $STAND_IN_ROOT/$INPUT_PATH ]]; then mkdir -p "$(dirname "$INPUT_PATH")" && cp -al "$STAND_IN_ROOT/$INPUT_PATH" "$INPUT_PATH"; fi' },
  'actions/upload-artifact': { inputs: ['path', 'name'], run: 'ls -l $INPUT_PATH' },
  'actions/download-artifact': { inputs: ['path'], run: 'exit 1' },
  'github/codeql-action': { inputs: ['sarif_file'], run: 'exit 1' },
};

/** Writes those that a workflow names, and returns `owner/name@commit=folder` for each. @throws Error where one has none */
export async function standIns(directory: string, workflow: string): Promise<readonly string[]> {
  const used = [...workflow.matchAll(/^\s*-?\s*uses: ([\w.-]+\/[\w.-]+)((?:\/[\w.-]+)*)@([0-9a-f]{40})\b/gm)];
  const named = [...new Map(used.map(([, name = '', folder = '', commit = '']) => [`${name}${folder}`, { name, folder, commit }])).values()].filter(({ name }) => name !== BUILT_IN);
  return Promise.all(named.map(async ({ name, folder, commit }) => {
    const step = STEPS[name];
    if (step === undefined) throw new Error(`nothing stands in for ${name}: write it into stand-ins.ts`);
    const target = path.join(directory, name);
    await mkdir(path.join(target, folder), { recursive: true });
    await writeFile(path.join(target, folder, 'action.yml'), actionOf(name, step));
    return `${name}@${commit}=${target}`;
  }));
}

/** Every input is given to the step by its environment, as actions have it. */
function actionOf(name: string, { inputs, run }: { readonly inputs: readonly string[]; readonly run: string }): string {
  return JSON.stringify({
    name: `stand-in for ${name}`,
    description: 'does here what the action is for',
    ...(inputs.length === 0 ? {} : { inputs: Object.fromEntries(inputs.map((input) => [input, { description: input, required: true }])) }),
    // gates:allow code_avoids_known_weaknesses/command-injection until 2027-11-20: these commands are the table above, and the inputs come by the environment
    runs: { using: 'composite', steps: [{ shell: 'bash', run, ...(inputs.length === 0 ? {} : { env: Object.fromEntries(inputs.map((input) => [`INPUT_${input.toUpperCase()}`, `\${{ inputs.${input} }}`])) }) }] },
  });
}
