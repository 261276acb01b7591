import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { Browser } from 'playwright-core';
import { browserMissing, openBrowser, openTab } from '#app/testing/browser.ts';
import { type Dashboard, type Panel, parseDashboard } from './dashboard.ts';
import { dashboardPage } from './dashboard-page.ts';
import type { Answer } from './panel-answers.ts';
import { rangesOf, show } from './panel-drawing.ts';

const plain = { decimals: null, words: {} };
const times = Array.from({ length: 60 }, (_, index) => 1_700_000_000 + index * 15);
const wave = (height: number): readonly number[] => times.map((_, index) => height * (1 + Math.sin(index / 6)));

const KINDS = ['timeseries', 'stat', 'heatmap', 'state-timeline', 'table'];
const dashboard = parseDashboard(JSON.stringify({
  uid: 'seed', title: 'Queues <b>', description: 'Seeded.', tags: [], schemaVersion: 41, editable: false, timezone: 'utc', time: { from: 'now-1h', to: 'now' }, links: [], templating: { list: [] },
  panels: [
    { id: 1, type: 'row', title: 'All kinds', gridPos: { h: 1, w: 24, x: 0, y: 0 } },
    ...KINDS.map((type, index) => ({
      id: index + 2, type, title: `A ${type}`, description: 'Drawn for a test.', gridPos: { h: 6, w: 12, x: (index % 2) * 12, y: 1 + Math.floor(index / 2) * 6 },
      fieldConfig: { defaults: { unit: type === 'state-timeline' ? 'bool' : 's', thresholds: { steps: [{ color: 'green', value: null }, { color: 'red', value: 5 }] }, ...(type === 'state-timeline' ? { mappings: [{ type: 'value', options: { 0: { text: 'away', color: 'red' }, 1: { text: 'there', color: 'green' } } }] } : {}), custom: { thresholdsStyle: { mode: 'line' } } } },
    })),
    { id: 9, type: 'timeseries', title: 'Silent', description: 'Has nothing to draw.', gridPos: { h: 6, w: 12, x: 12, y: 13 }, fieldConfig: { defaults: { noValue: 'nobody came' } } },
  ],
}));

function answerOf(panel: Panel): Answer {
  const queries = ['depth{queue="</script><script>alert(1)</script>"}'];
  const lines = { timeseries: [{ name: 'a', values: wave(0.2) }, { name: '<img src=x>', values: wave(4) }], stat: [{ name: 'a', values: [...wave(3).slice(0, -1), 7] }], heatmap: ['0.1', '1', '+Inf'].map((name, index) => ({ name, values: wave(index + 1) })), 'state-timeline': [{ name: 'db', values: times.map((_, index) => (index > 20 && index < 30 ? 0 : 1)) }] }[panel.type] ?? [];
  const rows = panel.type === 'table' ? [{ version: '1.0', instance: 'a' }, { version: '1.1', instance: 'b' }] : [];
  return { panel, queries, times, lines: panel.id === 9 ? [] : lines, exemplars: panel.type === 'timeseries' && panel.id !== 9 ? [{ time: times[10] ?? 0, value: 2, traceId: 'a' }] : [], rows, silent: panel.id === 9 ? queries : [] };
}

const draw = (of: Dashboard): string => dashboardPage(of, of.panels.filter(({ type }) => type !== 'row').map(answerOf), new Date(0));

test('values are shown in the unit of their panel, as people say them', () => {
  const seconds = { ...plain, unit: 's' };
  assert.deepEqual([0, 0.000_05, 0.0123, 1.5, 90, 600, 7_300, 200_000].map((value) => show(value, seconds)), ['0 s', '50 µs', '12.3 ms', '1.5 s', '90 s', '10 min', '2.03 h', '2.31 d']);
  assert.equal(show(-600, seconds), '-10 min');
  assert.deepEqual([0, 512, 150_000_000].map((value) => show(value, { ...plain, unit: 'bytes' })), ['0 B', '512 B', '143 MiB']);
  assert.equal(show(0.99912, { ...plain, unit: 'percentunit', decimals: 2 }), '99.91 %');
  assert.equal(show(12.345, { ...plain, unit: 'reqps' }), '12.3/s');
  assert.equal(show(12_345, { ...plain, unit: 'short' }), '12.3 k');
  assert.equal(show(0, { ...plain, unit: 'bool' }), 'no');
  assert.equal(show(1, { unit: 'bool', decimals: null, words: { 1: { text: 'whole' } } }), 'whole');
  assert.equal(show(null, seconds), '–');
});

test('cumulative buckets become ranges, from below to above, and none below zero', () => {
  const lines = [{ name: '+Inf', values: [6, 9] }, { name: '0.5', values: [1, 3] }, { name: '1.0', values: [4, 2] }, { name: 'not a bound', values: [9, 9] }];
  assert.deepEqual(rangesOf({ lines, times: [1, 2] }), [{ upTo: 0.5, counts: [1, 3] }, { upTo: 1, counts: [3, 0] }, { upTo: Infinity, counts: [2, 7] }]);
});

test('what a label or a query holds is text on the page, and never markup', () => {
  const page = draw(dashboard);
  assert.doesNotMatch(page, /<\/script><script>alert|<img|<b>/);
  assert.match(page, /Queues &#60;b&#62;/);
  assert.match(page, /1 with a query that gave nothing/);
});

const skip = browserMissing();
let browser: Browser | undefined;
const folder = mkdtempSync(path.join(tmpdir(), 'drawn-'));
before(async () => {
  if (skip === false) browser = await openBrowser();
});
after(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true });
});

test('a page draws every kind of panel by itself: no request, no complaint, ink where there is data', { skip }, async () => {
  assert.ok(browser);
  const file = path.join(folder, 'seed.html');
  writeFileSync(file, draw(dashboard));
  const { page, complaints } = await openTab(browser, { viewport: { width: 1_200, height: 900 } });
  const requests: string[] = [];
  page.on('request', (request) => requests.push(request.url()));
  const address = pathToFileURL(file).href;
  await page.goto(address);
  await page.waitForSelector('body[data-drawn="6"]');
  assert.deepEqual(complaints, []);
  assert.deepEqual(requests, [address]);
  const inked = await page.evaluate(() =>
    [...document.querySelectorAll('canvas')].map((canvas) => {
      const pixels = canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data ?? new Uint8ClampedArray();
      return pixels.filter((value, index) => index % 4 === 3 && value > 0).length / (pixels.length / 4);
    }),
  );
  assert.equal(inked.length, 2, 'one canvas for the lines, one for the heatmap');
  for (const share of inked) assert.ok(share > 0.02, `only ${share} of a canvas is drawn`);
  const text = await page.locator('main').innerText();
  for (const seen of ['<img src=x>', '7 s', '• 1 traced', 'db: there', '1.1', 'nobody came']) assert.ok(text.includes(seen), `${seen} is not to be read`);
  // The last figure is past the step to red.
  assert.equal(await page.locator('.figure').evaluate((figure) => getComputedStyle(figure).backgroundColor), 'rgb(192, 57, 43)');
  const [first, second] = await page.locator('section').evaluateAll((sections) => sections.map((section) => section.getBoundingClientRect()).map(({ left, top, width }) => ({ left, top, width })));
  assert.ok(first && second && second.left > first.left + first.width - 1 && Math.abs(first.top - second.top) < 1, 'two panels of one line of the grid are not beside each other');
});
