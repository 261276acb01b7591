import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { browserMissing, findViolations, openBrowser, openTab, signInAs } from '#app/testing/browser.ts';
import { startTestService, type TestService } from '#app/testing/service.ts';

describe('the page of sessions in a browser', { skip: browserMissing() }, () => {
  let service: TestService;
  let browser: Browser;
  before(async () => {
    [service, browser] = await Promise.all([startTestService(), openBrowser()]);
  });
  after(async () => {
    await browser.close();
    await service.close();
  });

  test('a person sees where they are signed in, ends another session, and stays in their own', async () => {
    const [lost, other, here] = [await openTab(browser), await openTab(browser), await openTab(browser)];
    for (const { page } of [lost, other, here]) await signInAs(page, 'clerk', `${service.url}/account/sessions`);
    const { page } = here;
    await page.goto(`${service.url}/docs`);
    await page.click('.account-name a');
    await page.waitForURL(`${service.url}/account/sessions`);
    assert.equal(await page.locator('.cards > li').count(), 3);
    assert.match((await page.locator('.cards > li', { hasText: 'This browser' }).textContent()) ?? '', /Chrome on Linux/);
    assert.deepEqual(await findViolations(page), []);

    await page.locator('button', { hasText: 'End this session' }).first().click();
    await page.waitForURL(/done=ended/);
    assert.equal(await page.locator('.cards > li').count(), 2);
    await page.click('text=End all other sessions');
    await page.waitForURL(/done=others/);
    assert.equal(await page.locator('.cards > li').count(), 1);
    assert.equal(await page.locator('text=End all other sessions').count(), 0);
    assert.deepEqual(await findViolations(page), []);
    assert.deepEqual(here.complaints, []);

    for (const { page: ended } of [lost, other]) {
      const response = await ended.context().request.get(`${service.url}/api/v1/sessions`);
      assert.equal(response.status(), 401);
    }
    assert.equal((await page.context().request.get(`${service.url}/api/v1/sessions`)).status(), 200);
  });
});
