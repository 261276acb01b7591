// The board's markup: the server draws all of it, the browser's client keeps it current.
// Tested by pages.test.ts: on the board.
import { html, type Html } from '#app/lib/html.ts';
import { movementText } from './assets/stock.ts';
import { type Moment, renderTime } from './item-card.ts';
import { type ListedItem, renderItems } from './item-list.ts';
import type { NamedMovement } from './item.ts';
import { type Notice, renderNotice } from './notices.ts';

export const LEVEL_FILTERS = ['ok', 'low', 'out', 'retired', 'all'] as const;
export type LevelFilter = (typeof LEVEL_FILTERS)[number];

export interface BoardView extends Moment {
  readonly position: number;
  readonly canMove: boolean;
  readonly canWrite: boolean;
  readonly counts: { readonly active: number; readonly units: number; readonly low: number; readonly out: number };
  readonly filter: { readonly q: string | undefined; readonly level: LevelFilter | undefined };
  readonly items: readonly ListedItem[];
  readonly cursor: string | undefined;
  readonly nextCursor: string | undefined;
  readonly feed: readonly NamedMovement[];
  readonly notice: Notice;
}

export function renderBoard(view: BoardView): Html {
  const { position, canMove, canWrite, counts, items } = view;
  return html`<div id="board" data-position="${position}" data-can-move="${canMove ? 'true' : 'false'}">
<div class="board-head"><h1>Board</h1>
<p id="live-status" role="status" data-state="static">Reload to update</p>
${canWrite && html`<a class="button" href="/items/new">New item</a>`}</div>
${renderNotice(view.notice)}
<dl class="tiles">${renderTile('active', 'Active items', counts.active)}${renderTile('units', 'Units in stock', counts.units)}${renderTile('low', 'Low', counts.low)}${renderTile('out', 'Out of stock', counts.out)}</dl>
<div class="board-columns">
<section aria-labelledby="items-title"><h2 id="items-title">Items</h2>
${renderFilter(view)}
${renderItems(items, { now: view.now, canMove, place: toQuery({ ...view.filter, cursor: view.cursor }) })}
${renderPaging(view)}</section>
<aside aria-labelledby="feed-title"><h2 id="feed-title">Recent movements</h2>
${renderFeed(view.feed, view)}</aside>
</div>
</div>`;
}

function renderTile(count: string, label: string, value: number): Html {
  return html`<div class="tile tile-${count}"><dt>${label}</dt><dd><output data-count="${count}">${value}</output></dd></div>`;
}

const LEVEL_TEXTS = { ok: 'In stock', low: 'Low', out: 'Out of stock', retired: 'Retired', all: 'All, retired too' } as const;

function renderFilter({ filter }: BoardView): Html {
  return html`<form class="filter" method="get" action="/" role="search" aria-label="Items">
<label><span>Name or SKU</span> <input type="search" name="q" maxlength="120" value="${filter.q ?? ''}"></label>
<label><span>Level</span> <select name="level"><option value="">All active</option>${LEVEL_FILTERS.map((level) => html`<option value="${level}"${level === filter.level && html` selected`}>${LEVEL_TEXTS[level]}</option>`)}</select></label>
<button class="button" type="submit">Filter</button>
${(filter.q !== undefined || filter.level !== undefined) && html`<a href="/">Show all</a>`}
</form>`;
}

function renderPaging({ filter, cursor, nextCursor }: BoardView): Html | false {
  if (cursor === undefined && nextCursor === undefined) return false;
  return html`<nav class="paging" aria-label="Pages of items">${cursor !== undefined && html`<a rel="first" href="/?${toQuery(filter)}">First page</a>`} ${nextCursor !== undefined && html`<a rel="next" href="/?${toQuery({ ...filter, cursor: nextCursor })}">Next page</a>`}</nav>`;
}

/** What is undefined is left out. */
export function toQuery(parameters: Readonly<Record<string, string | undefined>>): string {
  return new URLSearchParams(Object.entries(parameters).filter((entry): entry is [string, string] => entry[1] !== undefined)).toString();
}

function renderFeed(movements: readonly NamedMovement[], moment: Moment): Html {
  return html`<ol id="feed" class="feed" aria-live="polite">${movements.map((movement) => renderEntry(movement, moment))}</ol>
<template id="feed-template">${renderEntry(undefined, moment)}</template>`;
}

function renderEntry(movement: NamedMovement | undefined, moment: Moment): Html {
  return html`<li data-movement="${movement?.id}"><span data-field="who">${movement?.actor.name}</span> <span data-field="what">${movement && movementText(movement)}</span> <a data-field="item" href="/items/${movement?.sku}">${movement?.sku}</a> <span data-field="note">${movement?.note}</span> <span data-field="when">${movement && renderTime(movement.occurredAt, moment)}</span></li>`;
}
