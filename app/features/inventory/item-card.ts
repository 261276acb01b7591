// The parts that the board and the item page show an item with; the browser's client fills the same markup.
// Tested by pages.test.ts: on the pages that show them.
import { randomUUID } from 'node:crypto';
import { html, type Html } from '#app/lib/html.ts';
import { sparklinePath, sparklineText } from './assets/sparkline.ts';
import { levelOf, levelText, meterMax, movementText, relativeTime } from './assets/stock.ts';
import { type Item, MAX_QUANTITY, type NamedMovement, REASONS } from './item.ts';

export interface Moment {
  readonly now: Date;
}

const REASON_TEXTS = { received: 'Received', sold: 'Sold', returned: 'Returned', damaged: 'Damaged', count: 'Count' } as const;

/** The quantity after each movement, oldest first; without any, the one that is. */
export function historyOf(item: Item, movements: readonly NamedMovement[]): readonly number[] {
  const quantities = movements.map((movement) => movement.quantityAfter);
  return quantities.length === 0 ? [item.quantity] : quantities;
}

export function renderLevel(item: Item): Html {
  const level = levelOf(item);
  return html`<span class="badge badge-${level}" data-field="level">${levelText(level)}</span>`;
}

export function renderMeter(item: Item): Html {
  const max = meterMax(item);
  return html`<meter data-field="meter" min="0" max="${max}" low="${Math.min(max, item.reorderLevel + 1)}" high="${max}" optimum="${max}" value="${item.quantity}" aria-label="Stock against the reorder level ${item.reorderLevel}">${item.quantity}</meter>`;
}

export function renderSparkline(values: readonly number[], size: { readonly width: number; readonly height: number }): Html {
  const { width, height } = size;
  return html`<svg class="sparkline" data-field="sparkline" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" preserveAspectRatio="none" role="img"><title>${sparklineText(values)}</title><path d="${sparklinePath(values, width, height)}"/></svg>`;
}

export function renderTime(time: Date, { now }: Moment): Html {
  const text = time.toISOString();
  return html`<time datetime="${text}" title="${`${text.slice(0, 16).replace('T', ' ')} UTC`}">${relativeTime(time, now)}</time>`;
}

export function renderLast(movement: NamedMovement | undefined, moment: Moment): Html {
  if (movement === undefined) return html`<p class="item-last" data-field="last">No movement yet</p>`;
  return html`<p class="item-last" data-field="last">${movement.actor.name} ${movementText(movement)}${movement.note !== undefined && html` (${movement.note})`}, ${renderTime(movement.occurredAt, moment)}</p>`;
}

/** `back` is where the form leads back to: the item's page, or what of the board is shown. A key of its own for each form makes a double click run once. */
export function renderMoveForm(sku: string, back: { readonly page: 'item' } | { readonly place: string }): Html {
  return html`<form class="move" data-sku="${sku}" method="post" action="/items/${sku}/movements" aria-label="Move stock of ${sku}">
<label><span>Change</span> <input name="delta" type="number" step="1" min="-${MAX_QUANTITY}" max="${MAX_QUANTITY}" required placeholder="±" inputmode="text" autocomplete="off"></label>
<label><span>Reason</span> <select name="reason">${REASONS.map((reason) => html`<option value="${reason}">${REASON_TEXTS[reason]}</option>`)}</select></label>
<label class="move-note"><span>Note <small>(optional)</small></span> <input name="note" maxlength="200" autocomplete="off"></label>
<input type="hidden" name="idempotencyKey" value="${randomUUID()}">
${'page' in back ? html`<input type="hidden" name="page" value="item">` : back.place !== '' && html`<input type="hidden" name="place" value="${back.place}">`}
<button class="button" type="submit">Move<span class="visually-hidden"> stock of ${sku}</span></button>
<p class="form-message" role="status"></p>
</form>`;
}
