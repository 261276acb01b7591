// Draws a dashboard's panels in the browser, with uPlot. It is put into the page as it is, types stripped: it imports types alone.
// Tested by dashboard-page.test.ts.
import type Chart from 'uplot';

export interface Drawing {
  readonly id: number;
  /** Grafana's name of the kind of panel. */
  readonly kind: string;
  readonly times: readonly number[];
  readonly lines: readonly { readonly name: string; readonly values: readonly (number | null)[] }[];
  readonly exemplars: readonly { readonly time: number; readonly value: number }[];
  readonly rows: readonly Readonly<Record<string, string>>[];
  readonly isSilent: boolean;
  readonly unit: string;
  readonly decimals: number | null;
  readonly least: number | null;
  readonly most: number | null;
  readonly steps: readonly { readonly color: string; readonly value: number | null }[];
  readonly marksSteps: boolean;
  readonly isStacked: boolean;
  readonly words: Readonly<Record<string, { readonly text: string; readonly color?: string | undefined }>>;
  readonly noValue: string;
}

/** Of the script before this one. */
declare const uPlot: typeof Chart;

const COLOURS = ['#2f6fdb', '#d9822b', '#2a9d6f', '#b5406b', '#7a55c7', '#6b8e23', '#0f8ea3', '#a0522d', '#5b6775', '#d14545'];
const NAMED: Readonly<Record<string, string>> = { red: '#c0392b', orange: '#c77700', green: '#2e8b57', blue: '#2f6fdb', text: '#46525f', transparent: '#00000000' };
const ROW_HEIGHT = 38;
const [KIBI, MINUTE, HOUR, DAY] = [1_024, 60, 3_600, 86_400];

/** In UTC, as on the dashboards. */
const clock = (seconds: number): string => new Date(seconds * 1_000).toISOString().slice(11, 19);

const colourOf = (index: number): string => COLOURS[index % COLOURS.length] ?? '#2f6fdb';

function figure(value: number, decimals: number | null, digits = 3): string {
  return decimals === null ? String(Number(value.toPrecision(digits))) : value.toFixed(decimals);
}

export function show(value: number | null | undefined, { unit, decimals, words }: Pick<Drawing, 'unit' | 'decimals' | 'words'>): string {
  if (value === null || value === undefined) return '–';
  const word = words[String(value)];
  if (word !== undefined) return word.text;
  switch (unit) {
    case 'percentunit': return `${figure(value * 100, decimals, 4)} %`;
    case 's': return showSeconds(value, decimals);
    case 'bytes': return showBytes(value);
    case 'reqps':
    case 'ops':
    case 'cps': return `${figure(value, decimals)}/s`;
    case 'bool': return value === 0 ? 'no' : 'yes';
    default: return Math.abs(value) >= 10_000 ? `${figure(value / 1_000, decimals)} k` : figure(value, decimals);
  }
}

function showSeconds(value: number, decimals: number | null): string {
  const size = Math.abs(value);
  if (size === 0) return '0 s';
  if (size < 0.001) return `${figure(value * 1e6, decimals)} µs`;
  if (size < 1) return `${figure(value * 1e3, decimals)} ms`;
  if (size < 2 * MINUTE) return `${figure(value, decimals)} s`;
  if (size < 2 * HOUR) return `${figure(value / MINUTE, decimals)} min`;
  return size < 2 * DAY ? `${figure(value / HOUR, decimals)} h` : `${figure(value / DAY, decimals)} d`;
}

function showBytes(value: number): string {
  const power = value === 0 ? 0 : Math.min(4, Math.floor(Math.log(Math.abs(value)) / Math.log(KIBI)));
  return `${figure(value / KIBI ** power, null)} ${['B', 'KiB', 'MiB', 'GiB', 'TiB'][power] ?? ''}`;
}

const lastOf = (values: readonly (number | null)[]): number | undefined => values.findLast((value) => value !== null) ?? undefined;

/** Steps are in order; the last that the value reaches gives the colour. */
function stepColour(value: number | undefined, steps: Drawing['steps']): string {
  if (value === undefined) return '#8794a1';
  const step = steps.findLast((one) => one.value === null || value >= one.value);
  return NAMED[step?.color ?? 'blue'] ?? '#2f6fdb';
}

function element<K extends keyof HTMLElementTagNameMap>(name: K, className: string, text = ''): HTMLElementTagNameMap[K] {
  const made = document.createElement(name);
  if (className !== '') made.className = className;
  made.textContent = text;
  return made;
}

