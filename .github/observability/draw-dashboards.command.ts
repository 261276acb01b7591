// `npm run dashboards -- --prometheus http://127.0.0.1:9090 --out FOLDER`: each dashboard as a page, and as a picture where there is a Chromium,
// drawn from live answers; `--minutes 15`, `--scrape 15` (seconds). A query without data fails; with `--rules` also what a rule reads.
import path from 'node:path';
import { parseArgs } from 'node:util';
import { formatRows } from '#app/testing/report.ts';
import { readTree } from '../rules/tree.ts';
import { readRules } from './catalogue.ts';
import { readDashboards } from './dashboard.ts';
import { drawDashboards, rowOf, TABLE_HEAD } from './draw-dashboards.ts';
import { silentRules } from './rule-answers.ts';

const { values } = parseArgs({ options: { prometheus: { type: 'string', default: 'http://127.0.0.1:9090' }, out: { type: 'string', default: '.data/dashboards' }, minutes: { type: 'string', default: '15' }, scrape: { type: 'string', default: '15' }, rules: { type: 'boolean', default: false } } });
const POINTS = 180;

const [minutes, scrape] = [Number(values.minutes), Number(values.scrape)];
const step = Math.max(1, Math.ceil((minutes * 60) / POINTS));
const to = Math.floor(Date.now() / 1_000);
const window = { origin: values.prometheus, from: to - minutes * 60, to, step, scrape };
const tree = readTree(path.resolve(import.meta.dirname, '../..'));

const { drawn, noPictures } = await drawDashboards(readDashboards(tree), window, values.out);
if (noPictures !== undefined) console.log(`pictures    not run: ${noPictures}`);
console.log(formatRows([TABLE_HEAD, ...drawn.map(rowOf)]));
const silent = drawn.flatMap((one) => one.silent.map((query) => `${one.dashboard}: ${query}`));
if (values.rules) {
  const rules = readRules(tree);
  const mute = await silentRules(rules, window);
  console.log(`rules       ${rules.length - mute.length} of ${rules.length} read only what is there`);
  silent.push(...mute.map(({ file, name, reads }) => `${file}: ${name}\n    ${reads.join('\n    ')}`));
}
for (const one of silent) console.error(`✖ no data: ${one}`);
if (silent.length > 0) process.exitCode = 1;
