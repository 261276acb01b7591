// Chromium for tests of pages: the machine's own, driven by playwright-core; what the pages say to the console is kept.
// Tested by chromium.test.ts: the search; the rest by every browser test.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { findChromium } from '#app/testing/chromium.ts';

/** Quiet: without these Chromium looks for its maker's servers. Its sandbox needs what root and containers don't give. */
const SWITCHES = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

export interface Tab {
  readonly page: Page;
  /** Errors and warnings of the console, and exceptions. */
  readonly complaints: readonly string[];
}

/** Why browser tests don't run here, or false. In CI a missing browser is no excuse: the tests run, and fail. */
export function browserMissing(): string | false {
  return process.env['CI'] !== 'true' && findChromium(process.env) === undefined ? 'no Chromium here: install it, or set CHROMIUM_PATH' : false;
}

export function openBrowser(): Promise<Browser> {
  const executablePath = findChromium(process.env);
  if (executablePath === undefined) throw new Error('There is no Chromium here: install it, or set CHROMIUM_PATH.');
  return chromium.launch({ executablePath, args: SWITCHES });
}

/** A tab with cookies of its own. */
export async function openTab(browser: Browser, options: BrowserContextOptions = {}): Promise<Tab> {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(20_000);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  return { page, complaints };
}

/** Through the provider's page, to the page that was asked for. */
export async function signInAs(page: Page, user: string, address: string): Promise<void> {
  await page.goto(address);
  await chooseProvider(page);
  await page.click(`button[value="${user}"]`);
  await page.waitForURL((url) => url.origin === new URL(address).origin);
}

/** Past the page of ways in, where a feature brings another than the provider's. */
export async function chooseProvider(page: Page): Promise<void> {
  const way = page.locator('main a[href^="/auth/sign-in"]');
  await way.or(page.locator('button[name=user]')).first().waitFor();
  if ((await way.count()) > 0) await way.click();
}

/** Violations of WCAG 2.2, levels A and AA, as axe-core finds them: rule, help and first element of each. */
export async function findViolations(page: Page): Promise<readonly string[]> {
  const source = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  // Evaluated by the debugger, so the page's Content-Security-Policy stays in force.
  await page.evaluate(source);
  return page.evaluate(async () => {
    interface Violation {
      readonly id: string;
      readonly help: string;
      readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
    }
    const { axe } = globalThis as unknown as { readonly axe: { run(context: Document, options: object): Promise<{ readonly violations: readonly Violation[]; readonly passes: readonly unknown[] }> } };
    const { violations, passes } = await axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] });
    if (passes.length === 0) return ['axe-core checked nothing'];
    return violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes[0]?.html ?? ''} (${nodes[0]?.failureSummary ?? ''})`);
  });
}
