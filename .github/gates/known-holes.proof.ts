// `npm run test:holes`: osv-scanner itself looks for holes that are made up, in a copy of the database and over an API that speaks
// OSV's; and each way of failing to ask is no verdict. The advisories are made, since the real database can't be had on every
// machine: what is published today, the gate itself asks each night.
import { createServer } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { mkdir, mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { crc32 } from 'node:zlib';
import { makeCertificate } from '#app/testing/certificate.ts';
import { exitCodeOfNotRun, formatRows } from '#app/testing/report.ts';
import { TIME_FRAMES } from '../rules/time-frames.ts';
import { installTools } from '../tools/install.ts';
import { gate } from './dependencies_have_no_known_holes.gate.ts';
import { judgeGate, type Verdict } from './judge.ts';
import { runTool } from './tools.ts';
import { readTreeState } from './tree-state.ts';

const root = path.resolve(import.meta.dirname, '../..');
const tools = path.join(root, '.cache/tools');
const name = 'dependencies_have_no_known_holes';
const now = Date.now();
const day = (daysAgo: number) => new Date(now - daysAgo * 86_400_000).toISOString().slice(0, 10);

interface Advisory {
  readonly id: string;
  readonly modified: string;
  readonly published: string;
  readonly summary: string;
  readonly affected: readonly { readonly package: { readonly ecosystem: string; readonly name: string }; readonly ranges: readonly object[] }[];
}

/** As the OSV schema has it: https://ossf.github.io/osv-schema/. */
function advisory(id: string, ecosystem: string, packageName: string, events: readonly object[], more: object = {}): Advisory {
  return { id, modified: `${day(1)}T00:00:00Z`, published: `${day(1)}T00:00:00Z`, summary: `made: ${id}`, affected: [{ package: { ecosystem, name: packageName }, ranges: [{ type: ecosystem === 'PyPI' ? 'ECOSYSTEM' : 'SEMVER', events }] }], ...more };
}
const until = (fixed: string) => [{ introduced: '0' }, { fixed }];
const cvss = (score: string) => ({ severity: [{ type: 'CVSS_V3', score }] });
const [REMOTE, HARM_TO_CONFIDENTIALITY] = ['CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H', 'CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:U/C:L/I:N/A:N'];

/** Without them the gate does not believe the database. */
const known = [advisory('GHSA-35jh-r3h4-6jhm', 'npm', 'lodash', until('4.17.21')), advisory('GO-2021-0113', 'Go', 'golang.org/x/text', until('0.3.7')), advisory('PYSEC-2021-108', 'PyPI', 'urllib3', until('1.26.5'))];
const made = [
  advisory('GHSA-aaaa-aaaa-aaaa', 'npm', 'served', until('2.0.1'), { aliases: ['CVE-2026-0001'], ...cvss(REMOTE), published: `${day(5)}T10:00:00Z` }),
  advisory('GHSA-bbbb-bbbb-bbbb', 'npm', 'served', [{ introduced: '3.0.0' }, { fixed: '3.1.0' }], cvss(REMOTE)),
  advisory('GHSA-cccc-cccc-cccc', 'npm', 'served', until('9.0.0'), { withdrawn: `${day(0)}T00:00:00Z` }),
  advisory('GHSA-dddd-dddd-dddd', 'npm', '@linted/tested', [{ introduced: '0' }], { ...cvss(HARM_TO_CONFIDENTIALITY), published: `${day(10)}T00:00:00Z` }),
  advisory('GO-2026-0001', 'Go', 'example.org/linter/v2', until('2.4.0'), { published: `${day(20)}T00:00:00Z` }),
  advisory('GO-2026-0002', 'Go', 'stdlib', until('1.26.9'), { published: `${day(2)}T00:00:00Z`, database_specific: { severity: 'LOW' } }),
  advisory('PYSEC-2026-1', 'PyPI', 'some-scanner', until('1.1'), { published: `${day(2)}T00:00:00Z`, database_specific: { severity: 'MODERATE' } }),
  advisory('MAL-2026-1', 'npm', 'typo', [{ introduced: '0' }], { published: `${day(3)}T00:00:00Z` }),
];
/** What the API says of it; in the copy, the scanner finds it out from the ranges. */
const answers: Readonly<Record<string, readonly string[]>> = {
  'npm/served@2.0.0': ['GHSA-aaaa-aaaa-aaaa'], 'npm/@linted/tested@1.0.0': ['GHSA-dddd-dddd-dddd'], 'npm/typo@0.0.1': ['MAL-2026-1'], 'Go/example.org/linter/v2@2.3.0': ['GO-2026-0001'], 'Go/stdlib@1.26.8': ['GO-2026-0002'], 'PyPI/some-scanner@1.0': ['PYSEC-2026-1'],
  'npm/lodash@4.17.20': ['GHSA-35jh-r3h4-6jhm'], 'Go/golang.org/x/text@0.3.5': ['GO-2021-0113'], 'PyPI/urllib3@1.26.4': ['PYSEC-2021-108'],
};
const locks: Readonly<Record<string, string>> = {
  'package-lock.json': JSON.stringify({ name: 'served', lockfileVersion: 3, packages: { '': { name: 'root' }, 'node_modules/served': { version: '2.0.0' }, 'node_modules/@linted/tested': { version: '1.0.0', dev: true }, 'node_modules/typo': { version: '0.0.1', dev: true }, 'node_modules/well': { version: '1.0.0' } } }, undefined, 2),
  'tools/go/go.mod': 'module tools\n\ngo 1.26.8\n\ntool example.org/linter/v2/cmd/lint\n\nrequire (\n\texample.org/linter/v2 v2.3.0 // indirect\n\texample.org/well v0.0.0-20260101120000-0123456789ab // indirect\n)\n',
  'tools/python/requirements.txt': 'Some_Scanner==1.0 \\\n    --hash=sha256:0\nwell==2.0 \\\n    --hash=sha256:0\n',
  // In the tree of an attacker, or of a tired maintainer.
  'osv-scanner.toml': '[[IgnoredVulns]]\nid = "GHSA-aaaa-aaaa-aaaa"\n',
};
const found = [
  'GHSA-aaaa-aaaa-aaaa package-lock.json:8 error', 'GHSA-dddd-dddd-dddd package-lock.json:11 warning', 'GO-2026-0001 tools/go/go.mod:8 error',
  'GO-2026-0002 tools/go/go.mod:3 warning', 'MAL-2026-1 package-lock.json:15 error', 'PYSEC-2026-1 tools/python/requirements.txt:1 warning',
];
/** Of the table in REGISTERS.md: critical in production, medium and low in development, unrated, malware. */
const said = ['served 2.0.0 has GHSA-aaaa-aaaa-aaaa, CVE-2026-0001 (CVSS 9.8): made: GHSA-aaaa-aaaa-aaaa; published on', `overdue since ${day(3)} (critical, production; `, `to be mended by ${day(-50)} (medium, development; `, `overdue since ${day(6)} (high, development; `, `to be mended by ${day(-1)} (critical, development; `, `to be mended by ${day(-58)} (medium, development; `, `to be mended by ${day(-178)} (low, development; `];

/** Stored rather than compressed, in the form that every reader knows (PKWARE's APPNOTE, 4.3). */
function zipOf(files: Readonly<Record<string, string>>): Buffer {
  const entries: { readonly local: Buffer; readonly central: Buffer }[] = [];
  let offset = 0;
  for (const [file, content] of Object.entries(files)) {
    const [nameBytes, data] = [Buffer.from(file), Buffer.from(content)];
    const [local, central] = [Buffer.alloc(30), Buffer.alloc(46)];
    local.writeUInt32LE(0x04_03_4b_50, 0);
    central.writeUInt32LE(0x02_01_4b_50, 0);
    for (const [header, at] of [[local, 4], [central, 6]] as const) {
      header.writeUInt16LE(20, at);
      header.writeUInt32LE(crc32(data), at + 10);
      header.writeUInt32LE(data.length, at + 14);
      header.writeUInt32LE(data.length, at + 18);
      header.writeUInt16LE(nameBytes.length, at + 22);
    }
    central.writeUInt32LE(offset, 42);
    entries.push({ local: Buffer.concat([local, nameBytes, data]), central: Buffer.concat([central, nameBytes]) });
    offset += 30 + nameBytes.length + data.length;
  }
  const [directory, end] = [Buffer.concat(entries.map(({ central }) => central)), Buffer.alloc(22)];
  end.writeUInt32LE(0x06_05_4b_50, 0);
  for (const at of [8, 10]) end.writeUInt16LE(entries.length, at);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...entries.map(({ local }) => local), directory, end]);
}

