// The registers (REGISTERS.md, and one in each feature's folder) tell of everything in the code that they are about, and of nothing else.
import { type Find, findCiphers, findConnectionLimits, findConnections, findConstants, findCryptography, findDangerous, findEarlyExit, findHashes, findLogDestinations, findLogLines, findSecretSettings, findTables, findBrowserStorage, findWeakRandom } from './register-entries.ts';
import { importedPackages } from './imports.ts';
import { readTimeFrames, TIME_FRAMES } from './time-frames.ts';
import { matching, type Rule, type Tree } from './tree.ts';

interface Register {
  readonly claim: string;
  readonly section: string;
  /** What the section has to name. */
  readonly find: Find;
  /** What it may name, where that is more. */
  readonly mayName?: Find;
  /** Whether it says of each thing in which file it is: an entry is a file and a thing. */
  readonly byFile: boolean;
  /** As seeds: a file in which something is found, and the row that tells of it. */
  readonly example: readonly [path: string, text: string, row: string];
}

const PLATFORM = '.github/REGISTERS.md';
const pageOf = (path: string): string => {
  const feature = /^app\/features\/[^/]+\//.exec(path)?.[0];
  return feature === undefined ? PLATFORM : `${feature}REGISTERS.md`;
};

const codesOf = (cell: string): readonly string[] => [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? '');

function rowsOf<T>(page: string, section: string, read: (cell: string) => T): readonly (readonly T[])[] {
  const [, body = ''] = page.split(new RegExp(`^## ${section}$`, 'm'));
  const [own = ''] = body.split(/^## /m);
  return own
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) => line.split('|').slice(1, -1).map(read));
}

/** The rows of a section that begin with something in code, each as the text of its cells. */
function textsOf(page: string, section: string): readonly (readonly string[])[] {
  return rowsOf(page, section, (cell) => cell.trim()).filter(([first = '']) => first.startsWith('`'));
}

function named(page: string, { section, byFile }: Register): ReadonlySet<string> {
  return new Set(rowsOf(page, section, codesOf).flatMap(([first = [], second = []]) => (byFile ? first.flatMap((file) => second.map((name) => `${file} ${name}`)) : first)));
}

function violationsOf(register: Register, tree: Tree): readonly string[] {
  const { section, find, mayName = find, byFile } = register;
  const found = (search: Find): ReadonlyMap<string, string> =>
    new Map([...tree].flatMap(([path, text]) => search(path, text).map((name) => [`${pageOf(path)}\n${byFile ? `${path} ${name}` : name}`, path] as const)));
  const [needed, allowed] = [found(find), found(mayName)];
  const pages = new Map([...new Set([...[...needed.keys()].map((key) => key.split('\n')[0] ?? ''), ...matching(tree, /REGISTERS\.md$/).map(([path]) => path)])].map((page) => [page, named(tree.get(page) ?? '', register)]));
  return [
    ...[...needed].filter(([key]) => pages.get(key.split('\n')[0] ?? '')?.has(key.split('\n')[1] ?? '') !== true).map(([key, path]) => `${key.replace('\n', ` does not tell, under "${section}", of `)}${byFile ? '' : ` (${path})`}`),
    ...[...pages].flatMap(([page, names]) => [...names].filter((name) => !allowed.has(`${page}\n${name}`)).map((name) => `${page} tells, under "${section}", of ${name}, which is not there`)),
  ];
}

