// Nothing of this repository or of a package runs by being installed, opened or checked out.
import path from 'node:path';
import { z } from 'zod';
import { type Finding, type Gate, parseJson, Unusable } from './gate.ts';
import { commandFindings } from './install-commands.ts';
import { lineOf, LOCK_FILE, type LockFile, readLocks, readManifest } from './lock-file.ts';

/** Packages that bring an install script, each with how it works without. */
const RECORD = '.github/gates/install-scripts.json';

export const gate: Gate = {
  claim: 'nothing runs because a package is installed, or because the folder is opened in an editor or by an agent',
  why: 'The worms of 2025 and 2026 (Shai-Hulud and its followers) spread by install scripts, editor tasks and agent hooks, which run before anybody has read them (CWE-829).',
  remedy: 'Make it a command that a person starts (npm run …), and leave ignore-scripts=true in every .npmrc.',
  link: 'https://docs.npmjs.com/cli/v11/using-npm/config#ignore-scripts',
  tools: [],
  reads: /(?:^|\/)(?:\.npmrc|package(?:-lock)?\.json|Dockerfile[\w.-]*|[\w.-]+\.(?:Dockerfile|sh|bash|ps1)|Makefile|justfile|binding\.gyp|\.[\w-]+rc(?:\.\w+)?|\.env(?:rc|\.example)|[\w.-]*\.code-workspace|\.pnpmfile\.c?js|bunfig\.toml|\.?mise\.toml|\.?lefthook[\w.-]*|\.pre-commit-config\.ya?ml|\.git(?:modules|pod\.yml)|\.mcp\.json|opencode\.jsonc?)$|(?:^|\/)\.(?:vscode|claude|cursor|devcontainer|husky|git-?hooks|idea|zed|gemini|codex|kiro|windsurf|continue|ci)\/|^\.github\/(?:workflows|actions|hooks|gates\/install-scripts\.json)/,
  scope: 'tree',
  when: 'change',
  unparsable: { file: 'package.json', text: '{ "scripts": {' },
  check(context) {
    const { files, read } = context;
    const locks = readLocks(context);
    const record = z.record(z.string(), z.string().min(20)).safeParse(parseJson(files.includes(RECORD) ? read(RECORD) : '{}', RECORD));
    if (!record.success) throw new Unusable(`${RECORD} is not { package: reason }`);
    const settings = files.filter((file) => path.posix.basename(file) === '.npmrc');
    return Promise.resolve([
      ...settings.flatMap((file) => npmrcFindings(file, read(file))),
      ...locks.filter(({ file }) => !settings.includes(path.posix.join(path.posix.dirname(file), '.npmrc'))).map(({ file }) => finding('scripts-on', file, 1, 'No .npmrc is beside this lock file, so that npm ci there runs the install scripts of every package.', 'Add a .npmrc beside it with the line ignore-scripts=true.')),
      ...scriptedPackages(locks, record.data),
      ...files.filter((file) => path.posix.basename(file) === 'package.json').flatMap((file) => lifecycleFindings(file, read(file))),
      ...files.flatMap((file) => hookFindings(file, read(file))),
      ...files.filter((file) => !LOCK_FILE.test(file)).flatMap((file) => commandFindings(file, read(file))),
    ]);
  },
};

function finding(rule: string, file: string, line: number, message: string, fix: string): Finding {
  return { rule, file, line, severity: 'error', message, fix };
}

const NPMRC: readonly (readonly [pattern: RegExp, rule: string, what: string])[] = [
  [/^(?:script-shell|shell|node-options|node-gyp|python|git|editor|viewer|init-module|init\.module|onload-script|prefix|globalconfig|userconfig|browser|https?-proxy|proxy|noproxy)$/, 'launcher', 'decides which program npm starts, or through whom it speaks'],
  [/^(?:.*:)?registry$|^@[^:]*:|^replace-registry-host$/, 'foreign-registry', 'names another registry than the public one'],
  [/^\/\/|_auth|_password|token|^(?:cert|key|certfile|keyfile|otp|username|email)$/i, 'registry-credential', 'belongs to one person or machine, not into a repository'],
  [/^(?:strict-ssl|ca|cafile|ca\[\])$/, 'weak-transport', 'changes whom npm trusts when it downloads'],
  [/^(?:dangerously-allow-all-scripts|allow-scripts(?:\[\])?|allow-scripts-pin|unsafe-perm|foreground-scripts|rebuild-bundle)$/, 'scripts-on', 'lets packages run code while they are installed'],
  [/^(?:package-lock|shrinkwrap)$/, 'unlocked-install', 'has npm pass by the lock file'],
];
const HARMLESS: Readonly<Record<string, readonly string[]>> = { 'package-lock': ['true'], shrinkwrap: ['true'], 'strict-ssl': ['true'], registry: ['https://registry.npmjs.org/', 'https://registry.npmjs.org'] };