function legend(drawing: Drawing, into: HTMLElement): void {
  const list = element('ul', 'legend');
  for (const [index, { name, values }] of drawing.lines.entries()) {
    const item = element('li', '');
    const sign = element('i', '');
    sign.style.background = colourOf(index);
    item.append(sign, `${name} `, element('b', '', show(lastOf(values), drawing)));
    list.append(item);
  }
  if (drawing.exemplars.length > 0) list.append(element('li', '', `• ${drawing.exemplars.length} traced`));
  into.append(list);
}

function drawLines(drawing: Drawing, into: HTMLElement, width: number, height: number): void {
  const { times, lines, exemplars, isStacked, marksSteps, steps, least, most } = drawing;
  const sums = times.map(() => 0);
  const values = lines.map((line) => line.values.map((value, index) => {
    if (!isStacked || value === null) return value;
    sums[index] = (sums[index] ?? 0) + value;
    return sums[index] ?? null;
  }));
  const bounds = marksSteps ? steps.flatMap(({ color, value }) => (value === null || color === 'transparent' ? [] : [{ value, colour: NAMED[color] ?? '#c0392b' }])) : [];
  const colours = [...lines.map((_, index) => colourOf(index)), ...bounds.map(({ colour }) => colour)];
  const data = [...values, ...bounds.map(({ value }) => times.map(() => value))];
  // The sum lies behind its parts.
  const order = isStacked ? data.map((_, index) => index).sort((a, b) => (a >= lines.length ? 1 : b >= lines.length ? -1 : b - a)) : data.map((_, index) => index);
  new uPlot(
    {
      width,
      height,
      legend: { show: false },
      cursor: { show: false },
      hooks: { draw: [(plot) => { markExemplars(plot, exemplars); }] },
      scales: { x: { time: true }, y: { range: (_, lowest, highest) => [least ?? Math.min(lowest, 0), most ?? (highest > (least ?? 0) ? highest * 1.08 : (least ?? 0) + 1)] } },
      axes: [{ size: 26, space: 76, stroke: '#5b6775', grid: { stroke: '#eef1f4' }, values: (_, splits) => splits.map(clock) }, { size: 76, stroke: '#5b6775', grid: { stroke: '#eef1f4' }, values: (_, splits) => splits.map((split) => show(split, { ...drawing, decimals: null, words: {} })) }],
      series: [{}, ...order.map((index) => ({ stroke: colours[index] ?? '', width: 1.5, ...(index >= lines.length ? { dash: [6, 4] } : { fill: `${colours[index] ?? ''}${isStacked ? '55' : '14'}` }), points: { show: false }, spanGaps: false }))],
    },
    [[...times], ...order.map((index) => data[index] ?? [])],
    into,
  );
  legend(drawing, into);
}

/** Points where Grafana has them: each is a request whose trace was kept. */
function markExemplars(plot: Chart, exemplars: Drawing['exemplars']): void {
  const { ctx, bbox } = plot;
  ctx.fillStyle = '#7a55c7';
  for (const { time, value } of exemplars) {
    const [x, y] = [plot.valToPos(time, 'x', true), plot.valToPos(value, 'y', true)];
    if (x < bbox.left || x > bbox.left + bbox.width || y < bbox.top || y > bbox.top + bbox.height) continue;
    ctx.beginPath();
    ctx.arc(x, y, 2.5, 0, 2 * Math.PI);
    ctx.fill();
  }
}

const NUMBER = /^\+?(?:Inf|\d)/;

/** Cumulative counts of buckets as counts of each range, from below to above. */
export function rangesOf({ lines, times }: Pick<Drawing, 'lines' | 'times'>): readonly { readonly upTo: number; readonly counts: readonly number[] }[] {
  const bounds = lines
    .filter(({ name }) => NUMBER.test(name))
    .map(({ name, values }) => ({ upTo: name.includes('Inf') ? Infinity : Number(name), values }))
    .sort((a, b) => a.upTo - b.upTo);
  return bounds.map(({ upTo, values }, index) => ({ upTo, counts: times.map((_, time) => Math.max(0, (values[time] ?? 0) - (bounds[index - 1]?.values[time] ?? 0))) }));
}

