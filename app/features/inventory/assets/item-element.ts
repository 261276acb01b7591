// One item on the board, brought up to date in place.
// Tested by ../board.browser.test.ts: in a browser.
import type { BoardEvent, BoardItem } from './board-event.ts';
import { HISTORY_LENGTH, sparklinePath, sparklineText } from './sparkline.ts';
import { levelOf, type Level, levelText, meterMax, movementText, relativeTime } from './stock.ts';

export function fieldOf(element: ParentNode, name: string): Element | null {
  return element.querySelector(`[data-field="${name}"]`);
}

export function findItem(sku: string): HTMLElement | null {
  return document.getElementById(`item-${sku}`);
}

export function levelShown(element: HTMLElement): Level {
  return element.dataset['level'] as Level;
}

/** False when the page already shows this version or a later one. */
export function showItem(element: HTMLElement, { item, movement }: BoardEvent): boolean {
  if (Number(element.dataset['version']) >= item.version) return false;
  const level = levelOf(item);
  element.dataset['version'] = String(item.version);
  element.dataset['level'] = level;
  setText(element, 'name', item.name);
  setText(element, 'location', item.location);
  setText(element, 'quantity', String(item.quantity));
  setText(element, 'unit', item.unit);
  setText(element, 'reorderLevel', String(item.reorderLevel));
  showLevel(element, level);
  showMeter(element, item);
  if (movement !== undefined) {
    showHistory(element, item.quantity);
    fieldOf(element, 'last')?.replaceChildren(`${movement.actor.name} ${movementText(movement)}${movement.note === undefined ? '' : ` (${movement.note})`}, `, timeElement(movement.occurredAt));
  }
  if (level === 'retired') element.querySelector('form.move')?.remove();
  element.classList.remove('changed');
  // Reading the layout between the two makes the animation start anew.
  element.getBoundingClientRect();
  element.classList.add('changed');
  return true;
}

/** A new item from the page's own template; undefined where there is none. */
export function createItemElement({ sku }: BoardItem): HTMLElement | undefined {
  const template = document.querySelector<HTMLTemplateElement>('#item-template');
  const element = template?.content.firstElementChild?.cloneNode(true);
  if (!(element instanceof HTMLElement)) return undefined;
  element.id = `item-${sku}`;
  element.dataset['sku'] = sku;
  element.dataset['version'] = '0';
  element.dataset['history'] = '';
  setText(element, 'sku', sku);
  for (const link of element.querySelectorAll('a')) link.href = `/items/${sku}`;
  const form = element.querySelector<HTMLFormElement>('form.move');
  if (form !== null) {
    form.dataset['sku'] = sku;
    form.action = `/items/${sku}/movements`;
    form.setAttribute('aria-label', `Move stock of ${sku}`);
    const key = form.elements.namedItem('idempotencyKey');
    if (key instanceof HTMLInputElement) key.value = crypto.randomUUID();
    const spoken = form.querySelector('button .visually-hidden');
    if (spoken !== null) spoken.textContent = ` stock of ${sku}`;
  }
  return element;
}

export function timeElement(occurredAt: string): HTMLTimeElement {
  const time = document.createElement('time');
  time.dateTime = occurredAt;
  time.title = `${occurredAt.slice(0, 16).replace('T', ' ')} UTC`;
  time.textContent = relativeTime(new Date(occurredAt), new Date());
  return time;
}

function showLevel(element: HTMLElement, level: Level): void {
  const badge = fieldOf(element, 'level');
  if (badge === null) return;
  badge.className = `badge badge-${level}`;
  badge.textContent = levelText(level);
}

function showMeter(element: HTMLElement, item: BoardItem): void {
  const meter = fieldOf(element, 'meter');
  if (!(meter instanceof HTMLMeterElement)) return;
  const max = meterMax(item);
  meter.max = max;
  meter.low = Math.min(max, item.reorderLevel + 1);
  meter.high = max;
  meter.optimum = max;
  meter.value = item.quantity;
  meter.textContent = String(item.quantity);
  meter.setAttribute('aria-label', `Stock against the reorder level ${item.reorderLevel}`);
}

function showHistory(element: HTMLElement, quantity: number): void {
  const before = (element.dataset['history'] ?? '').split(',').filter((text) => text !== '').map(Number);
  const history = [...before, quantity].slice(-HISTORY_LENGTH);
  element.dataset['history'] = history.join(',');
  const svg = fieldOf(element, 'sparkline');
  if (!(svg instanceof SVGSVGElement)) return;
  const { width, height } = svg.viewBox.baseVal;
  svg.querySelector('path')?.setAttribute('d', sparklinePath(history, width, height));
  const title = svg.querySelector('title');
  if (title !== null) title.textContent = sparklineText(history);
}

function setText(element: ParentNode, name: string, text: string): void {
  const field = fieldOf(element, name);
  if (field !== null) field.textContent = text;
}
