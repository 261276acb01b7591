// Looks for credentials in the files, with gitleaks, and for files that hold nothing else.
import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type Finding, type Gate, type GateContext, type Output, Unusable } from './gate.ts';
import { findingOf, gitleaks, type Leak, LEAK_OPTIONS, leaksOf } from './gitleaks.ts';

const REVOKE = 'Revoke the credential where it was issued, then take it out and read it from the environment or from a *_FILE at run time.';

export const gate: Gate = {
  claim: 'no credential is in a file',
  why: 'Who can read the repository, once or for ever, can use what it holds; deleting the line leaves it in the history (CWE-798).',
  remedy: 'Revoke the credential first, then take it out. A value that is no credential is named in .github/gates/gitleaks.toml, with the reason.',
  link: 'https://cheatsheetseries.owasp.org/cheatsheets/Secrets_Management_Cheat_Sheet.html',
  tools: [gitleaks],
  findsSecrets: true,
  reads: /./,
  settings: /^\.github\/gates\/gitleaks\.toml$/,
  scope: 'file',
  when: 'change',
  async check(context) {
    return [...context.files.flatMap(secretByName), ...(await scanFiles(context))];
  },
};

/** Each file in a folder of its own, under a name that gitleaks never passes by, as it does with node_modules, go.mod or jquery.js. */
async function scanFiles({ run, root, scratch, files }: GateContext): Promise<readonly Finding[]> {
  const copies = path.join(scratch, 'files');
  const write = async (folder: string, name: string, text: string): Promise<void> => {
    await mkdir(path.join(copies, folder), { recursive: true });
    await writeFile(path.join(copies, folder, name), text, 'latin1');
  };
  for (const [index, file] of files.entries()) await write(String(index), nameFor(file), withoutExcuses(await readFile(path.join(root, file), 'latin1')));
  for (const [rule, text] of Object.entries(CANARIES)) await write(`${CANARY_FOLDER}/${rule}`, 'content.env', `${text}\n`);
  const config = path.join(root, '.github/gates/gitleaks.toml');
  const output = await run(gitleaks, ['dir', '.', '--config', config, ...LEAK_OPTIONS], { directory: path.relative(root, copies) });
  return leaksInFiles(output, files);
}

/** Some rules ask for the kind of a file. */
const KINDS = /\.(?:php|tf|hcl|tfvars|ya?ml|p12|pfx|ini|conf|properties|toml|sh)$/i;

export function nameFor(file: string): string {
  const name = path.posix.basename(file);
  if (/^\.env\b|\.env$/i.test(name)) return 'content.env';
  if (/^nuget\.config$/i.test(name)) return name;
  return /dockerfile/i.test(name) ? 'Dockerfile' : `content${KINDS.exec(name)?.[0] ?? '.txt'}`;
}

/**
 * gitleaks lets pass what begins with "true", has "false" in it or ends with "null", by a pattern of its own that no setting takes back
 * (`^true|false|null$`). Two letters of such a part change places, so that it stays as long, as random and as much of a word.
 */
export function withoutExcuses(text: string): string {
  return text.replaceAll(/(?<=[\w+/-])(?:false|null)|(?:true|false)(?=[\w+/-])/gi, ([a = '', b = '', c = '', ...rest]: string) => [a, c, b, ...rest].join(''));
}

const CANARY_FOLDER = 'canary';
/** Looks like chance, and is made here so that no file has it. */
const random = createHash('sha256').update(CANARY_FOLDER).digest('hex');
const letters = random.replaceAll(/\d/g, (digit) => 'ghjklmnopq'[Number(digit)] ?? '');
/** What each of the rules has to find, so that none of them is excused as a whole. */
const CANARIES: Readonly<Record<string, string>> = {
  'github-pat': `token = ghp_${random.slice(0, 36)}`,
  'connection-string-password': `DATABASE=postgres://service:${random.slice(0, 20)}@db.internal/x`,
  'credential-assignment': `password = "${random.slice(0, 20)}-A"`,
  'credential-setting': `SERVICE_PASSWORD=${random.slice(0, 20)}`,
  'password-setting': `SERVICE_PASSWORD=${letters.slice(0, 20)}`,
  'authorization-header': `Authorization: Basic ${random.slice(0, 24)}`,
  'registry-credential': `//registry.internal/:_authToken=${random.slice(0, 24)}`,
  'private-jwk': `{ "kty": "OKP", "d": "${random.slice(0, 43)}" }`,
};

/** @throws Unusable when the report is not whole, or gitleaks did not see what was planted for it. */
export function leaksInFiles({ stdout }: Output, files: readonly string[]): readonly Finding[] {
  const leaks = leaksOf(stdout);
  const isCanary = ({ File: file }: Leak) => file.startsWith(`${CANARY_FOLDER}/`);
  const missed = Object.keys(CANARIES).filter((rule) => !leaks.some((leak) => leak.RuleID === rule && leak.File.startsWith(`${CANARY_FOLDER}/${rule}/`)));
  if (missed.length > 0) throw new Unusable(`gitleaks did not find the credential that is planted for ${missed.join(', ')}, so it would find no other`);
  return leaks.filter((leak) => !isCanary(leak)).map((leak) => {
    const file = files[Number(leak.File.split('/', 1)[0])];
    if (file === undefined) throw new Unusable(`gitleaks reports ${leak.File}, which it was not given`);
    return findingOf({ ...leak, File: file }, REVOKE);
  });
}

/** Files that are made to hold credentials, whatever is in them today. */
const SECRET_FILES: readonly (readonly [pattern: RegExp, what: string])[] = [
  [/^\.env(?:\.(?!example$|sample$|template$)[\w.-]+)?$|^(?!\.).+\.env$/i, 'settings of one installation, with their secrets'],
  [/^(?:\.npmrc\.local|\.netrc|_netrc|\.pgpass|pgpass\.conf|\.pypirc|\.git-credentials|\.htpasswd|htpasswd|\.dockercfg|\.boto|\.s3cfg|kubeconfig)$/i, 'logins of one person or machine'],
  [/^id_(?:rsa|dsa|ecdsa|ed25519)(?:_sk)?$|\.(?:p12|pfx|jks|keystore|ppk|kdbx|ovpn|p8|pkcs8)$|(?:^|[.-])(?:private|priv)[\w.-]*\.(?:pem|key|der)$|\.key$/i, 'a private key'],
  [/\.tfstate(?:\.\w+)?$|(?:^|\.)(?:auto\.)?tfvars(?:\.json)?$/i, 'the state or the variables of Terraform, which hold secrets as plain text'],
  [/^(?:client_secret|service[-_]account|credentials)[\w.-]*\.json$/i, 'the login of a program'],
];

/** What an environment is made of, without anything of its account; gitleaks reads it like the rest. */
const PLAIN_VARIABLES = /^terraform\/environments\/[\w-]+\.tfvars$/;

export function secretByName(file: string): readonly Finding[] {
  if (PLAIN_VARIABLES.test(file)) return [];
  const name = path.posix.basename(file);
  const isDirenv = /(?:^|\/)\.(?:aws\/credentials|docker\/config\.json|kube\/config|config\/gcloud\/)/.test(file);
  const what = isDirenv ? 'logins of one person or machine' : SECRET_FILES.find(([pattern]) => pattern.test(name))?.[1];
  if (what === undefined) return [];
  return [{ rule: 'secret-file', file, severity: 'error', message: `A file of this name holds ${what}.`, fix: `Run git rm --cached ${file}, add it to .gitignore, and revoke what is in it. Where an example is wanted, commit ${name}.example with empty values.` }];
}
