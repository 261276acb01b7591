// Loaded into a program that a test starts: says at its end which mutants it came by.
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';

process.on('exit', () => {
  const { __stryker__: namespace } = globalThis as { __stryker__?: { mutantCoverage?: { static: object } } };
  const directory = process.env['MUTATION_REPORTS'];
  if (directory === undefined || namespace?.mutantCoverage === undefined) return;
  writeFileSync(path.join(directory, randomUUID()), JSON.stringify(Object.keys(namespace.mutantCoverage.static)));
});
