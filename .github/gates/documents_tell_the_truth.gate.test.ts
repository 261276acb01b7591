import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Commands, targetsOf } from './document-commands.ts';
import { anchorsOf, documentFindings, knownPaths } from './documents_tell_the_truth.gate.ts';

const tree = ['package.json', 'README.md', '.github/SECURITY.md', '.github/gates/run.ts', 'app/main.ts', 'app/http/assets/page.css'];
const anchors = new Map([['README.md', anchorsOf('# Stockade\n\n## Start it\n')], ['.github/SECURITY.md', anchorsOf('# Report a hole\n\n## `keys`, and how\n')]]);
const source = (file: string) => (file === '.github/gates/run.ts' ? "parseArgs({ options: { only: { type: 'string' }, 'slice': { type: 'string' } } })" : file === 'app/testing/pass.ts' ? "parseArgs({ strict: false, options: { only: { type: 'string' } } })" : undefined);
const commands: Commands = { scripts: { start: 'node app/main.ts', test: 'node x.ts', 'test:image': 'node app/testing/pass.ts image', gates: 'node --disable-warning=X .github/gates/run.ts' }, targets: targetsOf('IMAGE := x\n.PHONY: build\nbuild test-all: a\n\tdocker build .\n'), source };
const found = (text: string, file = 'README.md') => documentFindings(file, text, { known: knownPaths(tree), anchors, commands }).map(({ rule, line }) => `${rule} ${line ?? 0}`);

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

test('npm has commands of its own, and a script by their side', () => {
  for (const text of ['`npm prune --omit=dev`', '`npm login`', '`npm cache clean --force`', '`npm dedupe`', '`npm link`', '`npm whoami`', '`npm dist-tag ls`', '`npm --prefix app ci`', '`npm t`']) assert.deepEqual(found(text), [], text);
  for (const text of ['`npm run prune`', '`npm stop`', '`npm restart`']) assert.deepEqual(found(text), ['dead-command 1'], text);
});

test('a target of make is in the Makefile', () => {
  for (const text of ['`make build`', '```sh\nmake -j2 test-all && npm start\n```', '`make it so` is prose', 'they make builds', '`make`']) assert.deepEqual(found(text), [], text);
  for (const text of ['`make gone`', '```sh\nnpm ci && make gone\n```', '`make IMAGE=y gone`']) assert.deepEqual(found(text).map((line) => line.split(' ')[0]), ['dead-command'], text);
});

test('a flag is one that the program takes, where that can be told', () => {
  for (const text of ['`npm run gates -- --only a --slice 1/4`', '`npm run gates -- --only=a`', '`npm run test:image -- --fast`', '`npm test -- --fast`', '`node .github/gates/run.ts --only a`', '`npm run gates && x --fast`']) assert.deepEqual(found(text), [], text);
  for (const text of ['`npm run gates -- --fast`', '`npm run --silent gates -- --only a --fast`', '```sh\nnpx node .github/gates/run.ts --fast\n```']) assert.deepEqual(found(text).filter((line) => line.startsWith('dead-command')).length, 1, text);
});

test('a link by name has its definition', () => {
  for (const text of ['[a][b]\n\n[B]: .github/SECURITY.md', '[SECURITY][]\n\n[security]: .github/SECURITY.md', 'list[0][1]', '`[a][gone]`', '```\n[a][gone]\n```', 'a note[^1]\n\n[^1]: text', '[x] done', '- [ ] todo']) assert.deepEqual(found(text), [], text);
  for (const text of ['[a][gone]', '[gone][]', '![p][gone]', 'a note [^gone]']) assert.deepEqual(found(text), ['dead-link 1'], text);
});

test('a path is there although its folder is not, but for what a reader is to make', () => {
  for (const text of ['`http/assets/page.css`', 'Create `docs/notes.md`.', 'Write a new `scripts/mine.sh`', '`example.org/x.html`', '`https://a.test/docs/gone.md`', '`docs/<name>.md`', '`docs/NNNN-title.md`', '`docs/*.md`', '`@scope/name.js`', '```sh\nnpm start > logs/out.json\n```', '`read/write`', '`~/notes/a.md`', '`$HOME/a/b.sh`', 'scripts/gone.sh in prose']) assert.deepEqual(found(text), [], text);
  for (const text of ['`scripts/seed.sh`', 'See `docs/runbook.md`.', '```sh\nbash scripts/seed.sh\n```', 'Run `./scripts/seed.sh`']) assert.deepEqual(found(text).map((line) => line.split(' ')[0]), ['dead-path'], text);
});
