import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commandFindings } from './install-commands.ts';
import { hookFindings, lifecycleFindings, npmrcFindings, scriptedPackages } from './install_scripts_stay_off.gate.ts';
import { readLock } from './lock-file.ts';

const rulesOf = (findings: readonly { readonly rule: string }[]) => findings.map(({ rule }) => rule);

test('.npmrc switches scripts off, and the last line counts', () => {
  assert.deepEqual(npmrcFindings('.npmrc', 'ignore-scripts=true\nsave-exact=true\nmin-release-age=7\n; registry=https://x.test\n'), []);
  for (const text of ['', 'save-exact=true\n', 'ignore-scripts=false\n', 'ignore-scripts=true\nignore-scripts=false\n', '# ignore-scripts=true\n']) assert.deepEqual(rulesOf(npmrcFindings('.npmrc', text)), ['scripts-on'], text);
});

for (const [line, rule] of [
  ['registry=https://npm.evil.test/', 'foreign-registry'], ['@scope:registry = https://npm.evil.test/', 'foreign-registry'],
  ['//registry.npmjs.org/:_authToken=${TOKEN}', 'registry-credential'], ['_auth=aaaa', 'registry-credential'], ['//r.test/:_password="x"', 'registry-credential'],
  ['script-shell=./x.sh', 'launcher'], ['node-options=--require ./x.js', 'launcher'], ['"script-shell" = ./x.sh', 'launcher'], ['git=./git', 'launcher'], ['https-proxy=http://x.test', 'launcher'],
  ['strict-ssl=false', 'weak-transport'], ['cafile=./ca.pem', 'weak-transport'], ['dangerously-allow-all-scripts=true', 'scripts-on'], ['allow-scripts[]=x', 'scripts-on'], ['package-lock=false', 'unlocked-install'],
] as const) test(`.npmrc may not have ${line}`, () => {
  const found = npmrcFindings('.npmrc', `ignore-scripts=true\n${line}\n`);
  assert.deepEqual(rulesOf(found), [rule]);
  assert.equal(found[0]?.line, 2);
});

test('.npmrc may say what is so anyway', () => {
  assert.deepEqual(npmrcFindings('.npmrc', 'ignore-scripts=true\nregistry=https://registry.npmjs.org/\nstrict-ssl=true\npackage-lock=true\n'), []);
});

test('a script that npm runs by itself is found, and one that a person calls is not', () => {
  for (const name of ['preinstall', 'install', 'postinstall', 'prepare', 'prepublish']) assert.deepEqual(rulesOf(lifecycleFindings('package.json', JSON.stringify({ scripts: { [name]: 'node x.js' } }))), ['lifecycle-script'], name);
  assert.deepEqual(lifecycleFindings('package.json', JSON.stringify({ scripts: { test: 'node t.ts', 'gates:setup': 'node s.ts', pretest: 'node p.ts' } })), []);
  assert.deepEqual(rulesOf(lifecycleFindings('package.json', '{"simple-git-hooks":{"pre-commit":"x"}}')), ['auto-run-hook']);
  assert.throws(() => lifecycleFindings('package.json', '{"scripts":'), { name: 'Unusable' });
});

test('a package with an install script is written down, and nothing else is', () => {
  const lock = readLock('package-lock.json', JSON.stringify({ lockfileVersion: 3, packages: { '': {}, 'node_modules/a': { version: '1.0.0', hasInstallScript: true }, 'node_modules/b': { version: '1.0.0' } } }));
  assert.deepEqual(rulesOf(scriptedPackages([lock], {})), ['new-install-script']);
  assert.deepEqual(scriptedPackages([lock], { a: 'it works without' }), []);
  assert.deepEqual(rulesOf(scriptedPackages([lock], { a: 'it works without', b: 'it had one' })), ['stale-record']);
});

