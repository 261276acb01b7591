import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { browserMissing, chooseProvider, findViolations, openBrowser, openTab, signInAs } from '#app/testing/browser.ts';
import { startTestService, type TestService } from '#app/testing/service.ts';

const minuteMs = 60_000;

describe('a step-up in a browser', { skip: browserMissing() }, () => {
  let service: TestService;
  let browser: Browser;
  before(async () => {
    [service, browser] = await Promise.all([startTestService(), openBrowser()]);
  });
  after(async () => {
    await browser.close();
    await service.close();
  });

  test('a manager whose sign-in is too old to retire an item signs in again, comes back to it, and retires it', async (t) => {
    // For the service and for the provider, which both run in this process.
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() });
    const { page, complaints } = await openTab(browser);
    await signInAs(page, 'manager', `${service.url}/items/new`);
    await page.fill('input[name=sku]', 'STEP-UP');
    for (const field of ['name', 'location', 'unit']) await page.fill(`input[name=${field}]`, field);
    await page.fill('input[name=reorderLevel]', '0');
    await page.click('main form button[type=submit]');
    await page.waitForURL(/\/items\/STEP-UP\?done=created/);

    t.mock.timers.tick(16 * minuteMs);
    await page.click('button:has-text("Retire")');
    await chooseProvider(page);
    await page.waitForURL((url) => url.origin === service.config.identity.issuer);
    assert.deepEqual(await findViolations(page), []);
    await page.click('button[value=manager]');
    await page.waitForURL(/\/items\/STEP-UP\?done=created/);
    assert.match((await page.textContent('main')) ?? '', /STEP-UP/);
    await page.click('button:has-text("Retire")');
    await page.waitForURL(/done=retired/);
    assert.deepEqual(complaints, []);
  });
});
