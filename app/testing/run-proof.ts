// `npm run test:<name>`: runs every app/**/<name>.proof.ts, one after the other. A proof is a program that shows its
// progress, ends with a table, and exits non-zero when what it is to prove did not hold.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { findFiles } from '#app/testing/test-files.ts';

const NOTHING_RAN = 2;
const [name = '', ...rest] = process.argv.slice(2);

if (!/^[a-z][a-z0-9-]*$/.test(name)) {
  console.error('usage: node app/testing/run-proof.ts <name> [arguments for the proof]');
  process.exitCode = NOTHING_RAN;
} else {
  const proofs = findFiles('.', [`app/**/${name}.proof.ts`]);
  if (proofs.length === 0) {
    console.error(`not run: there is no app/**/${name}.proof.ts`);
    process.exitCode = NOTHING_RAN;
  }
  for (const proof of proofs) {
    console.log(`${proof} ${rest.join(' ')}`.trimEnd());
    // A proof that failed does not keep the others from running.
    if (!(await holds(proof, rest))) process.exitCode = 1;
  }
}

async function holds(proof: string, options: readonly string[]): Promise<boolean> {
  const child = spawn(process.execPath, [...process.execArgv, proof, ...options], { stdio: 'inherit' });
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  if (code !== 0) console.error(`✖ ${proof} ended with ${signal ?? `status ${String(code)}`}`);
  return code === 0;
}
