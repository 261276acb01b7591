// Has the containers of the applied state run for real: `npm run test:deployed` of the application, which takes nothing from elsewhere.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';

export interface Ran {
  readonly status: 'passed' | 'failed' | 'not run';
  readonly detail: string;
}

const SCRIPT = 'test:deployed';
const NOT_RUN = 2;

export async function runContainers(repository: string, state: string | undefined, say: (line: string) => void): Promise<Ran> {
  const { scripts } = JSON.parse(readFileSync(path.join(repository, 'package.json'), 'utf8')) as { readonly scripts: Readonly<Record<string, string>> };
  if (!(SCRIPT in scripts)) return { status: 'not run', detail: `there is no script ${SCRIPT}` };
  if (state === undefined) return { status: 'not run', detail: 'nothing was applied: --part apply,run' };
  const folder = mkdtempSync(path.join(tmpdir(), 'stockade-state-'));
  try {
    const file = path.join(folder, 'terraform.tfstate');
    writeFileSync(file, state);
    const child = spawn('npm', ['run', '--silent', SCRIPT, '--', '--state', file, '--no-spoiling'], { cwd: repository, stdio: ['ignore', 'pipe', 'inherit'] });
    const lines: string[] = [];
    createInterface({ input: child.stdout }).on('line', (line) => {
      lines.push(line);
      say(line);
    });
    const [code] = (await once(child, 'close')) as [number | null];
    const last = lines.findLast((line) => line.trim() !== '') ?? '';
    return { status: code === 0 ? 'passed' : code === NOT_RUN ? 'not run' : 'failed', detail: last };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
