// The page of a person's data in a browser: read in light, dark and on a narrow screen, saved as a file, and erased.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { browserMissing, findViolations, openBrowser, openTab, signInAs } from '#app/testing/browser.ts';
import { startTestService, type TestService } from '#app/testing/service.ts';

describe('the page of a person’s data in a browser', { skip: browserMissing() }, () => {
  let service: TestService;
  let browser: Browser;
  before(async () => {
    [service, browser] = await Promise.all([startTestService(), openBrowser()]);
  });
  after(async () => {
    await browser.close();
    await service.close();
  });

  for (const [name, options] of [['dark', { colorScheme: 'dark' }], ['narrow', { viewport: { width: 360, height: 700 } }]] as const) {
    test(`it is accessible, ${name}, and no wider than the screen`, async () => {
      const { page, complaints } = await openTab(browser, options);
      await signInAs(page, 'viewer', `${service.url}/account/data`);
      await page.click('summary');
      assert.deepEqual(await findViolations(page), []);
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth), false);
      assert.deepEqual(complaints, []);
    });
  }

  test('a person finds it beside their name, saves everything, and erases themselves', async () => {
    const { page, complaints } = await openTab(browser);
    await signInAs(page, 'clerk', `${service.url}/account/sessions`);
    await page.click('header a[href="/account/data"]');
    await page.waitForURL(`${service.url}/account/data`);
    assert.match((await page.locator('.cards').first().textContent()) ?? '', /Keeps a person signed in/);
    assert.deepEqual(await findViolations(page), []);

    const [download] = await Promise.all([page.waitForEvent('download'), page.click('button[value=export]')]);
    assert.equal(download.suggestedFilename(), 'personal-data.json');
    const saved = JSON.parse(await readFile(await download.path(), 'utf8')) as { subject: string };
    assert.equal(saved.subject, 'clerk');

    await page.click('text=Erase everything that is kept about me');
    await page.click('button:text-is("Erase")');
    await page.waitForURL(`${service.url}/account/erased`);
    assert.match((await page.locator('main').textContent()) ?? '', /It is erased/);
    assert.deepEqual(await findViolations(page), []);
    assert.equal(await page.locator('header').getByText('Cleo Clerk').count(), 0);
    assert.equal((await page.context().request.get(`${service.url}/api/v1/sessions`)).status(), 401);
    assert.deepEqual(complaints, []);
  });
});
