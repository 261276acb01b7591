// Writes policies/README.md out of the annotations of the policies.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { REGISTER, registerOf } from './policy-register.ts';
import { locate } from './tools.ts';
import { readTreeState } from './tree-state.ts';

const root = path.resolve(import.meta.dirname, '../..');
const opa = locate({ set: 'go', program: 'opa' }, path.join(root, '.cache/tools'));
if (opa === undefined) {
  console.error('opa is not installed (npm run gates:setup)');
  process.exitCode = 2;
} else {
  const files = readTreeState(root).files.filter((file) => file.startsWith('policies/') && file.endsWith('.rego'));
  const { text, undocumented } = registerOf(execFileSync(opa, ['inspect', '--annotations', '--format', 'json', 'policies'], { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 26 }), files, (file) => readFileSync(path.join(root, file), 'utf8'));
  for (const file of undocumented) console.error(`${file} has no annotations that say title, description, remediation, severity and control`);
  writeFileSync(path.join(root, REGISTER), text);
}
