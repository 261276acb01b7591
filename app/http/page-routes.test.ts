import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { after, before, test } from 'node:test';
import { z } from 'zod';
import { defineForm } from '#app/feature.ts';
import type { LoadedFeature } from '#app/features.ts';
import { createSampleFeature } from '#app/testing/sample-feature.ts';
import { type SampleService, startSampleService } from '#app/testing/sample-service.ts';

let service: SampleService;
before(async () => {
  service = await startSampleService();
});
after(() => service.close());

test('ASVS 1.2.2: a page sends nobody to sign-in and back, greets whom it knows, and escapes what it shows', async () => {
  const nobody = await service.send('/notes?find=a%20b', { headers: { accept: 'text/html' } });
  assert.equal(nobody.status, 303);
  assert.equal(nobody.headers.get('location'), `/auth/sign-in?return_to=${encodeURIComponent('/notes?find=a%20b')}`);
  const page = await service.send('/notes?find=%3Cscript%3E', { as: 'viewer', headers: { accept: 'text/html' } });
  const text = await page.text();
  assert.equal(page.status, 200);
  assert.match(text, /Hello The viewer, you read: &lt;script&gt;/);
  const moved = await service.send('/notes?find=moved', { as: 'viewer' });
  assert.equal(moved.status, 303);
  assert.equal(moved.headers.get('location'), '/notes');
  assert.equal((await service.send('/notes', { as: 'auditor' })).status, 403);
});

test('ASVS 7.4.4: every page of somebody who is signed in has the way out', async () => {
  const pages = service.sample.feature.pages.filter(({ kind }) => kind === 'page').map(({ path }) => path);
  assert.ok(pages.length > 0);
  for (const path of [...pages, '/docs', '/sign-in']) {
    const response = await service.send(path, { as: 'viewer', headers: { accept: 'text/html' } });
    assert.equal(response.status, 200, path);
    assert.match(await response.text(), /<header[^]*<form method="post" action="\/auth\/sign-out"><button [^>]*type="submit">Sign out<\/button>[^]*<\/header>/, path);
  }
});

test('a form runs once for each key, and its refusal is shown as a page', async () => {
  const before = service.sample.runs.count;
  const post = (fields: Record<string, string>) => service.send('/notes', { method: 'POST', as: 'clerk', form: fields, headers: { accept: 'text/html' } });
  const fields = { id: 'form-1', size: '7', idempotencyKey: 'form-key' };
  for (const response of [await post(fields), await post(fields)]) {
    assert.equal(response.status, 303);
    assert.equal(response.headers.get('location'), '/notes?find=form-1');
  }
  assert.equal(service.sample.runs.count, before + 1);
  const refused = await post({ id: 'form-1', size: '7', idempotencyKey: 'form-key-2' });
  assert.equal(refused.status, 409);
  assert.match(await refused.text(), /There is a note with this id\./);
  assert.equal((await post({ id: 'x', size: 'seven' })).status, 400);
  const nobody = await service.send('/notes', { method: 'POST', form: fields });
  assert.equal(nobody.headers.get('location'), '/auth/sign-in?return_to=%2F');
});

test('ASVS 1.1.2: text is kept as it came, and escaped where it is shown: for HTML in a page, for JSON in the API', async () => {
  const text = `<b title="x">'&amp;' \\ "</b>`;
  const created = await service.send('/api/v1/notes', { method: 'POST', as: 'clerk', json: { id: 'as-it-came', text } });
  assert.equal(created.status, 201);
  assert.equal(service.sample.notes.get('as-it-came')?.text, text);
  assert.equal(((await created.json()) as { text: string }).text, text);
  const page = await (await service.send(`/notes?find=${encodeURIComponent(text)}`, { as: 'viewer', headers: { accept: 'text/html' } })).text();
  assert.ok(page.includes('&lt;b title=&quot;x&quot;&gt;&#39;&amp;amp;&#39; \\ &quot;&lt;/b&gt;'), page);
  assert.ok(!page.includes('<b title'));
});

test('ASVS 5.4.1 and 5.4.2: a download names its file, and by a plain name alone', async (t) => {
  const give = defineForm({ path: '/give', action: 'notes:write', body: z.strictObject({ name: z.string() }), handle: ({ body }) => Promise.resolve({ download: { fileName: body.name, stream: () => Readable.from(['{}']) } }) });
  const feature = { operations: [], pages: [give] };
  const files: LoadedFeature = { name: 'files', directory: import.meta.dirname, module: { title: 'Files', grants: {}, events: {}, create: () => feature }, feature };
  const other = await startSampleService({ features: [createSampleFeature(), files] });
  t.after(() => other.close());
  const dispositionOf = async (name: string): Promise<string | null> => (await other.send('/give', { method: 'POST', as: 'clerk', form: { name } })).headers.get('content-disposition');
  assert.equal(await dispositionOf('my-data.v1.json'), 'attachment; filename="my-data.v1.json"');
  for (const name of ['a"; filename="b.exe', 'a.json\r\nSet-Cookie: x=y', '../../etc/passwd', '..\\a', '.htaccess', '', 'ä.json', 'a b', 'a'.repeat(101)]) assert.equal(await dispositionOf(name), null, name);
});