async function writeCopy(folder: string, advisories: readonly object[], ecosystems = ['npm', 'Go', 'PyPI']): Promise<string> {
  for (const ecosystem of ecosystems) {
    const own = (advisories as readonly Advisory[]).filter(({ affected }) => affected.some((each) => each.package.ecosystem === ecosystem));
    await mkdir(path.join(folder, 'osv-scalibr', ecosystem), { recursive: true });
    await writeFile(path.join(folder, 'osv-scalibr', ecosystem, 'all.zip'), zipOf(Object.fromEntries(own.map((each) => [`${each.id}.json`, JSON.stringify(each)]))));
  }
  return folder;
}

/** Speaks as api.osv.dev to whom it is the proxy; `answer` is the body for a path, or nothing for a fault of the server. */
async function serveApi(directory: string, answer: (url: string, body: string) => string | undefined) {
  const { key, cert, file } = await makeCertificate(directory, ['DNS:api.osv.dev']);
  const api = https.createServer({ key, cert }, (request, response) => {
    void text(request).then((body) => {
      const content = answer(request.url ?? '', body);
      response.writeHead(content === undefined ? 403 : 200, { 'content-type': 'application/json' }).end(content ?? 'no');
    });
  });
  const proxy = createServer().on('connect', (_, socket) => {
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    api.emit('connection', socket);
  });
  await new Promise<void>((resolve) => { proxy.listen(0, '127.0.0.1', resolve); });
  const close = () => {
    proxy.close();
    proxy.closeAllConnections();
    api.closeAllConnections();
  };
  return { close, environment: { HTTPS_PROXY: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, NO_PROXY: '', SSL_CERT_FILE: file, SSL_CERT_DIR: directory } };
}

