// Each dashboard asked of a live Prometheus, and kept as a page; as a picture too where there is a Chromium.
// Tested by prove-panels.ts, and what it is made of by panel-answers.test.ts and dashboard-page.test.ts.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { browserMissing, openBrowser, openTab } from '#app/testing/browser.ts';
import { type DashboardFile, isPromql } from './dashboard.ts';
import { dashboardPage } from './dashboard-page.ts';
import { answersOf, type Window } from './panel-answers.ts';

export interface Drawn {
  readonly dashboard: string;
  readonly panels: number;
  readonly queries: number;
  /** `panel: query` of each that gave nothing. */
  readonly silent: readonly string[];
  readonly picture: string;
}

export interface Drawings {
  readonly drawn: readonly Drawn[];
  /** Why there are no pictures. */
  readonly noPictures: string | undefined;
}

const PAGE = { width: 1_480, height: 900 };
/** What one sees first of it, for a page that shows it. */
const TOP = { width: 1_480, height: 930 };
export const TABLE_HEAD = ['dashboard', 'panels', 'queries', 'with data', 'picture'];

export const rowOf = ({ dashboard, panels, queries, silent, picture }: Drawn): readonly string[] => [dashboard, String(panels), String(queries), String(queries - silent.length), picture];

/** The upper part of drawn dashboards, as `<name without stockade->.png` in another folder. */
export async function keepTops(names: readonly string[], folder: string, target: string): Promise<void> {
  mkdirSync(target, { recursive: true });
  const browser = await openBrowser();
  try {
    for (const name of names) {
      const { page } = await openTab(browser, { viewport: TOP });
      await page.goto(pathToFileURL(path.resolve(folder, `${name}.html`)).href);
      await page.waitForSelector('body[data-drawn]');
      writeFileSync(path.join(target, `${name.replace(/^stockade-/, '')}.png`), await page.screenshot());
    }
  } finally {
    await browser.close();
  }
}

/** Those that ask something else than Prometheus alone are left out: traces and logs have no store here. */
export async function drawDashboards(files: readonly DashboardFile[], window: Window, folder: string): Promise<Drawings> {
  const missing = browserMissing();
  const browser = missing === false ? await openBrowser() : undefined;
  mkdirSync(folder, { recursive: true });
  const picture = async (file: string): Promise<string> => {
    if (browser === undefined) return 'not drawn';
    const { page, complaints } = await openTab(browser, { viewport: PAGE });
    await page.goto(pathToFileURL(path.resolve(file)).href);
    await page.waitForSelector('body[data-drawn]');
    const target = file.replace(/\.html$/, '.png');
    writeFileSync(target, await page.screenshot({ fullPage: true }));
    await page.context().close();
    if (complaints.length > 0) throw new Error(`${file}: ${complaints.join('; ')}`);
    return `${path.basename(target)}, ${Math.round(readFileSync(target).length / 1_024)} KiB`;
  };
  const drawn: Drawn[] = [];
  try {
    for (const { name, dashboard } of files.filter((one) => one.dashboard.panels.some(isPromql))) {
      const answers = await answersOf(dashboard, window);
      const file = path.join(folder, `${name}.html`);
      writeFileSync(file, dashboardPage(dashboard, answers, new Date(window.to * 1_000)));
      const silent = answers.flatMap((answer) => answer.silent.map((query) => `${answer.panel.title ?? ''}: ${query}`));
      drawn.push({ dashboard: name, panels: answers.length, queries: answers.flatMap(({ queries }) => queries).length, silent, picture: await picture(file) });
    }
  } finally {
    await browser?.close();
  }
  return { drawn, noPictures: missing === false ? undefined : missing };
}
