import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser, CDPSession, Page } from 'playwright-core';
import { browserMissing, findViolations, openBrowser, openTab } from '#app/testing/browser.ts';
import { freePorts } from '#app/testing/ports.ts';
import { startTestService, type TestService } from '#app/testing/service.ts';
import { codeAt } from './authenticator.ts';
import type { Account } from './store.ts';
import { createPerson, PASSWORD } from './proofs/test-person.ts';

const minuteMs = 60_000;

/** Chromium's own, in place of a fingerprint reader: it makes keys and signs, as a real one does. */
async function addAuthenticator(page: Page): Promise<{ readonly session: CDPSession; readonly id: string }> {
  const session = await page.context().newCDPSession(page);
  await session.send('WebAuthn.enable');
  const { authenticatorId: id } = await session.send('WebAuthn.addVirtualAuthenticator', { options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true } });
  return { session, id };
}

describe('accounts in a browser', { skip: browserMissing() }, () => {
  let service: TestService;
  let browser: Browser;
  before(async () => {
    const [port = 0] = await freePorts(1);
    // Passkeys belong to a host name, not to an address.
    [service, browser] = await Promise.all([startTestService({ environment: { PORT: String(port), PUBLIC_URL: `http://localhost:${port}` } }), openBrowser()]);
  });
  after(async () => {
    await browser.close();
    await service.close();
  });

  async function fillIn(page: Page, { tenantId, email }: Account, password = PASSWORD): Promise<void> {
    await page.fill('#organisation', tenantId);
    await page.fill('#email', email);
    await page.fill('#password', password);
    await page.click('form[action="/accounts/sign-in"] button');
  }
  async function enter(page: Page, account: Account, path = '/account/security'): Promise<void> {
    await page.goto(service.url + path);
    await page.click('main a[href^="/accounts/sign-in"]');
    await fillIn(page, account);
    await page.waitForURL(service.url + path);
  }

  test('with the password: from the page that was asked for, over the choice of ways, and back', async () => {
    const account = await createPerson(service, 'reader');
    const { page, complaints } = await openTab(browser);
    await page.goto(`${service.url}/account/security`);
    assert.deepEqual(await findViolations(page), []);
    await page.click('main a[href^="/accounts/sign-in"]');
    assert.deepEqual(await findViolations(page), []);
    await fillIn(page, account, 'not the right password');
    await page.waitForSelector('[role=alert]');
    assert.deepEqual(await findViolations(page), []);
    await fillIn(page, account);
    await page.waitForURL(`${service.url}/account/security`);
    assert.deepEqual(await findViolations(page), []);
    // The browser itself says that the wrong password was answered with 422.
    assert.deepEqual(complaints.filter((text) => !text.includes('422')), []);
  });

  test('a passkey is added, signs in by itself with two factors, stands in as the second one, and is removed', async () => {
    const account = await createPerson(service, 'keyed');
    const { page, complaints } = await openTab(browser);
    const { session, id } = await addAuthenticator(page);
    await enter(page, account);
    await page.fill('#passkey-name', 'Test device');
    await page.click('text=Add a passkey');
    await page.waitForSelector('form[data-passkey=create]');
    assert.deepEqual(await findViolations(page), []);
    await page.click('form[data-passkey] button');
    await page.waitForURL(/done=passkey-added/);
    assert.match((await page.textContent('main')) ?? '', /Test device, added/);
    assert.deepEqual(await findViolations(page), []);
    assert.equal((await session.send('WebAuthn.getCredentials', { authenticatorId: id })).credentials.length, 1);

    await page.click('form[action="/auth/sign-out"] button');
    await page.goto(`${service.url}/accounts/sign-in?return_to=%2Faccount%2Fsessions`);
    await page.click('text=Sign in with a passkey');
    await page.waitForSelector('form[data-passkey=get]');
    assert.deepEqual(await findViolations(page), []);
    await page.click('form[data-passkey] button');
    await page.waitForURL(`${service.url}/account/sessions`);
    assert.match((await page.locator('.cards > li', { hasText: 'This browser' }).textContent()) ?? '', /with two factors/);

    await page.click('form[action="/auth/sign-out"] button');
    await page.goto(`${service.url}/accounts/sign-in?return_to=%2Faccount%2Fsecurity`);
    await fillIn(page, account);
    await page.waitForSelector('text=One more step');
    assert.deepEqual(await findViolations(page), []);
    await page.click('form[data-passkey] button');
    await page.waitForURL(`${service.url}/account/security`);

    await page.click('text=Remove the passkey Test device');
    await page.waitForURL(/done=passkey-removed/);
    await page.click('form[action="/auth/sign-out"] button');
    await page.goto(`${service.url}/accounts/sign-in`);
    await page.click('text=Sign in with a passkey');
    await page.click('form[data-passkey] button');
    await page.waitForSelector('text=This passkey is not known here');
    assert.deepEqual(complaints.filter((text) => !text.includes('403')), []);
  });

  test('a passkey whose person was not verified is refused, and so is another’s as the second factor', async () => {
    const [mine, theirs] = [await createPerson(service, 'owner'), await createPerson(service, 'other')];
    const { page } = await openTab(browser);
    const { session, id } = await addAuthenticator(page);
    const addPasskey = async (account: Account) => {
      await enter(page, account);
      await page.fill('#passkey-name', account.name);
      await page.click('text=Add a passkey');
      await page.click('form[data-passkey] button');
      await page.waitForURL(/done=passkey-added/);
      await page.click('form[action="/auth/sign-out"] button');
    };
    await addPasskey(theirs);
    const [stolen] = (await session.send('WebAuthn.getCredentials', { authenticatorId: id })).credentials;
    assert.ok(stolen);
    await session.send('WebAuthn.clearCredentials', { authenticatorId: id });
    await addPasskey(mine);
    const [own] = (await session.send('WebAuthn.getCredentials', { authenticatorId: id })).credentials;
    assert.ok(own);

    // A thief's browser answers for another passkey than the one that it was asked for.
    await page.goto(`${service.url}/accounts/sign-in`);
    await fillIn(page, mine);
    await page.waitForSelector('form[data-passkey]');
    await session.send('WebAuthn.clearCredentials', { authenticatorId: id });
    await session.send('WebAuthn.addCredential', { authenticatorId: id, credential: { ...stolen, isResidentCredential: true } });
    await page.locator('form[data-passkey]').evaluate((form, asked) => {
      const options = JSON.parse(form.dataset['options'] ?? '') as { allowCredentials: { id: string }[] };
      for (const credential of options.allowCredentials) credential.id = asked;
      form.dataset['options'] = JSON.stringify(options);
    }, stolen.credentialId.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, ''));
    await page.click('form[data-passkey] button');
    await page.waitForSelector('text=This passkey is not known here');
    assert.equal((await page.context().request.get(`${service.url}/api/v1/sessions`)).status(), 401);

    // An authenticator that asks nobody.
    await session.send('WebAuthn.setUserVerified', { authenticatorId: id, isUserVerified: false });
    await page.goto(`${service.url}/accounts/sign-in`);
    await page.click('text=Sign in with a passkey');
    await page.waitForSelector('form[data-passkey]');
    await page.locator('form[data-passkey]').evaluate((form) => {
      form.dataset['options'] = (form.dataset['options'] ?? '').replace('"userVerification":"required"', '"userVerification":"discouraged"');
    });
    await page.click('form[data-passkey] button');
    await page.waitForSelector('text=This passkey is not known here');
    assert.equal((await page.context().request.get(`${service.url}/api/v1/sessions`)).status(), 401);
  });

  test('with an authenticator app: added from the key on the page, asked for at the next sign-in; a recovery code in its place', async () => {
    const account = await createPerson(service, 'coded');
    const { page, complaints } = await openTab(browser, { colorScheme: 'dark' });
    await enter(page, account);
    await page.click('text=Add an authenticator app');
    assert.deepEqual(await findViolations(page), []);
    const secret = ((await page.textContent('main p > code')) ?? '').replaceAll(' ', '');
    await page.fill('#code', codeAt(secret, new Date()));
    await page.click('text=Add it');
    await page.waitForSelector('.codes');
    assert.deepEqual(await findViolations(page), []);
    const code = (await page.textContent('.codes code')) ?? '';
    await page.click('text=I have kept them');
    assert.match((await page.textContent('main')) ?? '', /You have 10 left/);

    await page.click('form[action="/auth/sign-out"] button');
    await page.goto(`${service.url}/accounts/sign-in?return_to=%2Faccount%2Fsecurity`);
    await fillIn(page, account);
    // The next step's: the one that added the app was used by that.
    await page.fill('#code', codeAt(secret, new Date(Date.now() + 30_000)));
    await page.click('text=Continue');
    await page.waitForURL(`${service.url}/account/security`);

    await page.click('form[action="/auth/sign-out"] button');
    await page.goto(`${service.url}/accounts/sign-in?return_to=%2Faccount%2Fsecurity`);
    await fillIn(page, account);
    await page.fill('#code', code);
    await page.click('text=Continue');
    await page.waitForURL(`${service.url}/account/security`);
    assert.match((await page.textContent('main')) ?? '', /You have 9 left/);
    assert.deepEqual(complaints, []);
  });

  test('a forgotten password is set by the mail’s link', async () => {
    const account = await createPerson(service, 'lost');
    const { page, complaints } = await openTab(browser);
    await page.goto(`${service.url}/accounts/sign-in`);
    await page.click('text=Forgot your password?');
    assert.deepEqual(await findViolations(page), []);
    await page.fill('#organisation', account.tenantId);
    await page.fill('#email', account.email);
    await page.click('text=Send me a link');
    await page.waitForSelector('[role=status]');
    const link = page.locator('.card', { hasText: account.email }).locator('a');
    await page.goto(`${service.url}/accounts/mailbox`);
    for (let times = 0; times < 50 && (await link.count()) === 0; times += 1) await page.reload();
    assert.deepEqual(await findViolations(page), []);
    await link.first().click();
    assert.deepEqual(await findViolations(page), []);
    await page.fill('#password', 'seven quiet violins at dawn');
    await page.click('text=Set the password');
    await page.waitForURL(/done=reset/);
    await fillIn(page, account, 'seven quiet violins at dawn');
    await page.waitForURL((url) => !url.pathname.startsWith('/accounts/'));
    assert.deepEqual(complaints, []);
  });

  test('a sign-in that is too old to change a password is renewed by the way that one chooses, and leads back', async (t) => {
    const account = await createPerson(service, 'renewed');
    const { page } = await openTab(browser);
    await enter(page, account);
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() });
    t.mock.timers.tick(16 * minuteMs);
    await page.click('text=Add an authenticator app');
    await page.waitForURL(/\/sign-in\?/);
    assert.match((await page.textContent('main')) ?? '', /takes a new sign-in/);
    await page.click('main a[href^="/accounts/sign-in"]');
    await fillIn(page, account);
    await page.waitForURL(`${service.url}/account/security`);
    await page.click('text=Add an authenticator app');
    await page.waitForSelector('.qr');
  });
});
