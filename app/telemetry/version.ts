// The service's version, as package.json has it: no code may import what is outside of app/.
// Tested by tracing.test.ts: spans carry it.
import { readFileSync } from 'node:fs';

interface Manifest {
  readonly version: string;
}

// eslint-disable-next-line security/detect-non-literal-fs-filename -- a file of the repository, named here
export const VERSION: string = (JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as Manifest).version;
