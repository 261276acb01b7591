// The board's list of items, and the template that the browser's client clones for a new one.
// Tested by pages.test.ts: on the board.
import { html, type Html } from '#app/lib/html.ts';
import { levelOf } from './assets/stock.ts';
import { historyOf, type Moment, renderLast, renderLevel, renderMeter, renderMoveForm, renderSparkline } from './item-card.ts';
import type { Item, NamedMovement } from './item.ts';

export interface ListedItem {
  readonly item: Item;
  /** The latest, oldest first. */
  readonly movements: readonly NamedMovement[];
}

export interface ListOptions extends Moment {
  readonly canMove: boolean;
  /** What of the board is shown, as its query. */
  readonly place: string;
}

const SPARKLINE = { width: 160, height: 40 };

export function renderItems(items: readonly ListedItem[], options: ListOptions): Html {
  const list = items.map((listed) => renderCard(listed, options));
  return html`<ul id="items" class="items">${list}</ul>
${items.length === 0 && html`<p class="empty" id="no-items">No items match.</p>`}
<template id="item-template">${renderCard({ item: BLANK, movements: [] }, options)}</template>`;
}

function renderCard({ item, movements }: ListedItem, options: ListOptions): Html {
  const history = historyOf(item, movements);
  const { sku } = item;
  return html`<li id="item-${sku}" class="item card" data-sku="${sku}" data-version="${item.version}" data-level="${levelOf(item)}" data-history="${history.join(',')}">
<div class="item-head"><h3><a href="/items/${sku}" data-field="name">${item.name}</a></h3> ${renderLevel(item)}</div>
<p class="item-place"><code data-field="sku">${sku}</code> <span data-field="location">${item.location}</span></p>
<div class="item-stock"><p class="item-quantity"><strong data-field="quantity">${item.quantity}</strong> <span data-field="unit">${item.unit}</span></p>
${renderSparkline(history, SPARKLINE)}</div>
${renderMeter(item)}
<p class="item-reorder">Reorder at <span data-field="reorderLevel">${item.reorderLevel}</span></p>
${renderLast(movements.at(-1), options)}
${options.canMove && item.status === 'active' && renderMoveForm(sku, options)}
</li>`;
}

const BLANK: Item = {
  sku: '',
  name: '',
  location: '',
  unit: '',
  quantity: 0,
  reorderLevel: 0,
  status: 'active',
  sensitivity: 'normal',
  version: 0,
  createdAt: new Date(0),
  updatedAt: new Date(0),
};