function drawHeatmap(drawing: Drawing, into: HTMLElement, width: number, height: number): void {
  const ranges = rangesOf(drawing);
  const canvas = element('canvas', '');
  [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext('2d');
  if (context === null) return;
  const most = Math.max(1e-9, ...ranges.flatMap(({ counts }) => counts));
  const [left, bottom] = [76, 22];
  const [cellWidth, cellHeight] = [(width - left) / drawing.times.length, (height - bottom) / ranges.length];
  context.font = '10px system-ui, sans-serif';
  for (const [row, { upTo, counts }] of ranges.entries()) {
    const top = height - bottom - (row + 1) * cellHeight;
    for (const [column, count] of counts.entries()) {
      if (count === 0) continue;
      // The root keeps what is rare in sight.
      context.fillStyle = `rgba(24, 78, 160, ${(0.12 + 0.88 * Math.sqrt(count / most)).toFixed(3)})`;
      context.fillRect(left + column * cellWidth, top, Math.ceil(cellWidth), Math.ceil(cellHeight) - 1);
    }
    context.fillStyle = '#5b6775';
    if (cellHeight >= 11 || row % 2 === 0) context.fillText(upTo === Infinity ? 'above' : `≤ ${show(upTo, { ...drawing, words: {} })}`, 2, top + cellHeight / 2 + 3);
  }
  for (const share of [0, 0.5, 1]) {
    const time = drawing.times[Math.round(share * (drawing.times.length - 1))] ?? 0;
    context.fillText(clock(time), left + share * (width - left - 48), height - 6);
  }
  into.append(canvas);
}

function drawFigures(drawing: Drawing, into: HTMLElement): void {
  const figures = element('div', 'figures');
  for (const { name, values } of drawing.lines) {
    const value = lastOf(values);
    const box = element('div', 'figure');
    const word = value === undefined ? undefined : drawing.words[String(value)];
    box.style.background = word?.color === undefined ? stepColour(value, drawing.steps) : (NAMED[word.color] ?? '#46525f');
    box.append(element('b', '', value === undefined ? drawing.noValue : show(value, drawing)));
    if (drawing.lines.length > 1 || !/=/.test(name)) box.append(element('span', '', name));
    figures.append(box);
  }
  into.append(figures);
}

function drawStates(drawing: Drawing, into: HTMLElement): void {
  for (const { name, values } of drawing.lines) {
    // What is there no longer has no state.
    const last = values.at(-1);
    into.append(element('div', '', last === null || last === undefined ? name : `${name}: ${show(last, drawing)}`));
    const track = element('div', 'track');
    for (const value of values) {
      const cell = element('i', '');
      const word = value === null ? undefined : drawing.words[String(value)];
      cell.style.background = value === null ? '#e6eaee' : (NAMED[word?.color ?? 'text'] ?? '#46525f');
      track.append(cell);
    }
    into.append(track);
  }
}

function drawTable(drawing: Drawing, into: HTMLElement): void {
  const columns = [...new Set(drawing.rows.flatMap((row) => Object.keys(row)))];
  const table = element('table', '');
  const head = element('tr', '');
  head.append(...columns.map((column) => element('th', '', column)));
  table.append(head);
  for (const row of drawing.rows) {
    const line = element('tr', '');
    line.append(...columns.map((column) => element('td', '', row[column] ?? '')));
    table.append(line);
  }
  into.append(table);
}

function draw(drawing: Drawing, into: HTMLElement): void {
  if (drawing.lines.length + drawing.rows.length === 0) {
    into.append(element('div', 'silent', drawing.noValue));
    return;
  }
  const [width, height] = [into.clientWidth, Math.max(70, into.clientHeight - (drawing.kind === 'timeseries' ? 26 : 4))];
  if (drawing.kind === 'timeseries') drawLines(drawing, into, width, height);
  else if (drawing.kind === 'heatmap') drawHeatmap(drawing, into, width, height);
  else if (drawing.kind === 'state-timeline') drawStates(drawing, into);
  else if (drawing.kind === 'table') drawTable(drawing, into);
  else drawFigures(drawing, into);
}

/** The whole page; called once, at its end. */
export function drawAll(): void {
  for (const placed of document.querySelectorAll<HTMLElement>('[data-place]')) {
    const [x = 0, y = 0, w = 24, h = 1] = (placed.dataset['place'] ?? '').split(' ').map(Number);
    placed.style.gridColumn = `${x + 1} / span ${w}`;
    placed.style.gridRow = `${y + 1} / span ${h}`;
    if (placed.tagName === 'SECTION') placed.style.minHeight = `${h * ROW_HEIGHT}px`;
  }
  const drawings = JSON.parse(document.getElementById('drawings')?.textContent ?? '[]') as readonly Drawing[];
  for (const drawing of drawings) {
    const into = document.querySelector<HTMLElement>(`[data-panel="${drawing.id}"] .drawing`);
    if (into !== null) draw(drawing, into);
  }
  document.body.dataset['drawn'] = String(drawings.length);
}