function answerAs(advisories: readonly Advisory[]) {
  return (url: string, body: string): string | undefined => {
    if (url !== '/v1/querybatch') return JSON.stringify(advisories.find(({ id }) => url === `/v1/vulns/${id}`));
    const { queries } = JSON.parse(body) as { readonly queries: readonly { readonly package: { readonly ecosystem: string; readonly name: string }; readonly version: string }[] };
    const isKnown = (id: string) => advisories.some((each) => each.id === id);
    return JSON.stringify({ results: queries.map(({ package: { ecosystem, name: packageName }, version }) => ({ vulns: (answers[`${ecosystem}/${packageName}@${version}`] ?? []).filter(isKnown).map((id) => ({ id })) })) });
  };
}

interface Situation {
  readonly what: string;
  /** Exactly these; or, of no verdict, what it says. */
  readonly expected: readonly string[] | RegExp;
  /** The copy, or else what the API is reached by. */
  readonly database: (folder: string) => Promise<string | { readonly environment: Readonly<Record<string, string>>; close(): void }>;
  /** @defaultValue the made ones */
  readonly tree?: string;
}

const online = process.platform === 'linux';
const situations: readonly Situation[] = [
  { what: 'a copy that knows of holes', expected: found, database: (folder) => writeCopy(folder, [...known, ...made]) },
  { what: 'a copy that knows of none here', expected: [], database: (folder) => writeCopy(folder, [...known, ...made.slice(1, 3)]) },
  { what: 'this repository, and a copy that knows of none', expected: [], tree: root, database: (folder) => writeCopy(folder, known) },
  { what: 'a copy without advisories', expected: /knows no hole in lodash/, database: (folder) => writeCopy(folder, []) },
  { what: 'a copy of which one ecosystem is empty', expected: /knows no hole in urllib3/, database: (folder) => writeCopy(folder, [...known.slice(0, 2), ...made]) },
  { what: 'a copy in a form that is newer than the scanner', expected: /knows no hole in/, database: (folder) => writeCopy(folder, [...known, ...made].map((each) => ({ ...each, newer: true }))) },
  { what: 'a copy without an ecosystem', expected: /copy of the OSV database has no .*Go.all\.zip/, database: (folder) => writeCopy(folder, known, ['npm', 'PyPI']) },
  { what: 'no copy where it is said to be', expected: /copy of the OSV database has no /, database: (folder) => Promise.resolve(path.join(folder, 'gone')) },
  { what: 'a copy that is cut off', expected: /could not read OSV database archive/, database: async (folder) => {
    await writeCopy(folder, [...known, ...made]);
    const zip = path.join(folder, 'osv-scalibr/PyPI/all.zip');
    await writeFile(zip, (await readFile(zip)).subarray(0, 200));
    return folder;
  } },
  { what: 'a copy of the day before yesterday', expected: /Go.all\.zip is of .*more than a day ago/, database: async (folder) => {
    await writeCopy(folder, [...known, ...made]);
    await utimes(path.join(folder, 'osv-scalibr/Go/all.zip'), new Date(now - 2 * 86_400_000), new Date(now - 2 * 86_400_000));
    return folder;
  } },
  ...(online ? [
    { what: 'the API', expected: found, database: (folder) => serveApi(folder, answerAs([...known, ...made])) },
    { what: 'the API, which knows of none here', expected: [], database: (folder) => serveApi(folder, answerAs(known)) },
    { what: 'an API that says yes to everything', expected: /knows no hole in lodash/, database: (folder) => serveApi(folder, () => '{}') },
    { what: 'an API that refuses', expected: /403 Forbidden/, database: (folder) => serveApi(folder, () => undefined) },
    { what: 'an API that knows of holes and does not tell which', expected: /403 Forbidden/, database: (folder) => serveApi(folder, (url, body) => (url === '/v1/querybatch' ? answerAs([...known, ...made])(url, body) : undefined)) },
    { what: 'no way to the API', expected: /connection refused/, database: async (folder) => {
      const api = await serveApi(folder, () => undefined);
      api.close();
      return api;
    } },
  ] satisfies readonly Situation[] : []),
];