for (const [file, text] of [
  ['.vscode/tasks.json', '{ "tasks": [{ "runOptions": { "runOn": "folderOpen" } }] }'],
  ['.vscode/tasks.json', String.raw`{ "tasks": [{ "runOptions": { "\u0072unOn": "folderOpen" } }] }`],
  ['app/.vscode/tasks.json', '{ "tasks": [{ "runOptions": {\n "runOn" :\n "folderOpen" } }] }'],
  ['service.code-workspace', '{ "tasks": { "tasks": [{ "runOptions": { "runOn": "folderOpen" } }] } }'],
  ['.vscode/settings.json', '{ "task.allowAutomaticTasks": "on" }'],
  ['.vscode/settings.json', '{ "git.path": "./.bin/git" }'],
  ['.vscode/settings.json', '{ "typescript.tsdk": "./tsdk" }'],
  ['.claude/settings.json', '{ "hooks": {} }'],
  ['.claude/settings.local.json', '{ "apiKeyHelper": "./x" }'],
  ['.cursor/mcp.json', '{}'], ['.cursor/hooks.json', '{}'], ['.mcp.json', '{}'], ['.vscode/mcp.json', '{ "servers": {} }'],
  ['.gemini/settings.json', '{ "mcpServers": { "x": { "command": "node" } } }'],
  ['.codex/config.toml', '[mcp_servers.x]\ncommand = "node"'],
  ['.devcontainer/devcontainer.json', '{ "postCreateCommand": "x" }'], ['.devcontainer/node/devcontainer.json', '{ "initializeCommand": ["x"] }'], ['.devcontainer.json', '{ "postStartCommand": "x" }'],
  ['.devcontainer.json', '{ "initializeCommand": "npm ci" }'], ['.devcontainer/devcontainer.json', '{ "postCreateCommand": "npm ci && x" }'], ['.devcontainer/devcontainer.json', '{ "postCreateCommand": ["npm", "ci", "--x"] }'], ['.devcontainer/devcontainer.json', '{ "runArgs": ["--privileged"] }'],
  ['.roo/mcp.json', '{}'], ['.amazonq/mcp.json', '{}'], ['.junie/mcp/mcp.json', '{}'], ['mcp.json', '{}'], ['tools/.mcp.json', '{}'], ['app/mcp-config.json', '{}'], ['.github/hooks/x.json', '{}'], ['.factory/hooks/start.sh', ''],
  ['.newagent/settings.json', '{ "sessionStart": [{ "command": "./x" }] }'], ['.newagent/config.toml', '[hooks]'], ['.newagent/a/agent.yaml', 'before:\n  command: ./x'], ['.newagent/settings.json', '{ "startCommand": "./x" }'], ['crush.json', '{ "mcp": {} }'], ['opencode.json', '{ "mcp": { "x": { "type": "local" } } }'], ['.aider.conf.yml', 'test-cmd: ./x'], ['config/agent.json', '{ "mcpServers": {} }'], ['.claude/agents/a.md', '---\nhooks:\n  - x\n---'],
  ['.vscode/settings.json', '{ "eslint.nodePath": "./vendor" }'], ['.vscode/settings.json', '{ "js/ts.tsdk.path": "./tsdk" }'], ['.vscode/settings.json', '{ "chat.tools.autoApprove": true }'],
  ['.husky/pre-commit', 'x'], ['.githooks/post-checkout', 'x'], ['.git-hooks/pre-push', 'x'], ['lefthook.yml', 'x'], ['.pre-commit-config.yaml', 'x'],
  ['.envrc', 'x'], ['binding.gyp', '{}'], ['.pnpmfile.cjs', ''], ['.gitmodules', ''], ['.gitpod.yml', ''], ['.yarnrc.yml', 'yarnPath: .yarn/x.cjs'], ['bunfig.toml', 'preload = ["./x.ts"]'],
] as const) test(`${file} with ${text.slice(0, 40)} runs something by itself`, () => {
  assert.deepEqual(rulesOf(hookFindings(file, text)), ['auto-run-hook']);
});

