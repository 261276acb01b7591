import assert from 'node:assert/strict';
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { createAssets } from '#app/http/assets.ts';
import { createSampleFeature } from '#app/testing/sample-feature.ts';
import { type SampleService, startSampleService } from '#app/testing/sample-service.ts';

const directory = mkdtempSync(path.join(tmpdir(), 'assets-'));
let service: SampleService;
let prefix: string;
before(async () => {
  mkdirSync(path.join(directory, 'assets', 'parts'), { recursive: true });
  const write = (name: string, text: string) => {
    writeFileSync(path.join(directory, 'assets', name), text);
  };
  write('board.ts', "import { size } from './parts/size.ts';\nexport const doubled: number = size * 2;\n");
  write('parts/size.ts', 'export const size: number = 1;\n');
  write('board.css', 'p { color: red }');
  write('board.test.ts', '');
  write('secret.env', 'canary');
  service = await startSampleService({ features: [{ ...createSampleFeature(), directory }] });
  const page = await (await service.send('/docs', { headers: { accept: 'text/html' } })).text();
  prefix = /\/assets\/[\w-]+\//.exec(page)?.[0] ?? '';
});
after(async () => {
  await service.close();
  rmSync(directory, { recursive: true });
});

test('ASVS 4.1.1: files are served under one hash, immutable, with their type; TypeScript without its types', async () => {
  const script = await service.send(`${prefix}sample/board.ts`);
  assert.equal(script.headers.get('content-type'), 'text/javascript; charset=utf-8');
  assert.equal(script.headers.get('cache-control'), 'public, max-age=31536000, immutable');
  assert.equal(script.headers.get('x-content-type-options'), 'nosniff');
  const text = await script.text();
  assert.doesNotMatch(text, /: number/);
  assert.match(text, /from '\.\/parts\/size\.ts'/);
  assert.equal((await service.send(`${prefix}sample/parts/size.ts`)).status, 200);
  assert.equal((await service.send(`${prefix}sample/board.css`)).headers.get('content-type'), 'text/css; charset=utf-8');
  assert.equal((await service.send(`${prefix}sample/board.css`, { headers: { 'if-none-match': script.headers.get('etag') ?? '' } })).status, 304);
});

test('ASVS 3.7.1, 5.3.2, 13.4.3, 13.4.7: only files that were there at the start, of known types, can be named, and no folder (CWE-22)', async () => {
  for (const file of ['sample/secret.env', 'sample/board.test.ts', 'sample/none.css', 'sample/../feature.ts', 'sample/..%2f..%2fpackage.json', 'sample/%2e%2e/package.json', 'constructor', '__proto__', 'sample/', '']) {
    assert.equal((await service.send(prefix + file)).status, 404, file);
  }
});

test('the hash of another release gets the file, and no cache keeps it', async () => {
  const response = await service.send('/assets/another-hash/sample/board.css');
  assert.equal(response.status, 200);
  assert.equal(response.headers.get('cache-control'), 'no-cache');
});

test('the hash changes with a content and a name, and not from start to start', () => {
  const hash = () => /assets\/([\w-]+)\//.exec(createAssets([{ owner: 'sample', directory: path.join(directory, 'assets') }]).url('sample', 'board.css'))?.[1];
  const before = hash();
  assert.equal(hash(), before);
  writeFileSync(path.join(directory, 'assets', 'board.css'), 'p { color: blue }');
  assert.notEqual(hash(), before);
});

test('a name that is not there is an error of the programmer', () => {
  assert.throws(() => createAssets([{ owner: 'none', directory: path.join(directory, 'nowhere') }]).url('none', 'x.css'), TypeError);
});

test('ASVS 4.1.4: RFC 9110, 15.5.6: a file is read and nothing else', async () => {
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
    const answer = await service.send(`${prefix}sample/board.css`, { method });
    assert.equal(answer.status, 405, method);
    assert.equal(answer.headers.get('allow'), 'GET, HEAD, OPTIONS');
  }
  const options = await service.send(`${prefix}sample/board.css`, { method: 'OPTIONS' });
  assert.deepEqual([options.status, options.headers.get('allow'), await options.text()], [204, 'GET, HEAD, OPTIONS', '']);
});
