import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { browserMissing, chooseProvider, findViolations, openBrowser, openTab, signInAs } from '#app/testing/browser.ts';
import { until } from '#app/testing/condition.ts';
import { startTestService, type TestService } from '#app/testing/service.ts';

const SKU = 'BOLT-M8-40';
const item = `#item-${SKU}`;

describe('the board in a browser', { skip: browserMissing() }, () => {
  let service: TestService;
  let browser: Browser;
  before(async () => {
    [service, browser] = await Promise.all([startTestService(), openBrowser()]);
  });
  after(async () => {
    await browser.close();
    await service.close();
  });

  const quantityOn = async (page: Page) => Number(await page.textContent(`${item} [data-field=quantity]`));
  const showsQuantity = (page: Page, quantity: number) =>
    until(`the board to show ${quantity}`, async () => (await quantityOn(page)) === quantity, 20_000);
  const isLive = (page: Page) => page.waitForSelector('#live-status[data-state=live]');
  /** Set on the window: it is gone once the page was loaded anew. */
  const markPage = (page: Page) => page.evaluate(() => Object.assign(globalThis, { sameLoad: true }));
  const isSameLoad = (page: Page) => page.evaluate(() => 'sameLoad' in globalThis);
  async function openBoard(user: string, options: Parameters<typeof openTab>[1] = {}) {
    const tab = await openTab(browser, options);
    await signInAs(tab.page, user, `${service.url}/`);
    return tab;
  }

  test('what a clerk moves is seen by a viewer at once, without a reload and without a complaint', async () => {
    const [clerk, viewer] = [await openBoard('clerk'), await openBoard('viewer')];
    await Promise.all([isLive(clerk.page), isLive(viewer.page), markPage(clerk.page), markPage(viewer.page)]);
    const before = await quantityOn(viewer.page);
    const unitsBefore = Number(await viewer.page.textContent('[data-count=units]'));
    const lineBefore = await viewer.page.getAttribute(`${item} [data-field=sparkline] path`, 'd');
    assert.equal(await viewer.page.locator('form.move').count(), 0, 'a viewer has no form');
    await clerk.page.fill(`${item} input[name=delta]`, '-3');
    await clerk.page.selectOption(`${item} select[name=reason]`, 'sold');
    await clerk.page.fill(`${item} input[name=note]`, 'at the counter');
    await clerk.page.click(`${item} form.move button`);
    await Promise.all([showsQuantity(viewer.page, before - 3), showsQuantity(clerk.page, before - 3)]);
    assert.match((await viewer.page.textContent('#feed li:first-child')) ?? '', /Cleo Clerk\s+sold 3\s+BOLT-M8-40\s+at the counter\s+just now/);
    assert.match((await viewer.page.textContent(`${item} [data-field=last]`)) ?? '', /^Cleo Clerk sold 3 \(at the counter\), just now$/);
    assert.equal(Number(await viewer.page.textContent('[data-count=units]')), unitsBefore - 3);
    assert.notEqual(await viewer.page.getAttribute(`${item} [data-field=sparkline] path`, 'd'), lineBefore);
    await clerk.page.waitForSelector(`${item} .form-message[data-state=done]`);
    for (const tab of [clerk, viewer]) {
      assert.ok(await isSameLoad(tab.page), 'no reload');
      assert.deepEqual(tab.complaints, []);
    }
  });

  test('more than there is on stock is refused in words, and changes nothing', async () => {
    const { page } = await openBoard('clerk');
    await isLive(page);
    const before = await quantityOn(page);
    await page.fill(`${item} input[name=delta]`, '-99999');
    await page.click(`${item} form.move button`);
    await page.waitForSelector(`${item} .form-message[data-state=failed]`);
    assert.match((await page.textContent(`${item} .form-message`)) ?? '', /99999 can't be taken/);
    assert.equal(await quantityOn(page), before);
    assert.equal(await page.inputValue(`${item} input[name=delta]`), '-99999', 'what was typed is still there');
  });

  test('without JavaScript the form posts, leads back to the board, and the other session still sees it', async () => {
    const [clerk, viewer] = [await openBoard('clerk', { javaScriptEnabled: false }), await openBoard('viewer')];
    await isLive(viewer.page);
    const before = await quantityOn(clerk.page);
    await clerk.page.fill(`${item} input[name=delta]`, '4');
    await clerk.page.click(`${item} form.move button`);
    await clerk.page.waitForURL((url) => url.pathname === '/' && url.hash !== '');
    assert.equal(await quantityOn(clerk.page), before + 4);
    await showsQuantity(viewer.page, before + 4);
    assert.deepEqual(clerk.complaints, []);
  });

  test('a new item appears on an open board', async () => {
    const [manager, viewer] = [await openBoard('manager'), await openBoard('viewer')];
    await isLive(viewer.page);
    await manager.page.goto(`${service.url}/items/new`);
    await manager.page.fill('input[name=sku]', 'NEW-1');
    for (const [name, text] of [['name', 'A <b>new</b> thing'], ['location', 'Aisle 9'], ['unit', 'piece'], ['reorderLevel', '2']] as const) await manager.page.fill(`input[name=${name}]`, text);
    await manager.page.click('main form button[type=submit]');
    await viewer.page.waitForSelector('#item-NEW-1');
    assert.equal(await viewer.page.textContent('#item-NEW-1 [data-field=name]'), 'A <b>new</b> thing');
    assert.equal(await viewer.page.textContent('#item-NEW-1 [data-field=level]'), 'Out of stock');
    assert.equal(await viewer.page.getAttribute('#item-NEW-1 a', 'href'), '/items/NEW-1');
    assert.deepEqual(viewer.complaints, []);
  });

  test('another tenant sees neither the item nor the movement', async () => {
    const [globex, clerk] = [await openBoard('globex-manager'), await openBoard('clerk')];
    await Promise.all([isLive(globex.page), isLive(clerk.page)]);
    assert.equal(await globex.page.locator(item).count(), 0);
    const feedBefore = await globex.page.textContent('#feed');
    const before = await quantityOn(clerk.page);
    await clerk.page.fill(`${item} input[name=delta]`, '1');
    await clerk.page.click(`${item} form.move button`);
    await showsQuantity(clerk.page, before + 1);
    // Its own movement comes later in the same stream: had the other's been delivered, it would be there by then.
    const [own] = await globex.page.locator('.item').evaluateAll((items) => items.map((one) => (one as HTMLElement).dataset['sku'] ?? ''));
    await globex.page.fill(`#item-${own ?? ''} input[name=delta]`, '1');
    await globex.page.click(`#item-${own ?? ''} form.move button`);
    await globex.page.waitForSelector('#feed li:first-child >> text=just now');
    const feed = (await globex.page.textContent('#feed')) ?? '';
    assert.notEqual(feed, feedBefore);
    assert.ok(!feed.includes(SKU));
  });

  test('the keyboard alone moves stock', async () => {
    const { page } = await openBoard('clerk');
    await isLive(page);
    const before = await quantityOn(page);
    await page.focus(`${item} input[name=delta]`);
    await page.keyboard.type('2');
    await page.keyboard.press('Tab');
    await page.keyboard.type('ret');
    await page.keyboard.press('Tab');
    await page.keyboard.type('back again');
    await page.keyboard.press('Enter');
    await showsQuantity(page, before + 2);
    assert.match((await page.textContent(`${item} [data-field=last]`)) ?? '', /returned 2 \(back again\)/);
  });

  test('sign-out goes through the provider, and ends the session and its stream', async () => {
    const { page, complaints } = await openBoard('auditor');
    await isLive(page);
    const other = await page.context().newPage();
    await other.goto(`${service.url}/`);
    await isLive(other);
    await page.click('form[action="/auth/sign-out"] button');
    await page.waitForURL((url) => url.origin === service.config.identity.issuer);
    assert.deepEqual(complaints, [], 'the Content-Security-Policy lets the form go to the provider');
    const [session] = (await page.context().cookies(service.url)).filter(({ name }) => name === 'session');
    assert.equal(session, undefined, 'the cookie is gone');
    await other.waitForSelector('#live-status[data-state=ended]');
    await page.locator('form button').first().click();
    // Back at the board, which nobody sees who has not signed in: the provider asks anew.
    await chooseProvider(page);
    await page.waitForSelector('button[value=auditor]');
    assert.equal(new URL(page.url()).origin, service.config.identity.issuer);
  });

  for (const colorScheme of ['light', 'dark'] as const) {
    test(`no page violates WCAG 2.2 A or AA, ${colorScheme}`, async () => {
      const { page } = await openTab(browser, { colorScheme });
      await page.goto(`${service.url}/`);
      assert.deepEqual(await findViolations(page), [], 'the provider');
      await signInAs(page, 'manager', `${service.url}/`);
      await isLive(page);
      assert.deepEqual(await findViolations(page), [], 'the board');
      for (const path of [`/items/${SKU}`, '/items/new', '/docs', '/nowhere', `/?problem=insufficient-stock&sku=${SKU}`]) {
        await page.goto(service.url + path);
        assert.deepEqual(await findViolations(page), [], path);
      }
    });
  }
});
