// Nothing of this repository or of a package runs by being installed, opened or checked out.
import path from 'node:path';
import { z } from 'zod';
import { downloadFindings } from './download-commands.ts';
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
  // A script is known by its first line, and an agent's settings by what is in them.
  reads: /./,
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
      ...files.filter((file) => !LOCK_FILE.test(file)).flatMap((file) => [...commandFindings(file, read(file)), ...downloadFindings(file, read(file))]),
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

/** A folder whose name begins with a dot, but for those that have gates of their own, or are the editor's below. */
const AGENT_FOLDER = /(?:^|\/)\.(?!\.|git(?:hub|lab)?\/|ci\/|vscode\/|devcontainer\/|husky\/)[\w-]+\/(?:.*\/)?[\w.-]+\.(?:jsonc?|json5|toml|ya?ml)$|(?:^|\/)\.?(?:opencode|crush)\.jsonc?$|(?:^|\/)\.(?:aider|goose|cline|roo)[\w.-]*$/;
const DEVCONTAINER = /(?:^|\/)\.?devcontainer(?:\/.*)?\.json$/;
const EDITOR = 'Remove it. What a newcomer has to run is said in README.md, so that a person reads it first.';
const CONTENT: readonly (readonly [file: RegExp, content: RegExp, what: string])[] = [
  [/(?:^|\/)\.vscode\/tasks\.json$|\.code-workspace$/, /["']runOn["']\s*:\s*["'](?!default["'])/, 'runs a task when the folder is opened'],
  [/(?:^|\/)\.vscode\/settings\.json$|\.code-workspace$/, /allowAutomaticTasks["']\s*:\s*(?:["']on|true)|["'][\w./-]*(?:autoApprove|trust\.[\w.]+)["']\s*:|chat\.(?:tools|mcp|agent)[\w.]*["']\s*:/, 'lets the editor start programs unasked'],
  // A switch names no program, and what npm ci installs is what everybody runs anyway.
  [/(?:^|\/)\.vscode\/settings\.json$|\.code-workspace$/, /["'][\w./-]*(?:[Pp]ath|[Ss]hell|[Ii]nterpreter|[Ee]xecutable|tsdk|[Ee]nv\.\w+|automationProfile[\w.]*|runtime|[Ss]erver[\w.]*|nodePath)["']\s*:(?!\s*(?:true|false|null|\d|["'](?:\.\/)?node_modules(?:\/typescript\/lib)?["']))/, 'has the editor start a program that the repository names'],
  [/(?:^|\/)\.claude\/settings[\w.]*\.json$/, /["'](?:hooks|apiKeyHelper|awsAuthRefresh|awsCredentialExport|statusLine|enableAllProjectMcpServers|enabledMcpjsonServers|otelHeadersHelper|env|bypassPermissions|defaultMode|enabledPlugins|extraKnownMarketplaces)["']/, 'runs programs in, or loosens, everybody’s agent'],
  // Whichever agent it is of: a new one comes every month, in a folder of its own.
  [AGENT_FOLDER, /["']?\b(?:mcp|mcp_?[sS]ervers|context_servers|servers|hooks|discoveryCommand|(?:[\w-]+[_-])?(?:cmd|command|script)s?)["']?\s*[:=](?!=)|["']?(?:[a-z]+Command|auto_?(?:Run|run|[Aa]pprove|test|lint))["']?\s*[:=](?!=)|^\s*\[+["']?(?:mcp|mcp_servers|hooks|commands)\b/m, 'has an agent or an editor start programs'],
  [/(?:^|\/)\.vscode\/(?!tasks\.json$|launch\.json$|settings\.json$)|(?:^|\/)\.claude\/.*\.md$/, /["']?\b(?:mcp_?[sS]ervers|servers|hooks|command)["']?\s*:/, 'has an agent start programs'],
  [/(?:^|\/)\.vscode\/tasks\.json$/, /["']runOn["']\s*:\s*["']folderOpen/, 'runs a task when the folder is opened'],
  [/\.(?:jsonc?|json5|toml|ya?ml)$/, /["']?(?:mcp_?servers|context_servers)["']?\s*[:=\].]/i, 'has an agent start programs'],
  // Without scripts, npm ci runs nothing; initializeCommand runs outside of the container.
  [DEVCONTAINER, /["'](?:initialize|onCreate|updateContent|postCreate|postStart|postAttach)Command["']\s*:(?!(?<!initializeCommand["']\s*:)\s*(?:["']npm ci["']|\[\s*["']npm["']\s*,\s*["']ci["']\s*\])\s*[,}])/, 'runs a command when the container is made or opened'],
  [DEVCONTAINER, /["']privileged["']\s*:\s*true|--privileged|docker\.sock|--(?:network|net|pid|ipc|userns)[= ,"']+host|--cap-add|seccomp=unconfined/, 'gives the container the machine that it runs on'],
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
  [/(?:^|\/)\.?mcp(?:[_-]?(?:config|servers|settings))?\.(?:jsonc?|toml|ya?ml)$|(?:^|\/)\.(?!git\/)[\w-]+\/(?:.*\/)?(?:hooks(?:\.(?:jsonc?|toml|ya?ml)$|\/))/, 'has an agent start programs'],
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