export function npmrcFindings(file: string, text: string): readonly Finding[] {
  const settings = text.split('\n').flatMap((content, index) => {
    const [, key = '', value = ''] = /^\s*([^#;=\s][^=]*?)\s*(?:=\s*(.*?)\s*)?$/.exec(content) ?? [];
    return key === '' ? [] : [{ key: key.replaceAll(/^["']|["']$/g, ''), value: value.replaceAll(/^["']|["']$/g, ''), line: index + 1 }];
  });
  // The last one counts.
  const scripts = settings.findLast(({ key }) => key === 'ignore-scripts');
  const off = scripts?.value === 'true' ? [] : [finding('scripts-on', file, scripts?.line ?? 1, 'Packages may run their install scripts here.', 'Write ignore-scripts=true, once.')];
  return [...off, ...settings.flatMap(({ key, value, line }) => {
    const [, rule, what] = NPMRC.find(([pattern]) => pattern.test(key)) ?? [];
    return rule === undefined || HARMLESS[key]?.includes(value) === true ? [] : [finding(rule, file, line, `${key} ${what ?? ''}.`, rule === 'registry-credential' ? 'Revoke it, remove the line, and keep logins in the .npmrc of your home folder.' : 'Remove the line. What one machine needs is set in the .npmrc of its own home folder.')];
  })];
}

const LIFECYCLE = new Set(['preinstall', 'install', 'postinstall', 'preprepare', 'prepare', 'postprepare', 'prepublish', 'dependencies']);

export function lifecycleFindings(file: string, text: string): readonly Finding[] {
  const { scripts = {}, ...rest } = readManifest(file, text);
  const hooks = ['simple-git-hooks', 'husky', 'gitHooks', 'pre-commit', 'lint-staged'].filter((key) => key in rest);
  return [
    ...Object.keys(scripts).filter((name) => LIFECYCLE.has(name)).map((name) => finding('lifecycle-script', file, lineOf(text, `"${name}":`), `npm runs "${name}" by itself when it installs.`, `Give the script a name that a person calls (npm run setup), and remove ${name}.`)),
    ...hooks.map((key) => finding('auto-run-hook', file, lineOf(text, `"${key}"`), `"${key}" has programs run at git commands.`, 'Remove it; npm run gates -- --changed is what a person starts before a commit.')),
  ];
}

export function scriptedPackages(locks: readonly LockFile[], record: Readonly<Record<string, string>>): readonly Finding[] {
  const scripted = locks.flatMap(({ packages }) => packages.filter(({ hasInstallScript }) => hasInstallScript));
  const stale = Object.keys(record).filter((name) => !scripted.some(({ alias }) => alias === name));
  return [
    ...scripted.filter(({ alias }) => record[alias] === undefined).map(({ file, line, alias, version }) => finding('new-install-script', file, line, `${alias} ${version ?? ''} brings an install script, and nobody wrote down why it is welcome and works without.`, `Read the script (npm view ${alias} scripts). If the package works with scripts off, add it to ${RECORD} with that reason; else choose another package.`)),
    ...stale.map((name) => finding('stale-record', RECORD, 1, `${name} is recorded, and has no install script any more.`, 'Remove its line.')),
  ];
}

const EDITOR = 'Remove it. What a newcomer has to run is said in README.md, so that a person reads it first.';
const CONTENT: readonly (readonly [file: RegExp, content: RegExp, what: string])[] = [
  [/(?:^|\/)\.vscode\/tasks\.json$|\.code-workspace$/, /["']runOn["']\s*:\s*["'](?!default["'])/, 'runs a task when the folder is opened'],
  [/(?:^|\/)\.vscode\/settings\.json$|\.code-workspace$/, /allowAutomaticTasks["']\s*:\s*(?:["']on|true)|["'][\w.-]*(?:[Pp]ath|[Ss]hell|[Ii]nterpreter|[Ee]xecutable|tsdk|[Ee]nv\.\w+|automationProfile[\w.]*|runtime|[Ss]erver[\w.]*|nodePath|autoApprove|trust\.[\w.]+)["']\s*:|chat\.(?:tools|mcp|agent)[\w.]*["']\s*:/, 'has the editor start a program that the repository names'],
  [/(?:^|\/)\.claude\/settings[\w.]*\.json$/, /["'](?:hooks|apiKeyHelper|awsAuthRefresh|awsCredentialExport|statusLine|enableAllProjectMcpServers|enabledMcpjsonServers|otelHeadersHelper|env|bypassPermissions|defaultMode|enabledPlugins|extraKnownMarketplaces)["']/, 'runs programs in, or loosens, everybody’s agent'],
  [/(?:^|\/)(?:\.claude\/|\.cursor\/|\.vscode\/|\.gemini\/|\.kiro\/|\.windsurf\/|\.codex\/|\.continue\/|\.zed\/|opencode\.jsonc?$)/, /["']?(?:mcp_?[sS]ervers|context_servers|"servers"|hooks|discoveryCommand)["']?\s*[:\]=.]|["']runOn["']\s*:\s*["']folderOpen|\[mcp_servers|["']type["']\s*:\s*["']command["']/, 'has an agent start programs'],
  [/(?:^|\/)\.?devcontainer(?:\/.*)?(?:\.json)?$/, /["'](?:initialize|onCreate|updateContent|postCreate|postStart|postAttach)Command["']\s*:/, 'runs a command when the container is made or opened'],
  [/(?:^|\/)bunfig\.toml$/, /preload|\[install/, 'has bun load code by itself'],
  [/(?:^|\/)\.yarnrc(?:\.yml)?$/, /yarn-?[pP]ath|plugins|enableScripts:\s*true/, 'has yarn load code by itself'],
  [/(?:^|\/)\.?mise\.toml$/, /hooks|_\.source|_\.file|exec\(/, 'runs programs when the folder is entered'],
];
const BY_NAME: readonly (readonly [file: RegExp, what: string])[] = [
  [/(?:^|\/)\.husky\/|(?:^|\/)\.git-?hooks\/|(?:^|\/)\.?lefthook[\w.-]*$|(?:^|\/)\.pre-commit-config\.ya?ml$/, 'runs at git commands once it is set up, and asks people to set it up'],
  [/(?:^|\/)\.envrc$/, 'is run by direnv when the folder is entered'],
  [/(?:^|\/)binding\.gyp$/, 'has npm build native code at install, without a script in package.json'],
  [/(?:^|\/)\.pnpmfile\.c?js$/, 'is run by pnpm at install'],
  [/(?:^|\/)\.gitpod\.yml$|(?:^|\/)\.idea\/(?:startup|runConfigurations|externalDependencies|workspace)[\w./-]*$/, 'runs tasks when the folder is opened'],
  [/(?:^|\/)\.mcp\.json$|(?:^|\/)\.(?:cursor|vscode|kiro|windsurf|gemini)\/(?:[\w-]+\/)?(?:mcp|hooks)\.json$|(?:^|\/)\.(?:kiro|claude|cursor)\/hooks\/|^\.github\/hooks\//, 'has an agent start programs'],
  [/(?:^|\/)\.gitmodules$/, 'brings code of another repository, which no gate reads'],
  [/(?:^|\/)\.lintstagedrc|(?:^|\/)\.huskyrc/, 'runs at git commands'],
];

export function hookFindings(file: string, text: string): readonly Finding[] {
  const byName = BY_NAME.find(([pattern]) => pattern.test(file));
  if (byName !== undefined) return [finding('auto-run-hook', file, 1, `This file ${byName[1]}.`, EDITOR)];
  // "\u0072unOn" is the same key to an editor.
  const plain = text.replaceAll(/\\u([0-9a-f]{4})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
  for (const [name, content, what] of CONTENT) {
    const match = name.test(file) ? content.exec(plain) : null;
    if (match !== null) return [finding('auto-run-hook', file, plain.slice(0, match.index).split('\n').length, `This file ${what}: ${match[0]}`, EDITOR)];
  }
  return [];
}