test('what only describes the editor or the agent passes', () => {
  for (const [file, text] of [
    ['.vscode/settings.json', '{ "editor.tabSize": 2, "files.eol": "\\n", "editor.formatOnSave": true }'],
    ['.vscode/extensions.json', '{ "recommendations": ["dbaeumer.vscode-eslint"] }'],
    ['.vscode/tasks.json', '{ "tasks": [{ "label": "test", "command": "npm test", "runOptions": { "runOn": "default" } }] }'],
    ['.vscode/launch.json', '{ "configurations": [{ "type": "node", "request": "attach", "name": "attach" }] }'],
    ['.vscode/settings.json', '{ "typescript.tsdk": "node_modules/typescript/lib", "terraform.languageServer.enable": true, "eslint.nodePath": "./node_modules", "typescript.tsserver.maxTsServerMemory": 4096 }'],
    ['.vscode/launch.json', '{ "configurations": [{ "type": "node", "request": "launch", "command": "npm start", "runtimeExecutable": "npm" }] }'],
    ['.devcontainer/devcontainer.json', '{ "image": "node@sha256:0" }'],
    ['.devcontainer/devcontainer.json', '{ "postCreateCommand": "npm ci", "forwardPorts": [3000] }'], ['.devcontainer.json', '{ "onCreateCommand": ["npm", "ci"] }'],
    ['.newagent/settings.json', '{ "model": "x", "rules": ["recommended"], "ignore": ["node_modules"] }'], ['.newagent/rules/commands.md', 'Run the command: npm test'],
    ['.github/workflows/x.yml', 'x:\n  command: y'], ['observability/compose.yaml', 'services:\n  a:\n    command: x'],
    ['.claude/settings.json', '{ "permissions": { "deny": ["Read(.env)"] } }'],
    ['.cursor/rules/style.md', 'Use hooks sparingly.'],
  ] as const) assert.deepEqual(hookFindings(file, text), [], file);
});

for (const [command, rule] of [
  ['npm install', 'unlocked-install'], ['npm i --no-audit', 'unlocked-install'], ['npm --prefix web install', 'unlocked-install'], ['npm install -g npm@latest', 'unlocked-install'], ['npm \\\n  install', 'unlocked-install'], ['npm update', 'unlocked-install'],
  ['yarn', 'unlocked-install'], ['pnpm add x', 'unlocked-install'], ['npx --yes cowsay', 'unlocked-install'], ['npx cowsay@latest', 'unlocked-install'], ['npm exec cowsay', 'unlocked-install'], ['pip install semgrep', 'unlocked-install'], ['pip3 install -r requirements.txt', 'unlocked-install'], ['pipx run x', 'unlocked-install'], ['go install example.test/x@latest', 'unlocked-install'],
  ['npm ci --ignore-scripts=false', 'scripts-on'], ['npm_config_ignore_scripts=false npm ci', 'scripts-on'], ['npm rebuild argon2', 'scripts-on'],
  ['npm config set registry https://x.test', 'launcher'], ['npm ci --registry=https://x.test', 'launcher'], ['git config core.hooksPath .hooks', 'auto-run-hook'],
] as const) test(`CI and the image may not run: ${command.replace('\n', ' ')}`, () => {
  for (const [file, text] of [['.ci/run', command], ['Dockerfile', `RUN ${command}`], ['.github/workflows/x.yml', `      - run: ${command}`], ['package.json', `"setup": "${command}"`]] as const) assert.ok(rulesOf(commandFindings(file, text)).includes(rule), `${file}: ${text}`);
  assert.deepEqual(commandFindings('README.md', command), []);
});

test('what installs by the lock files passes', () => {
  for (const command of ['npm ci', 'npm ci --omit=dev', 'npm install --package-lock-only', 'npm test', 'npm run install-check', 'pip install --require-hashes -r requirements.txt', '# npm install', 'npx node app/main.ts', 'npx tsc --noEmit', 'go install tool', 'apt-get install -y npm']) assert.deepEqual(rulesOf(commandFindings('.ci/run', command)), [], command);
});
