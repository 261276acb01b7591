// A dashboard as one page that needs nothing else, drawn from what Prometheus answered: what Grafana shows, for who has none at hand.
// Tested by dashboard-page.test.ts.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire, stripTypeScriptTypes } from 'node:module';
import path from 'node:path';
import { html, Markup } from '../gates/report-text.ts';
import type { Dashboard, Panel } from './dashboard.ts';
import type { Answer } from './panel-answers.ts';
import type { Drawing } from './panel-drawing.ts';

const chart = path.dirname(createRequire(import.meta.url).resolve('uplot'));
const LIBRARY = readFileSync(path.join(chart, 'uPlot.iife.min.js'), 'utf8');
const LIBRARY_STYLE = readFileSync(path.join(chart, 'uPlot.min.css'), 'utf8');
const SCRIPT = `${stripTypeScriptTypes(readFileSync(path.join(import.meta.dirname, 'panel-drawing.ts'), 'utf8')).replaceAll(/^export /gm, '')}\ndrawAll();\n`;
const STYLE = readFileSync(path.join(import.meta.dirname, 'dashboard-page.css'), 'utf8');

const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** In a script no `</script>`, and none of the two line ends that JSON allows and JavaScript once did not. */
const inScript = (value: unknown): Markup => new Markup(JSON.stringify(value).replaceAll('<', '\\u003c').replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029'));

export function dashboardPage(dashboard: Dashboard, answers: readonly Answer[], drawnAt: Date): string {
  const drawings = answers.map(drawingOf);
  const policy = `default-src 'none'; script-src ${hashOf(LIBRARY)} ${hashOf(SCRIPT)}; style-src ${hashOf(LIBRARY_STYLE)} ${hashOf(STYLE)}`;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>${dashboard.title}</title>
<style>${new Markup(LIBRARY_STYLE)}</style>
<style>${new Markup(STYLE)}</style>
</head>
<body>
<header>
<h1>${dashboard.title}</h1>
<p>${dashboard.description} Drawn ${drawnAt.toISOString().slice(0, 19).replace('T', ' ')} UTC, ${answers.length} panels${silence(answers)}.</p>
</header>
<main>
${dashboard.panels.map((panel) => (panel.type === 'row' ? row(panel) : card(panel, answers)))}
</main>
<script type="application/json" id="drawings">${inScript(drawings)}</script>
<script>${new Markup(LIBRARY)}</script>
<script>${new Markup(SCRIPT)}</script>
</body>
</html>
`.text;
}

function silence(answers: readonly Answer[]): string {
  const count = answers.filter(({ silent }) => silent.length > 0).length;
  return count === 0 ? ', each with data' : `, ${count} with a query that gave nothing`;
}

const place = ({ x, y, w, h }: Panel['gridPos']): string => [x, y, w, h].join(' ');

function row({ title = '', gridPos }: Panel): Markup {
  return html`<h2 data-place="${place(gridPos)}">${title}</h2>`;
}

function card(panel: Panel, answers: readonly Answer[]): Markup {
  const answer = answers.find((one) => one.panel === panel);
  return html`<section data-place="${place(panel.gridPos)}" data-panel="${panel.id}" class="${panel.type}">
<h3>${panel.title}</h3>
<p>${panel.description}</p>
<div class="drawing">${answer === undefined ? 'not asked: no query of Prometheus' : ''}</div>
${answer === undefined ? '' : html`<details><summary>${answer.queries.length === 1 ? 'query' : `${answer.queries.length} queries`}</summary><pre>${answer.queries.join('\n\n')}</pre></details>`}
</section>
`;
}

function drawingOf({ panel, times, lines, exemplars, rows, silent }: Answer): Drawing {
  const { unit = 'none', decimals, min, max, thresholds, mappings, noValue, custom } = panel.fieldConfig?.defaults ?? {};
  return {
    id: panel.id,
    kind: panel.type,
    times,
    lines,
    exemplars,
    rows,
    isSilent: silent.length > 0,
    unit: panel.options?.yAxis?.unit ?? unit,
    decimals: decimals ?? null,
    least: min ?? null,
    most: max ?? null,
    steps: thresholds?.steps ?? [],
    marksSteps: custom?.thresholdsStyle !== undefined,
    isStacked: custom?.stacking?.mode === 'normal',
    words: Object.assign({}, ...(mappings ?? []).map(({ options }) => options)) as Drawing['words'],
    noValue: noValue ?? 'no data',
  };
}
