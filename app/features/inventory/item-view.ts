// The markup of an item's own page, and of the form that begins an item.
// Tested by pages.test.ts: on these pages.
import { randomUUID } from 'node:crypto';
import { html, type Html } from '#app/lib/html.ts';
import { levelOf, movementText } from './assets/stock.ts';
import { historyOf, type Moment, renderLast, renderLevel, renderMeter, renderMoveForm, renderSparkline, renderTime } from './item-card.ts';
import { type Item, MAX_QUANTITY, type NamedMovement } from './item.ts';
import { type Notice, renderNotice } from './notices.ts';

const CHART = { width: 640, height: 160 };

export interface ItemView extends Moment {
  readonly item: Item;
  /** The latest, oldest first. */
  readonly latest: readonly NamedMovement[];
  /** A page of the ledger, newest first. */
  readonly history: readonly NamedMovement[];
  readonly nextCursor: string | undefined;
  readonly firstPage: boolean;
  readonly canMove: boolean;
  readonly canWrite: boolean;
  readonly notice: Notice;
}

export function renderItem(view: ItemView): Html {
  const { item, latest, canMove, canWrite } = view;
  const active = item.status === 'active';
  const history = historyOf(item, latest);
  return html`<article id="item-${item.sku}" class="item-page" data-sku="${item.sku}" data-version="${item.version}" data-level="${levelOf(item)}">
<p class="back"><a href="/">Back to the board</a></p>
<div class="item-head"><h1>${item.name}</h1> ${renderLevel(item)}${item.sensitivity === 'restricted' && html` <span class="badge badge-retired">Restricted</span>`}</div>
${renderNotice(view.notice)}
<div class="item-columns"><section class="card" aria-label="Stock">
<p class="item-quantity"><strong data-field="quantity">${item.quantity}</strong> <span>${item.unit}</span></p>
${renderMeter(item)}
${renderSparkline(history, CHART)}
${renderLast(latest.at(-1), view)}
</section>
<section class="card" aria-label="Details"><dl class="details"><dt>SKU</dt><dd><code>${item.sku}</code></dd><dt>Location</dt><dd>${item.location}</dd><dt>Unit</dt><dd>${item.unit}</dd><dt>Reorder at</dt><dd>${item.reorderLevel}</dd><dt>Since</dt><dd>${renderTime(item.createdAt, view)}</dd><dt>Changed</dt><dd>${renderTime(item.updatedAt, view)}</dd></dl></section>
${canMove && active && html`<section class="card"><h2>Move stock</h2>${renderMoveForm(item.sku, { page: 'item' })}</section>`}
</div>
${renderHistory(view)}
${canWrite && active && html`<section class="card"><h2>Change</h2>${renderChangeForm(item)}${renderRetireForm(item)}</section>`}
</article>`;
}

function renderChangeForm(item: Item): Html {
  return html`<form class="stack" method="post" action="/items/${item.sku}/changes">
${renderFields(item)}
<input type="hidden" name="version" value="${item.version}">
<input type="hidden" name="idempotencyKey" value="${randomUUID()}">
<button class="button" type="submit">Save changes</button>
</form>`;
}

function renderRetireForm(item: Item): Html {
  if (item.quantity > 0) return html`<p class="hint">An item can be retired when its stock is 0.</p>`;
  return html`<form class="stack" method="post" action="/items/${item.sku}/retirement">
<input type="hidden" name="version" value="${item.version}">
<input type="hidden" name="idempotencyKey" value="${randomUUID()}">
<button class="button button-quiet" type="submit">Retire ${item.sku}</button>
</form>`;
}

export function renderNewItem(notice: Notice): Html {
  return html`<div class="item-page"><p class="back"><a href="/">Back to the board</a></p><h1>New item</h1>
${renderNotice(notice)}
<form class="card stack" method="post" action="/items">
<label><span>SKU</span> <input name="sku" required maxlength="32" pattern="[A-Z0-9][A-Z0-9\\-]*" aria-describedby="sku-hint" autocomplete="off" autocapitalize="characters"></label>
<p class="hint" id="sku-hint">Capital letters, digits and hyphens, for example BOLT-M8-40.</p>
${renderFields({ name: '', location: '', unit: 'piece', reorderLevel: 0 })}
<label><input name="sensitivity" type="checkbox" value="restricted"> <span>Restricted: only managers and auditors know of it</span></label>
<input type="hidden" name="idempotencyKey" value="${randomUUID()}">
<button class="button" type="submit">Create item</button>
</form></div>`;
}

function renderFields(item: Pick<Item, 'name' | 'location' | 'unit' | 'reorderLevel'>): Html {
  return html`<label><span>Name</span> <input name="name" required maxlength="120" value="${item.name}" autocomplete="off"></label>
<label><span>Location</span> <input name="location" required maxlength="80" value="${item.location}" autocomplete="off"></label>
<label><span>Unit</span> <input name="unit" required maxlength="20" value="${item.unit}" autocomplete="off"></label>
<label><span>Reorder at</span> <input name="reorderLevel" type="number" required min="0" max="${MAX_QUANTITY}" step="1" value="${item.reorderLevel}"></label>`;
}

function renderHistory({ item, history, nextCursor, firstPage, now }: ItemView): Html {
  return html`<section aria-labelledby="history-title"><h2 id="history-title">History</h2>
${history.length === 0 ? html`<p class="empty">No movement yet.</p>` : html`<div class="table-scroll" role="region" aria-labelledby="history-title" tabindex="0"><table>
<thead><tr><th scope="col">When</th><th scope="col">Who</th><th scope="col">What</th><th scope="col" class="number">Change</th><th scope="col" class="number">In stock after</th><th scope="col">Note</th></tr></thead>
<tbody>${history.map((movement) => html`<tr><td>${renderTime(movement.occurredAt, { now })}</td><td>${movement.actor.name}</td><td>${movementText(movement)}</td><td class="number">${movement.delta > 0 ? '+' : '−'}${Math.abs(movement.delta)}</td><td class="number">${movement.quantityAfter}</td><td>${movement.note}</td></tr>`)}</tbody>
</table></div>`}
<nav class="paging" aria-label="Pages of the history">${!firstPage && html`<a rel="first" href="/items/${item.sku}">Newest</a>`} ${nextCursor !== undefined && html`<a rel="next" href="/items/${item.sku}?cursor=${nextCursor}">Older</a>`}</nav>
</section>`;
}
