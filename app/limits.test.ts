// .github/LIMITS.md is what the service does: its numbers are those of the code, its answers those that come.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { settings } from '#app/config.ts';
import { BODY_LIMIT_BYTES } from '#app/http/body.ts';
import { MAX_REQUESTS_PER_SOCKET, SERVER_OPTIONS } from '#app/http/server-options.ts';
import { LIMITS } from '#app/live/limits.ts';
import { expectProblem } from '#app/testing/problem.ts';
import { type SampleService, type SendOptions, startSampleService } from '#app/testing/sample-service.ts';

const text = readFileSync(new URL('../.github/LIMITS.md', import.meta.url), 'utf8');

/** The rows of the tables under a heading, without the two that make them tables. */
function rowsOf(heading: string): readonly (readonly string[])[] {
  const section = text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? '';
  const tables = section.split(/\n(?=\n)/).map((part) => part.split('\n').filter((line) => line.startsWith('|')));
  return tables.flatMap((lines) => lines.slice(2).map((line) => line.split('|').slice(1, -1).map((cell) => cell.trim())));
}

/** A setting's default, or a constant. */
function limitOf(name: string): unknown {
  const constants: Readonly<Record<string, unknown>> = { ...LIMITS, ...SERVER_OPTIONS, BODY_LIMIT_BYTES, MAX_REQUESTS_PER_SOCKET };
  return name in settings ? settings[name as keyof typeof settings].parse(undefined) : constants[name];
}

test('ASVS 2.1.3: every limit that is documented is the one that holds, and no limit of requests is left out', () => {
  const limits = rowsOf('How much').map(([, , most = '', name = '']) => ({ most: Number(most), name: name.replaceAll('`', '') }));
  assert.ok(limits.length >= 15);
  for (const { most, name } of limits) assert.equal(limitOf(name), most, name);
  for (const name of Object.keys(settings).filter((each) => /^(?:RATE_LIMIT_|MAX_|SESSIONS_PER_)/.test(each))) assert.ok(limits.some((each) => each.name === name), `${name} is not documented`);
});

let service: SampleService;
before(async () => {
  service = await startSampleService();
});
after(() => service.close());

const json = { id: 'fits', text: 'x' };
const key = { 'idempotency-key': 'together' };
/** One request for each row, by the code of its answer. */
const misfits: Readonly<Record<string, readonly [path: string, options: SendOptions]>> = {
  'idempotency-key-reused': ['/api/v1/notes', { method: 'POST', as: 'clerk', json: { ...json, text: 'y' }, headers: key }],
  'version-mismatch': ['/api/v1/notes/a-1', { method: 'PATCH', as: 'clerk', json: { text: 'y' }, headers: { 'if-match': '"9"' } }],
  'precondition-required': ['/api/v1/notes/a-1', { method: 'PATCH', as: 'clerk', json: { text: 'y' } }],
  'unsupported-media-type': ['/api/v1/notes', { method: 'POST', as: 'clerk', body: JSON.stringify(json), headers: { 'content-type': 'text/plain' } }],
  'unexpected-body': ['/api/v1/notes/a-1', { method: 'DELETE', as: 'clerk', json }],
  'cross-site-request': ['/api/v1/notes', { method: 'POST', json, headers: { cookie: 'session=clerk', origin: 'https://evil.test' } }],
  'malformed-request': ['/docs', { headers: { host: 'evil.test/path' } }],
};

test('ASVS 2.1.2: what is documented to belong together is refused, as documented, where it does not fit', async () => {
  assert.equal((await service.send('/api/v1/notes', { method: 'POST', as: 'clerk', json, headers: key })).status, 201);
  const documented = rowsOf('What has to fit together').map(([, answer = '']) => /^(\d{3}) `([a-z-]+)`$/.exec(answer)?.slice(1) ?? []);
  assert.deepEqual(documented.map(([, code]) => code).toSorted(), Object.keys(misfits).toSorted());
  for (const [status, code = ''] of documented) {
    const [path, options] = misfits[code] ?? ['', {}];
    await expectProblem(await service.send(path, options), Number(status), code);
  }
  assert.equal(service.sample.notes.get('a-1')?.text, 'first');
});

test('ASVS 3.1.1: what a browser has to bring, and what happens without it, is documented and so', async () => {
  const rows = new Map(rowsOf('What a browser has to bring').map(([without = '', what = '']) => [without, what]));
  const [status = '', code = ''] = /(\d{3}) `([a-z-]+)`/.exec(rows.get('`Sec-Fetch-Site` and `Origin` both missing') ?? '')?.slice(1) ?? [];
  await expectProblem(await service.send('/api/v1/notes', { method: 'POST', json, headers: { cookie: 'session=clerk' } }), Number(status), code);
  for (const feature of ['TLS', 'cookies', 'HSTS', 'JavaScript']) assert.ok(rows.has(feature), feature);
  assert.ok([...rows.keys()].some((each) => each.includes('Content Security Policy')));
});