async function judge({ database, tree }: Situation, directory: string): Promise<Verdict> {
  const folder = path.join(directory, 'database');
  await mkdir(folder);
  const made = await database(folder);
  const where = tree ?? path.join(directory, 'tree');
  if (tree === undefined) {
    for (const [file, content] of Object.entries(locks)) {
      await mkdir(path.dirname(path.join(where, file)), { recursive: true });
      await writeFile(path.join(where, file), content);
    }
    await mkdir(path.join(where, '.github'), { recursive: true });
    await writeFile(path.join(where, TIME_FRAMES), await readFile(path.join(root, TIME_FRAMES)));
  }
  const state = tree === undefined ? { files: Object.keys(locks) } : { files: readTreeState(root).files };
  try {
    return await judgeGate({ ...gate, name, source: `.github/gates/${name}.gate.ts` }, {
      root: where, state, tools, now,
      environment: typeof made === 'string' ? { OSV_SCALIBR_LOCAL_DB_CACHE_DIRECTORY: made } : {},
      run: (program, parameters, from, options) => runTool(program, parameters, from, { ...options, environment: { ...(typeof made === 'string' ? {} : made.environment), ...options?.environment } }),
    });
  } finally {
    if (typeof made !== 'string') made.close();
  }
}

/** What differs from what was expected; nothing where it holds. */
function differences({ expected }: Situation, { findings }: Verdict): readonly string[] {
  const messages = findings.map(({ message }) => message);
  if (expected instanceof RegExp) return findings.length === 1 && findings[0]?.rule === 'unusable' && expected.test(findings[0].message) ? [] : ['a verdict, or another reason', ...messages];
  const seen = findings.map(({ rule, file, line, severity }) => `${rule} ${file}:${line} ${severity}`);
  const words = expected.length === 0 ? [] : said.filter((each) => !messages.some((message) => message.includes(each)));
  return [...expected.filter((each) => !seen.includes(each)).map((each) => `missed ${each}`), ...seen.flatMap((each, index) => (expected.includes(each) ? [] : [`told of ${each}: ${messages[index] ?? ''}`])), ...words.map((each) => `nowhere: ${each}`)];
}

async function main(): Promise<number> {
  const installed = await installTools('osv', { cache: tools, onProgress: (line) => { console.log(line); } });
  if ('notRun' in installed) {
    console.error(`not run: ${installed.notRun}`);
    return exitCodeOfNotRun(process.env['CI'] === 'true');
  }
  const rows = [['', 'osv-scanner asks', 'and the gate', 'seconds']];
  for (const situation of situations) {
    const directory = await mkdtemp(path.join(tmpdir(), 'stockade-holes-'));
    try {
      const verdict = await judge(situation, directory);
      const wrong = differences(situation, verdict);
      for (const each of wrong) console.error(`✖ ${situation.what}: ${each}`);
      const unusable = verdict.findings.find(({ rule }) => rule === 'unusable');
      rows.push([wrong.length === 0 ? '✔' : '✖', situation.what, unusable === undefined ? `finds ${verdict.findings.length}` : 'has no verdict', (verdict.ms / 1000).toFixed(1)]);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  }
  console.log(`\n${formatRows(rows)}${online ? '' : '\n– not run: the API, whose made certificate is believed on Linux alone'}`);
  return rows.some(([sign]) => sign === '✖') ? 1 : 0;
}

process.exitCode = await main();