function toRule(register: Register): Rule {
  const { claim, section, example: [path, text, row] } = register;
  const page = (...rows: readonly string[]): string => `# Registers\n\n## ${section}\n\n| what | more |\n| --- | --- |\n${rows.join('\n')}\n\n## Another\n\n| \`app/other.ts\` | \`x\` |\n`;
  const feature = { code: path.replace(/^app\/[^/]+\//, 'app/features/sample/'), page: 'app/features/sample/REGISTERS.md' };
  const featureRow = row.replaceAll(path, feature.code);
  const places = { [path]: text, [feature.code]: text };
  return {
    claim,
    violations: (tree) => violationsOf(register, tree),
    refuses: { [PLATFORM]: page(row, '| `app/gone.ts` | `gone` |'), [feature.page]: page(), ...places },
    allows: { [PLATFORM]: page(row), [feature.page]: page(featureRow), ...places },
  };
}

export const registers: readonly Register[] = [
  {
    claim: 'ASVS 11.1.2, 11.1.3: every use of cryptography is found and is in the register of its part, and the register names no other',
    section: 'Cryptography',
    find: findCryptography,
    byFile: true,
    example: ['app/data/seal.ts', "import { createHmac, type Hmac } from 'node:crypto';\ncreateHmac('sha256', key);", '| `app/data/seal.ts` | `createHmac` `sha256` |'],
  },
  {
    claim: 'ASVS 13.1.4: every setting that is a secret is in the register, which says how often it is changed',
    section: 'Secrets',
    find: findSecretSettings,
    byFile: false,
    example: ['app/data/settings.ts', '  SAMPLE_KEYS: z.string(),\n  SAMPLE_SIZE: z.string(),', '| `SAMPLE_KEYS` | each year |'],
  },
  {
    claim: 'ASVS 13.1.1: everything that opens a connection is in the register, and the register names no other',
    section: 'Connections',
    find: findConnections,
    byFile: true,
    example: ['app/data/outside.ts', "await fetch('https://elsewhere.example');", '| `app/data/outside.ts` | `fetch` |'],
  },
  {
    claim: 'ASVS 13.1.2, 13.1.3, 15.1.3: the limits in the register are those of the code, and no limit of a connection is missing',
    section: 'Limits',
    find: findConnectionLimits,
    mayName: findConstants,
    byFile: true,
    example: ['app/data/outside.ts', 'const TIMEOUT_MS = 3_000;\nawait fetch(url);', '| `app/data/outside.ts` | `TIMEOUT_MS = 3_000` |'],
  },
  {
    claim: 'ASVS 14.1.1: every table is in the register of data, with its level of protection',
    section: 'Data',
    find: findTables,
    byFile: false,
    example: ['app/data/migrations/0001_a.sql', '-- A.\ncreate table secret (tenant_id text not null);', '| `secret` | personal |'],
  },
  {
    claim: 'ASVS 15.1.5: all that runs text, writes files or loads what is named at run time is in the register',
    section: 'Dangerous functionality',
    find: findDangerous,
    byFile: true,
    example: ['app/data/run.ts', "import { spawn } from 'node:child_process';", '| `app/data/run.ts` | `child_process` |'],
  },
  {
    claim: 'ASVS 16.1.1: every line that the log may hold is in the register, and the register names no other',
    section: 'Log',
    find: findLogLines,
    byFile: false,
    example: ['app/data/run.ts', 'log.warn({ err: error }, `${name} failed`);', '| `… failed` | a fault |'],
  },
  {
    claim: 'ASVS 16.2.3: nothing is written anywhere that somebody may read as a log, but where the register says',
    section: 'Log destinations',
    find: findLogDestinations,
    byFile: true,
    example: ['app/data/run.ts', "process.stdout.write('x');", '| `app/data/run.ts` | `process.stdout.write` |'],
  },
];

/** NIST SP 800-57 Part 1, 5.3 and 8: made, kept to who needs it and to one use, replaced, revoked, destroyed. */
const PHASES = ['Made', 'Shared', 'Used', 'Replaced', 'Lost or seen by others', 'Destroyed'];
const KEPT_ALONE = 'nobody';

/** What is not said of the life of keys, and of each secret and key that a setting holds. */
function untoldOfKeys(tree: Tree): readonly string[] {
  const [, policy = ''] = (tree.get(PLATFORM) ?? '').split(/^## Key management$/m);
  const pages = matching(tree, /REGISTERS\.md$/);
  const secrets = pages.flatMap(([path, page]) => textsOf(page, 'Secrets').map((cells) => ({ path, cells })));
  const known = new Set(secrets.flatMap(({ cells: [setting = ''] }) => codesOf(setting)));
  return [
    ...PHASES.filter((phase) => !(policy.split(/^## /m)[0] ?? '').includes(`\n- **${phase}**`)).map((phase) => `${PLATFORM} does not tell, under "Key management", how a key is: ${phase}`),
    ...secrets.flatMap(({ path, cells: [setting = '', purpose = '', others = '', replaced = ''] }) => [
      ...(purpose === '' ? [`${path} does not tell what ${setting} protects`] : []),
      // Two entities at most have it: this service, and one other.
      ...(others === KEPT_ALONE || /^(?:the )?\w+(?: \w+)?$/.test(others) ? [] : [`${path} has ${setting} shared with "${others}", which is not nobody or one other`]),
      ...(/\beach (?:\d+ days|year)\b/.test(replaced) ? [] : [`${path} does not tell after how long ${setting} is replaced`]),
    ]),
    ...pages.flatMap(([path, page]) => rowsOf(page, 'Cryptography', codesOf).flatMap(([first = [], , , keys = []]) => keys.filter((key) => !known.has(key)).map((key) => `${path} has ${first.join(', ')} use ${key}, which is in no register of secrets`))),
  ];
}

const SEVERITIES = ['critical', 'high', 'medium', 'low'] as const;

/** Where the time frames are not whole, or a lesser risk is mended sooner than a greater one. */
function wrongFrames(tree: Tree): readonly string[] {
  try {
    const frames = readTimeFrames(tree.get(TIME_FRAMES) ?? '');
    return [
      ...SEVERITIES.slice(1).flatMap((severity, index) => {
        const [worse, own] = [frames[SEVERITIES[index] ?? 'critical'], frames[severity]];
        return worse.production > own.production || worse.development > own.development ? [`${TIME_FRAMES} leaves ${SEVERITIES[index] ?? ''} longer than ${severity}`] : [];
      }),
      ...Object.entries(frames).flatMap(([what, { production, development }]) => (production > development ? [`${TIME_FRAMES} leaves ${what} longer in production than in development`] : [])),
      ...(frames.release.production > frames.major.production ? [`${TIME_FRAMES} leaves a release longer than a major one`] : []),
    ];
  } catch (error) {
    return [(error as Error).message];
  }
}

const keyPolicy = (secret: string, ...phases: readonly string[]): string => `## Key management\n\n${phases.map((phase) => `- **${phase}** so.\n`).join('')}\n## Secrets\n\n| Setting | What | With whom | Replaced |\n| --- | --- | --- | --- |\n${secret}\n\n## Cryptography\n\n| Where | What | For what | Key | Strength |\n| --- | --- | --- | --- | --- |\n| \`app/a.ts\` | \`createHmac\` | signs | \`A_KEYS\` | 256 |\n`;
const frames = (...days: readonly string[]): string => `## Third-party components\n\n| What came out | Production | Development and CI |\n| --- | --- | --- |\n${['critical, or exploited', 'high', 'medium', 'low', 'release', 'major release'].map((row, index) => `| ${row} | ${days[index] ?? ''} |`).join('\n')}\n`;

const cryptographic = /crypt|cipher|bcrypt|scrypt|pbkdf|hash|(?:^|[-/])(?:sha|md)\d*(?:$|[-/])|sodium|nacl|forge|elliptic|noble|curve|jws|jwt|jsonwebtoken|openpgp|uuid|nanoid/i;
const trusted: ReadonlySet<string> = new Set(['argon2', 'jose', 'otpauth', 'openid-client', '@simplewebauthn/server', '@aws-sdk/client-kms']);
const approvedCipher = /^aes-256-(?:gcm|ccm)$/;
const approvedHash = /^sha-?(?:256|384|512)$/i;

function forbids(claim: string, find: Find, isFine: (name: string) => boolean, bad: string, good: string): Rule {
  return {
    claim,
    violations: (tree) => [...tree].flatMap(([path, text]) => find(path, text).filter((name) => !isFine(name)).map((name) => `${path} ${name}`)),
    refuses: { 'app/features/sample/assets/a.ts': bad },
    allows: { 'app/features/sample/assets/a.ts': good },
  };
}

export const registerRules: readonly Rule[] = [
  ...registers.map(toRule),
  {
    claim: 'ASVS 11.2.1: cryptography is Node’s own, or that of packages that were looked at, and never our own',
    violations: (tree) => importedPackages(tree).filter(({ name }) => cryptographic.test(name) && !trusted.has(name)).map(({ from, name }) => `${from} imports ${name}`),
    refuses: { 'app/data/seal.ts': "import { AES } from 'crypto-js';", 'app/data/token.ts': "import { sign } from 'jsonwebtoken';" },
    allows: { 'app/data/seal.ts': "import { createHmac } from 'node:crypto';", 'app/data/token.ts': "import { jwtVerify } from 'jose';" },
  },
  forbids('ASVS 11.3.1, 11.3.2, 11.3.5: every cipher is AES-256 in a mode that authenticates: no ECB, no padding, no MAC of our own beside it', findCiphers, (name) => approvedCipher.test(name), "createCipheriv('aes-256-cbc', key, iv);", "createCipheriv('aes-256-gcm', key, iv); label('aria-label');"),
  forbids('ASVS 11.4.1, 11.4.3: every hash is SHA-256 or a longer one of its family, HMAC and key derivation included', findHashes, (name) => approvedHash.test(name), "createHash('md5'); createHmac('sha1', key);", "createHash('sha256'); hkdfSync('SHA-512', key);"),
  forbids('ASVS 11.2.4: codes and secrets are compared in constant time: no comparison of bytes ends at the first that differs', findEarlyExit, () => false, 'if (mac.equals(expected)) accept();', 'if (timingSafeEqual(mac, expected)) accept(); if (expected.equals(entry.chainHash)) next();'),
  forbids('Math.random spreads waits, and makes nothing that must not be guessed (CWE-338)', findWeakRandom, () => false, 'const token = Math.random().toString(36);', 'setTimeout(connect, delayMs / 2 + Math.random() * delayMs);'),
  forbids('ASVS 14.3.3: scripts of pages keep nothing in the browser', findBrowserStorage, () => false, "localStorage.setItem('token', token);", "document.querySelector('form');"),
  {
    claim: 'ASVS 14.1.2: what each level of protection demands is said in full, and each table has one of them',
    violations: (tree) => {
      const levels = new Map(textsOf(tree.get(PLATFORM) ?? '', 'Protection levels').map((cells) => [cells[0] ?? '', cells] as const));
      const vague = [...levels].filter(([, cells]) => cells.some((cell) => cell === '')).map(([level]) => `${PLATFORM} leaves open what ${level} demands`);
      const unknown = matching(tree, /REGISTERS\.md$/).flatMap(([path, page]) => textsOf(page, 'Data').filter(([, level = '']) => !levels.has(level)).map(([table = '', level = '']) => `${path} ${table} has the level "${level}"`));
      return [...vague, ...unknown];
    },
    refuses: { [PLATFORM]: '## Protection levels\n\n| `secret` | never | |\n', 'app/features/sample/REGISTERS.md': '## Data\n\n| `note` | `top secret` | x |\n' },
    allows: { [PLATFORM]: '## Protection levels\n\n| Level | Log | Kept |\n| --- | --- | --- |\n| `secret` | never | a day |\n', 'app/features/sample/REGISTERS.md': '## Data\n\n| Table | Level | What |\n| --- | --- | --- |\n| `note` | `secret` | x |\n' },
  },
  {
    claim: 'ASVS 11.1.1: the policy on keys tells of each phase of their life, and every secret has a purpose, no more than one other who knows it, and a time after which it is replaced',
    violations: untoldOfKeys,
    refuses: {
      [PLATFORM]: keyPolicy('| `A_KEYS` | codes | nobody | each year |', ...PHASES.slice(1)),
      'app/features/aimless/REGISTERS.md': keyPolicy('| `B_KEYS` | | nobody | each year |'),
      'app/features/shared/REGISTERS.md': keyPolicy('| `B_KEYS` | codes | the bank, the mail server | each year |'),
      'app/features/lasting/REGISTERS.md': keyPolicy('| `B_KEYS` | codes | nobody | sometimes |'),
      'app/features/unknown/REGISTERS.md': keyPolicy('| `B_KEYS` | codes | nobody | each year |').replace('A_KEYS', 'C_KEYS'),
    },
    allows: { [PLATFORM]: keyPolicy('| `A_KEYS` | codes | nobody | each year |', ...PHASES), 'app/features/sample/REGISTERS.md': keyPolicy('| `B_KEYS` | codes | the mail server | each 90 days, and when an operator leaves |') },
  },
  {
    claim: 'ASVS 15.1.1: for each severity and for updates it is defined within how many days they are taken, the greater risk sooner',
    violations: wrongFrames,
    refuses: { [TIME_FRAMES]: frames('7 | 4', '2 | 14', '30 | 60', '90 | 180', '400 | 60', '180 | 180') },
    allows: { [TIME_FRAMES]: frames('2 | 4', '7 | 14', '30 | 60', '90 | 180', '45 | 60', '180 | 180') },
  },
  {
    claim: 'ASVS 15.1.4: every package of production that brings machine code or runs a script when it is installed is named as a risk',
    violations: (tree) => {
      const { packages = {} } = JSON.parse(tree.get('package-lock.json') ?? '{}') as { packages?: Readonly<Record<string, { dev?: boolean; devOptional?: boolean; optional?: boolean; hasInstallScript?: boolean }>> };
      const risky = Object.entries(packages).filter(([, { dev, devOptional, optional, hasInstallScript }]) => hasInstallScript === true && dev !== true && devOptional !== true && optional !== true);
      const told = new Set(matching(tree, /REGISTERS\.md$/).flatMap(([, text]) => rowsOf(text, 'Risky components', codesOf).flatMap(([first = []]) => first)));
      return risky.map(([path]) => path.replace(/^.*node_modules\//, '')).filter((name) => !told.has(name)).map((name) => `${PLATFORM} does not tell, under "Risky components", of ${name}`);
    },
    refuses: { [PLATFORM]: '## Risky components\n\n| `other` | x |\n', 'package-lock.json': '{"packages":{"node_modules/native":{"hasInstallScript":true},"node_modules/tool":{"dev":true,"hasInstallScript":true}}}' },
    allows: { [PLATFORM]: '## Risky components\n\n| `native` | x |\n', 'package-lock.json': '{"packages":{"node_modules/native":{"hasInstallScript":true},"node_modules/tool":{"dev":true,"hasInstallScript":true}}}' },
  },
  {
    claim: 'ASVS 8.1.1, 8.1.2, 8.1.3, 8.1.4: the page says what each reason of a decision is, and what a decision looks at',
    violations: (tree) => {
      const told = new Set(rowsOf(tree.get(PLATFORM) ?? '', 'Authorisation', codesOf).flatMap((cells) => cells.flat()));
      const policy = tree.get('policies/access/access.rego') ?? '';
      const looksAt = [...policy.matchAll(/\b(?:input|data\.rules)\.(\w+(?:\.\w+)?)/g)].map((match) => match[0].replace('data.', ''));
      const reasons = [...policy.matchAll(/"([a-z]+(?:-[a-z]+)+)" if \{/g)].map((match) => match[1] ?? '');
      return [...new Set([...looksAt, ...reasons])].filter((name) => !told.has(name)).map((name) => `${PLATFORM} does not tell, under "Authorisation", of ${name}`);
    },
    refuses: { [PLATFORM]: '## Authorisation\n\n| `input.action` | `action-unknown` |\n', 'policies/access/access.rego': 'reason := "action-unknown" if {\n\tnot data.rules.grants[input.action]\n}\n' },
    allows: { [PLATFORM]: '## Authorisation\n\n| `input.action` `rules.grants` | `action-unknown` |\n', 'policies/access/access.rego': 'reason := "action-unknown" if {\n\tnot data.rules.grants[input.action]\n}\n' },
  },
];
