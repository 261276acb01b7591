import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anchorsOf, documentFindings, knownPaths } from './documents_tell_the_truth.gate.ts';

const tree = ['package.json', 'README.md', '.github/SECURITY.md', 'app/main.ts', 'app/http/assets/page.css'];
const anchors = new Map([['README.md', anchorsOf('# Stockade\n\n## Start it\n')], ['.github/SECURITY.md', anchorsOf('# Report a hole\n\n## `keys`, and how\n')]]);
const found = (text: string, file = 'README.md') => documentFindings(file, text, { known: knownPaths(tree), anchors, scripts: ['start', 'test', 'test:image', 'gates'] }).map(({ rule, line }) => `${rule} ${line ?? 0}`);

test('anchors are made as GitHub makes them', () => {
  assert.deepEqual([...anchorsOf('# Start `it`, now!\n## Twice\n## Twice\n### A [link](x.md) _here_\n<a id="mark"></a>\n```sh\n# no heading\n```\n')], ['start-it-now', 'twice', 'twice-1', 'a-link-_here_', 'mark']);
});

test('links that lead somewhere pass', () => {
  for (const text of ['[a](.github/SECURITY.md)', '[a](.github/SECURITY.md#keys-and-how)', '[a](#start-it)', '[a](./app/)', '[a](app/main.ts "title")', '[a][b]\n\n[b]: .github/SECURITY.md', '[a](https://a.test/#x)', '![p](app/http/assets/page.css)', '<img src="app/http/assets/page.css">', '```\n[a](gone.md)\n```', '`[a](gone.md)`']) assert.deepEqual(found(text), [], text);
  assert.deepEqual(found('[a](../README.md#start-it) [b](/app/main.ts)', '.github/SECURITY.md'), []);
});

test('dead links and anchors are found, in each form and on their line', () => {
  for (const text of ['[a](gone.md)', '[a](.github/gone.md#x)', '![p](gone.png)', '[![p](app/main.ts)](gone.md)', '<a href="gone.md">', "<img alt='p' src='gone.png'>", '[a][b]\n\n[b]: gone.md', '[a](../README.md)', '[a](http://)', '[a](ftp://a.test)', '[a](app\\main.ts)', '[a](APP/main.ts)']) assert.deepEqual(found(text).map((line) => line.split(' ')[0]), ['dead-link'], text);
  assert.deepEqual(found('one\n\n[a](#gone)'), ['dead-anchor 3']);
  assert.deepEqual(found('[a](.github/SECURITY.md#gone)'), ['dead-anchor 1']);
});

test('commands and paths in code exist', () => {
  for (const text of ['`npm start`', '```sh\nnpm ci && npm run --silent test:image -- --x\n```', '`npm run gates -- --only a`', '`app/http/`', '`app/main.ts:12`', '`node_modules/.bin`', '`app/features/<name>/feature.ts`', '`https://a.test/app/gone`', '`text/html`', 'npm run gone in prose', '`npm run test:<name>`']) assert.deepEqual(found(text), [], text);
  for (const text of ['`npm run gone`', '```sh\nnpm ci && npm run gone\n```', '`npm gone`', '`npm run test:gone -- --x`']) assert.deepEqual(found(text).map((line) => line.split(' ')[0]), ['dead-command'], text);
  for (const text of ['`app/gone.ts`', '```sh\nnode app/gone.ts\n```', '`.github/gone/x.md`']) assert.deepEqual(found(text).map((line) => line.split(' ')[0]), ['dead-path'], text);
});
