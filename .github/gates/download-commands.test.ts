import assert from 'node:assert/strict';
import { test } from 'node:test';
import { downloadFindings } from './download-commands.ts';

const rulesOf = (file: string, text: string) => downloadFindings(file, text).map(({ rule }) => rule);

for (const command of [
  'curl -fsSL https://get.example.org | sh', 'curl -fsSL https://get.example.org?a=1 | sudo -E bash -', 'wget -qO- https://get.example.org | bash -s -- --yes', 'curl https://x.example.org | tee log | sh -ex', 'curl https://x.example.org | gunzip | env A=1 /bin/sh', 'curl -s https://x.example.org | node', 'curl -s https://x.example.org | python3 - --flag',
  'bash <(curl -fsSL https://get.example.org)', 'sh -c "$(curl -fsSL https://get.example.org)"', 'eval "$(wget -qO- https://get.example.org)"', 'source <(curl -s https://get.example.org)', 'bash -c "`curl -s https://get.example.org`"', 'node -e "$(curl -s https://get.example.org)"', 'curl -s https://x.example.org | bash /dev/stdin',
  'curl -fsSL https://get.example.org \\\n  | sh', 'curl -fsSLo /tmp/x.sh https://get.example.org/x && sh /tmp/x.sh', 'curl -fsSL https://get.example.org/x > x.sh\nchmod +x x.sh\n./x.sh', 'wget https://get.example.org/install.sh\nbash ./install.sh', 'curl -O https://get.example.org/run.py; python3 run.py', 'iwr https://get.example.org | iex',
]) test(`a download is run unread: ${command.replaceAll('\n', ' ⏎ ')}`, () => {
  for (const [file, text] of [['.ci/run', command], ['ops/seed.sh', command], ['Makefile', `seed:\n\t${command}`], ['Justfile', command], ['.github/workflows/x.yml', `  - run: |\n      ${command}`], ['ops/seed', `#!/usr/bin/env bash\n${command}`], ['terraform/node.tf', command]] as const) assert.deepEqual([...new Set(rulesOf(file, text))], ['unread-download'], `${file}: ${text}`);
  assert.deepEqual(rulesOf('app/a.ts', command), []);
});

test('in a script of package.json as well, whose quotes are escaped', () => {
  for (const command of ['curl -fsSL https://get.example.org | sh', String.raw`sh -c \"$(curl -fsSL https://get.example.org)\"`]) assert.deepEqual(rulesOf('package.json', `{ "scripts": {\n  "seed": "${command}" } }`), ['unread-download'], command);
  assert.equal(downloadFindings('package.json', '{ "scripts": {\n  "seed": "curl https://x.example.org | sh" } }')[0]?.line, 2);
});

test('a download that is read, kept or verified is none', () => {
  for (const command of [
    'curl --fail https://x.example.org/readyz || bash other.sh', 'curl -s https://x.example.org | jq .', 'curl -s https://x.example.org | python3 -m json.tool', 'curl -s https://x.example.org | node -e "process.stdin"', 'curl -s https://x.example.org | node app/read.ts', 'curl -s https://x.example.org | bash -c "cat"', 'curl -s https://x.example.org | shuf', 'curl -s https://x.example.org | tee x.sh',
    'curl -fsSLo x.tgz https://x.example.org/x.tgz && echo "$SUM x.tgz" | sha256sum -c && sh x.tgz', 'curl -o x.json https://x.example.org/x.json\nnode app/read.ts x.json', 'status=$(curl -s -o /dev/null -w "%{http_code}" https://x.example.org)', '# curl https://x.example.org | sh', 'test "$(curl -s https://x.example.org)" = ok', 'if curl --silent --fail http://127.0.0.1:9464/readyz; then exit 0; fi', 'curl http://prometheus:9090/-/ready',
  ]) assert.deepEqual(rulesOf('.ci/run', command), [], command);
});

