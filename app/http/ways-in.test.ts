import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LoadedFeature } from '#app/features.ts';
import { createSampleFeature } from '#app/testing/sample-feature.ts';
import { startSampleService } from '#app/testing/sample-service.ts';

const html = { accept: 'text/html' };

test('with the provider alone there is nothing to choose: one way stands there', async (t) => {
  const service = await startSampleService({ features: [] });
  t.after(() => service.close());
  const page = await (await service.send('/sign-in?return_to=%2Fdocs', { headers: html })).text();
  assert.deepEqual([...page.matchAll(/class="button" href="([^"]+)"/g)].map(([, href]) => href), ['/auth/sign-in?return_to=%2Fdocs']);
  assert.match(await (await service.send('/docs', { headers: html })).text(), /href="\/auth\/sign-in">Sign in/);
});

test('ASVS 7.6.2: another site’s page that leads to the provider leads no further than the choice: a session takes the person’s wish', async (t) => {
  const service = await startSampleService();
  t.after(() => service.close());
  const ask = async (site?: string) => {
    const { status, headers } = await service.send('/auth/sign-in?return_to=%2Fdocs&evil=1', { headers: { ...html, ...(site === undefined ? {} : { 'sec-fetch-site': site }) } });
    return [status, headers.get('location')];
  };
  for (const site of ['cross-site', 'same-site', 'Same-Origin', 'made-up']) assert.deepEqual(await ask(site), [303, '/sign-in?return_to=%2Fdocs'], site);
  for (const site of ['same-origin', 'none', undefined]) assert.deepEqual(await ask(site), [204, null], site ?? 'nothing');
});

test('a feature’s way in stands beside the provider’s; either is handed where to go on, and nothing else', async (t) => {
  const sample = createSampleFeature();
  const feature: LoadedFeature = { ...sample, feature: { ...sample.feature, waysIn: [{ text: 'By the back door', path: '/door' }] } };
  const service = await startSampleService({ features: [feature] });
  t.after(() => service.close());
  const nobody = await service.send('/notes', { headers: html });
  assert.equal(nobody.headers.get('location'), '/sign-in?return_to=%2Fnotes');
  const page = await (await service.send('/sign-in?return_to=%2Fnotes%22&max_age=900&factors=2&evil=1', { headers: html })).text();
  for (const path of ['/door', '/auth/sign-in']) assert.ok(page.includes(`href="${path}?return_to=%2Fnotes%22&amp;max_age=900&amp;factors=2"`), path);
  assert.match(page, /By the back door/);
  assert.match(page, /a new sign-in with two factors/);
  assert.match(page, /href="\/sign-in">Sign in/);
  assert.doesNotMatch(await (await service.send('/sign-in', { headers: html })).text(), /new sign-in/);
});
