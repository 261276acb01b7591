// `npm run threats`: writes the documents of the threat model, and says how many threats are answered how. With `--check`, CI's
// step, it writes nothing, and looks whether the tests that answer them ran on these files and passed.
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { digestOf, readResults } from '../asvs/results.ts';
import { readTree } from '../rules/tree.ts';
import { threatChecks } from './checks.ts';
import { countThreats, documentOf } from './document.ts';
import { findNotPassed } from './executed.ts';
import { readModel, threatened } from './model.ts';

const root = resolve(import.meta.dirname, '../..');
const checks = process.argv.includes('--check');
const { parts } = readModel(readTree(root));
for (const feature of [undefined, ...new Set(parts.flatMap((part) => part.feature ?? []))]) {
  const own = parts.filter((part) => part.feature === feature);
  const { path, text } = documentOf(parts, feature);
  if (!checks) writeFileSync(join(root, path), text);
  const elements = own.flatMap((part) => part.elements).length;
  const flows = own.flatMap((part) => part.flows).length;
  const counts = [...countThreats(own)].map(([status, count]) => `${count} ${status}`).join(', ');
  console.log(`${path}: ${elements} elements, ${flows} flows, ${threatened(own).flatMap(({ threats }) => threats).length} threats: ${counts}`);
}

const tree = readTree(root);
const faults = [...threatChecks.flatMap(({ violations }) => violations(tree)), ...(checks ? findUnproven() : [])];
for (const fault of faults) console.error(`✖ ${fault}`);
if (faults.length > 0) process.exitCode = 1;

function findUnproven(): readonly string[] {
  const results = readResults(root, digestOf(root));
  return results.length === 0 ? ['not run: of these files no test has run; npm test does'] : findNotPassed(parts, results);
}