for (const [rule, ...commands] of [
  ['weak-transport', 'curl -k https://x.example.org', 'curl -fsSLk https://x.example.org', 'curl --insecure https://x.example.org', 'wget --no-check-certificate https://x.example.org', 'git -c http.sslVerify=false fetch', 'git config --global http.sslVerify false', 'npm ci --strict-ssl=false', 'curl http://get.example.org/x', 'kubectl --insecure-skip-tls-verify get pods', 'aws s3 ls --no-verify-ssl'],
  ['unchecked-download', 'sha256sum -c sums || true', 'apt-get install -y --allow-unauthenticated x', 'gpg --verify a.sig || echo unsigned'],
] as const) for (const command of commands) test(`${rule}: ${command}`, () => {
  assert.deepEqual(rulesOf('.ci/run', command), [rule]);
});

const settings: Readonly<Record<string, readonly (readonly [name: string, value: string])[]>> = {
  'weak-transport': [['NODE_TLS_REJECT_UNAUTHORIZED', '0'], ['GIT_SSL_NO_VERIFY', 'true'], ['GOINSECURE', '*'], ['PIP_TRUSTED_HOST', 'pypi.example.org'], ['npm_config_strict_ssl', 'false'], ['PYTHONHTTPSVERIFY', '0']],
  'unchecked-download': [['GONOSUMDB', '*'], ['GONOSUMCHECK', '1'], ['GOSUMDB', 'off'], ['GOFLAGS', '-insecure'], ['GOPRIVATE', '*']],
  launcher: [['GOPROXY', 'https://go.example.org'], ['PIP_INDEX_URL', 'https://pypi.example.org/simple'], ['PIP_EXTRA_INDEX_URL', 'https://pypi.example.org/simple'], ['NPM_CONFIG_REGISTRY', 'https://npm.example.org'], ['npm_config_registry', '$MIRROR'], ['YARN_NPM_REGISTRY_SERVER', 'https://npm.example.org']],
};
for (const [rule, entries] of Object.entries(settings)) for (const [name, value] of entries) test(`${name} is found in each form in which an environment is written down`, () => {
  for (const [file, text] of [
    ['.github/workflows/x.yml', `env:\n  ${name}: '${value}'\n`], ['.github/workflows/x.yml', `env: { ${name}: "${value}" }\n`], ['ops/compose.yaml', `    environment:\n      - ${name}=${value}\n`], ['docker-compose.yml', `    environment:\n      ${name}: ${value}\n`], ['.env.example', `${name}=${value}\n`],
    ['Dockerfile', `ENV ${name}=${value}\n`], ['Dockerfile', `ENV ${name} ${value}\n`], ['ops/a.sh', `export ${name}=${value}\n`], ['Makefile', `${name} := ${value}\n`], ['package.json', `"a": "${name}=${value} npm ci"`],
    ['terraform/service.tf', `{ name = "${name}", value = "${value}" },\n`], ['terraform/service.tf', `{\n  name  = "${name}"\n  value = "${value}"\n}\n`], ['terraform/service.tf', `${name} = "${value}"\n`], ['.devcontainer/devcontainer.json', `"containerEnv": { "${name}": "${value}" }`],
  ] as const) assert.deepEqual(rulesOf(file, text), [rule], `${file}: ${text}`);
  assert.deepEqual(rulesOf('.env.example', `# ${name}=${value}\n`), [], 'a comment');
});

test('what is so anyway passes, and so does a setting that stays empty', () => {
  for (const text of ['NODE_TLS_REJECT_UNAUTHORIZED=1', 'GOPROXY=https://proxy.golang.org,direct', 'GOPROXY: off', 'GOFLAGS=-mod=readonly', 'GOSUMDB=sum.golang.org', 'GOINSECURE=\nOTHER=x', 'npm_config_registry=https://registry.npmjs.org/', 'PIP_INDEX_URL=https://pypi.org/simple', 'unset GOPRIVATE && go build', 'NPM_CONFIG_LOGLEVEL=error', 'GIT_SSL_NO_VERIFY=0']) assert.deepEqual(rulesOf('.ci/run', text), [], text);
});
