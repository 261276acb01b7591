import assert from 'node:assert/strict';
import { test } from 'node:test';
import { comesFromOwnOrigin } from '#app/http/origin.ts';
import { expectProblem } from '#app/testing/problem.ts';
import { startSampleService } from '#app/testing/sample-service.ts';

const OURS = 'https://stockade.test';

test('ASVS 3.5.1 and 3.7.5 (CWE-352): with a cookie, neither Fetch Metadata nor Origin may name another site, and one of them must name ours', () => {
  const cookie = 'session=clerk';
  const cases: [Record<string, string>, boolean][] = [
    [{ 'sec-fetch-site': 'same-origin' }, true],
    [{ 'sec-fetch-site': 'none' }, true],
    [{ 'sec-fetch-site': 'none', origin: OURS }, true],
    [{ 'sec-fetch-site': 'none', origin: 'https://evil.test' }, false],
    [{ 'sec-fetch-site': 'none', origin: 'null' }, false],
    [{ 'sec-fetch-site': 'same-origin', origin: 'https://evil.test' }, false],
    [{ 'sec-fetch-site': 'same-site' }, false],
    [{ 'sec-fetch-site': 'cross-site' }, false],
    [{ 'sec-fetch-site': 'cross-site', origin: OURS }, false],
    [{ 'sec-fetch-site': 'nonsense' }, false],
    [{ 'sec-fetch-site': '' }, false],
    [{ origin: OURS }, true],
    [{ origin: 'null' }, false],
    [{ origin: 'https://stockade.test.evil.test' }, false],
    [{ origin: 'http://stockade.test' }, false],
    [{ origin: `${OURS}/` }, false],
    [{ referer: `${OURS}/` }, false],
    [{}, false],
  ];
  for (const [headers, allowed] of cases) assert.equal(comesFromOwnOrigin({ ...headers, cookie }, OURS), allowed, JSON.stringify(headers));
});

test('without a cookie nothing is sent in another’s name: a bearer token passes from anywhere', () => {
  assert.equal(comesFromOwnOrigin({ authorization: 'Bearer x', origin: 'https://evil.test', 'sec-fetch-site': 'cross-site' }, OURS), true);
});

test('CWE-352: without a cookie and without a token, a page of another site sends no form; a program sends what it likes', () => {
  for (const headers of [{ origin: 'https://evil.test' }, { origin: 'null' }, { 'sec-fetch-site': 'cross-site' }, { 'sec-fetch-site': 'same-site', origin: OURS }]) assert.equal(comesFromOwnOrigin(headers, OURS), false, JSON.stringify(headers));
  for (const headers of [{}, { origin: OURS }, { 'sec-fetch-site': 'same-origin', origin: OURS }, { referer: 'https://evil.test/' }]) assert.equal(comesFromOwnOrigin(headers, OURS), true, JSON.stringify(headers));
});

test('ASVS 3.5.1 (CWE-352): a form of another site changes nothing, through the API and through pages; reading is not refused', async () => {
  const service = await startSampleService();
  try {
    const cookie = 'session=clerk';
    const cross = { cookie, 'sec-fetch-site': 'cross-site', origin: 'https://evil.test' };
    await expectProblem(await service.send('/notes', { method: 'POST', form: { id: 'csrf', size: '1' }, headers: cross }), 403, 'cross-site-request');
    await expectProblem(await service.send('/api/v1/notes/a-1', { method: 'DELETE', headers: cross }), 403, 'cross-site-request');
    await expectProblem(await service.send('/auth/sign-out', { method: 'POST', headers: cross }), 403, 'cross-site-request');
    await expectProblem(await service.send('/api/v1/notes', { method: 'POST', json: { id: 'csrf', text: 'x' }, headers: { cookie } }), 403, 'cross-site-request');
    // Login CSRF: a browser sends no cookie with a form of another site, and would keep the session that is answered.
    const signedIn = await service.send('/door', { method: 'POST', form: { password: 'open' }, headers: { 'sec-fetch-site': 'cross-site', origin: 'https://evil.test' } });
    await expectProblem(signedIn, 403, 'cross-site-request');
    assert.equal(signedIn.headers.get('set-cookie'), null);
    assert.ok(!service.sample.notes.has('csrf') && service.sample.notes.has('a-1'));
    assert.equal((await service.send('/notes', { headers: cross })).status, 200);
    assert.equal((await service.send('/notes', { method: 'POST', form: { id: 'own', size: '1' }, headers: { cookie, 'sec-fetch-site': 'same-origin' } })).status, 303);
    assert.equal((await service.send('/notes', { method: 'POST', form: { id: 'own-2', size: '1' }, headers: { cookie, origin: 'http://stockade.test' } })).status, 303);
  } finally {
    await service.close();
  }
});
