// `npm run test:deletion`: what a fork may not want comes off. In a copy of the repository without a feature's folder, without what
// watches the service, or without the infrastructure, types, lint and tests pass.
//   npm run test:deletion -- accounts infrastructure   some of the parts   --turn N   one of them: the Nth, counted round and round
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { formatRows } from '#app/testing/report.ts';
import { listFiles } from './rules/tree.ts';

const root = path.resolve(import.meta.dirname, '..');
const features = path.join(root, 'app/features');
const LINES_SHOWN = 80;

interface Part {
  readonly name: string;
  readonly files: readonly string[];
  readonly steps: readonly string[];
}

const steps = ['npm run types', 'npm run lint', 'npm test'];
const parts: readonly Part[] = [
  ...(existsSync(features) ? readdirSync(features) : []).sort().map((name) => ({ name, files: [`app/features/${name}/`], steps })),
  // One test in app/ reads of it. What reads the whole repository is in .github/, and nothing in app/ can import of the two.
  ...(existsSync(path.join(root, 'observability')) ? [{ name: 'observability', files: ['observability/', '.github/observability/', '.github/workflows/observability.yml'], steps: [...steps.slice(0, -1), 'npm test -- .github exported-metrics'] }] : []),
  // As terraform/README.md says it.
  ...(existsSync(path.join(root, 'terraform')) ? [{ name: 'infrastructure', files: ['terraform/', '.github/terraform/', '.github/workflows/deploy.yml', '.github/workflows/preview.yml'], steps: [...steps.slice(0, -1), 'npm test -- .github'] }] : []),
];

const { values, positionals } = parseArgs({ options: { turn: { type: 'string' } }, allowPositionals: true });
process.exitCode = await main();

async function main(): Promise<number> {
  const unknown = positionals.find((name) => !parts.some((part) => part.name === name));
  if (unknown !== undefined || (values.turn !== undefined && !/^\d+$/.test(values.turn))) {
    console.error(`usage: npm run test:deletion -- [${parts.map(({ name }) => name).join('|')}] [--turn N]`);
    return 2;
  }
  const turn = values.turn === undefined ? undefined : parts[Number(values.turn) % parts.length];
  const chosen = turn === undefined ? parts.filter(({ name }) => positionals.length === 0 || positionals.includes(name)) : [turn];
  const rows = [['', 'without', 'step', 'tests', 'minutes']];
  for (const part of chosen) rows.push(...(await prove(part)));
  for (const { name } of parts.filter((part) => !chosen.includes(part))) rows.push(['–', name, 'not run', '', '']);
  console.log(`\n${parts.length === 0 ? 'nothing is there that comes off' : formatRows(rows)}`);
  return rows.some(([sign]) => sign === '✖') ? 1 : 0;
}

async function prove(part: Part): Promise<string[][]> {
  const copy = copyWithout(part);
  const rows: string[][] = [];
  try {
    for (const step of part.steps) {
      const from = performance.now();
      console.log(`… without ${part.name}: ${step}`);
      const { code, output } = await run(step, copy);
      // A run that found no test is no proof.
      const passed = step.startsWith('npm test') ? /ℹ pass ([1-9]\d*)\nℹ fail 0\n/.exec(output)?.[1] : '';
      const holds = code === 0 && passed !== undefined;
      rows.push([holds ? '✔' : '✖', part.name, step, passed ?? '', ((performance.now() - from) / 60_000).toFixed(1)]);
      if (holds) continue;
      console.log(excerptOf(output));
      break;
    }
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
  return rows;
}

/** What a clone has, but for the part. */
function copyWithout({ name, files }: Part): string {
  const copy = mkdtempSync(path.join(tmpdir(), `stockade-without-${name}-`));
  for (const file of listFiles(root).filter((each) => !files.some((gone) => each.startsWith(gone)))) {
    cpSync(path.join(root, file), path.join(copy, file));
  }
  symlinkSync(path.join(root, 'node_modules'), path.join(copy, 'node_modules'), 'junction');
  return copy;
}

/** The environment decides which databases and browser serve; what npm put there belongs to this run alone. */
function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_|^NODE_OPTIONS$|^INIT_CWD$/i.test(name)));
}

async function run(step: string, copy: string): Promise<{ readonly code: number | null; readonly output: string }> {
  const child = spawn(`(${step}) 2>&1`, { cwd: copy, env: environment(), shell: true, stdio: ['ignore', 'pipe', 'ignore'] });
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'close') as Promise<[number | null]>]);
  return { code, output };
}

/** Tests say again at their end which of them failed. */
function excerptOf(output: string): string {
  const failures = output.indexOf('✖ failing tests:');
  return (failures === -1 ? output : output.slice(failures)).split('\n').slice(-LINES_SHOWN).join('\n');
}
