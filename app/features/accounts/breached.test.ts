import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { startTestService, type TestService } from '#app/testing/service.ts';
import { createBreachCheck } from './breached.ts';
import { createPerson, linkIn, mailTo, PASSWORD, TestBrowser } from './proofs/test-person.ts';

/** Its SHA-1 is 0054E and the rest below. */
const BREACHED = 'correct staple battery horse';
const BREACHED_SUFFIX = '38CED35FF08FE8C8E4120E90D428964539B';
const UNBREACHED = 'seven quiet violins at dawn';

describe('breached passwords', () => {
  const asked: { readonly url: string | undefined; readonly padding: string | string[] | undefined }[] = [];
  let answer = { status: 200, text: '' };
  let server: http.Server;
  let url: string;
  before(async () => {
    server = http.createServer((request, response) => {
      asked.push({ url: request.url, padding: request.headers['add-padding'] });
      response.writeHead(answer.status, { 'content-type': 'text/plain' }).end(answer.text);
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/range/`;
  });
  after(() => {
    server.close();
    server.closeAllConnections();
  });
  const list = (...lines: readonly string[]) => (answer = { status: 200, text: ['0018A45C4D1DEF81644B54AB7F969B88D65:3', ...lines, 'FFF0A45C4D1DEF81644B54AB7F969B88D65:0'].join('\r\n') });

  test('of the digest five digits are told, and the answer is padded', async () => {
    list(`${BREACHED_SUFFIX}:42`);
    const isBreached = createBreachCheck({ url, log: pino({ level: 'silent' }), metrics: new Registry() });
    asked.length = 0;
    assert.equal(await isBreached(BREACHED), true);
    assert.equal(await isBreached(UNBREACHED), false);
    assert.deepEqual(asked.map(({ padding }) => padding), ['true', 'true']);
    for (const each of asked) assert.match(each.url ?? '', /^\/range\/[0-9A-F]{5}$/);
  });

  test('a line that counts nothing is padding', async () => {
    list(`${BREACHED_SUFFIX}:0`);
    assert.equal(await createBreachCheck({ url, log: pino({ level: 'silent' }), metrics: new Registry() })(BREACHED), false);
  });

  test('a service that does not answer, or answers something else, stops nobody; log and metrics tell', async () => {
    const [lines, metrics] = [[] as string[], new Registry()];
    const log = pino({}, { write: (line: string) => void lines.push(line) });
    answer = { status: 503, text: '' };
    assert.equal(await createBreachCheck({ url, log, metrics })(BREACHED), false);
    assert.equal(await createBreachCheck({ url: 'http://127.0.0.1:1/', log, metrics: new Registry() })(BREACHED), false);
    assert.equal(lines.length, 2);
    assert.ok(lines.every((line) => line.includes('"level":40') && line.includes('"err":{') && line.includes('"msg":"a new password could not be looked up among breached ones"')), lines.join(''));
    assert.ok(lines.every((line) => !line.includes(BREACHED) && !line.includes(BREACHED_SUFFIX)));
    assert.match(await metrics.metrics(), /stockade_accounts_breach_checks_total\{outcome="unknown"\} 1/);
  });

  describe('where a password is set', () => {
    let service: TestService;
    before(async () => (service = await startTestService({ environment: { TRUSTED_PROXIES: '1', ACCOUNTS_BREACHED_PASSWORDS_URL: url } })));
    after(() => service.close());

    test('ASVS 6.2.12: one of a known breach is refused, by mail and on the page, and another is taken', async () => {
      list(`${BREACHED_SUFFIX}:42`);
      const account = await createPerson(service, 'reused');
      const browser = new TestBrowser(service.url);
      await browser.signIn(account);
      const change = (password: string) => browser.post('/account/security/password', { current: PASSWORD, password });
      const refused = await change(BREACHED);
      assert.equal(refused.status, 422);
      assert.match(refused.text, /in a breach/);
      await browser.post('/accounts/reset-request', { organisation: account.tenantId, email: account.email });
      const token = new URL(linkIn(await mailTo(browser, account.email, 'Set a new password')), service.url).searchParams.get('token') ?? '';
      assert.equal((await browser.post('/accounts/reset', { token, password: BREACHED })).status, 422);
      assert.equal((await browser.post('/accounts/reset', { token, password: UNBREACHED })).status, 303);
    });
  });
});
