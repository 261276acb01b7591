// Writes the bill of materials of what production installs, as CycloneDX and as SPDX, into the folder that is named.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { readLock } from './lock-file.ts';
import { isShipped, productionBill } from './sbom_is_complete.gate.ts';

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('usage: npx node .github/gates/sbom.command.ts FOLDER');
const root = path.resolve(import.meta.dirname, '../..');
const shipped = readLock('package-lock.json', readFileSync(path.join(root, 'package-lock.json'), 'utf8')).packages.filter(isShipped);
mkdirSync(folder, { recursive: true });
for (const [format, name] of [['cyclonedx', 'sbom.cdx.json'], ['spdx', 'sbom.spdx.json']] as const) {
  const bill = execFileSync('npm', ['sbom', '--package-lock-only', `--sbom-format=${format}`], { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 27, shell: process.platform === 'win32' });
  writeFileSync(path.join(folder, name), `${productionBill(bill, shipped)}\n`);
}
