// The page on which a person sees what is kept about them, takes it along, and has it erased.
// Tested by privacy-feature.test.ts, and privacy.browser.test.ts: in a browser.
import { html, type Html } from '#app/lib/html.ts';
import { describeKept, whatOf } from '#app/privacy/personal-rows.ts';
import type { Register } from '#app/privacy/register.ts';

export interface DataPage {
  readonly register: Register;
  /** How many rows of each table are the person's. */
  readonly counts: ReadonlyMap<string, number>;
}

const AFTERWARDS = { delete: 'goes', unlink: 'stays, without you', blank: 'stays, without your name', expires: 'goes by itself' } as const;

export function renderData({ register, counts }: DataPage): Html {
  const kept = register.filter(({ table }) => (counts.get(table) ?? 0) > 0);
  const others = register.filter(({ table }) => (counts.get(table) ?? 0) === 0);
  return html`<h1>Your data</h1>
<p>What this service keeps about you, why, and for how long. Your organisation is responsible for it, and answers your questions.</p>
<form method="post" action="/account/data/export"><button class="button" type="submit" name="all" value="export">Download everything (JSON)</button></form>
<section aria-labelledby="kept-title"><h2 id="kept-title">What is kept now</h2>
<ul class="cards">${kept.map((entry) => renderEntry(entry, counts.get(entry.table)))}</ul>
<details><summary>What can be kept, and is not now or can’t be told to be yours</summary>
<ul class="cards">${others.map((entry) => renderEntry(entry, undefined))}</ul></details></section>
<section aria-labelledby="erase-title"><h2 id="erase-title">Erase it</h2>
<p>You are signed out everywhere. Your name, and what only you need, is removed; what has to stay, such as the record of what was changed, leads to nobody any more. It can’t be undone. If your organisation lets you sign in again, you are somebody new here.</p>
<form class="stack" method="post" action="/account/data/erase">
<label><input type="checkbox" name="sure" value="erase" required> <span>Erase everything that is kept about me</span></label>
<button class="button button-danger" type="submit">Erase</button>
</form></section>`;
}

export function renderErased(): Html {
  return html`<h1>It is erased</h1><p>Nothing here leads to you any more, and you are signed out everywhere. What backups hold of you can’t be read without the key that is gone.</p>`;
}

function renderEntry({ purpose, basis, kept, columns, erasure }: Register[number], count: number | undefined): Html {
  return html`<li class="card"><h3>${purpose}${count !== undefined && html` <span class="badge">${count === 1 ? '1 entry' : `${count} entries`}</span>`}</h3>
<dl class="facts">
<dt>What</dt><dd>${Object.values(columns).map(whatOf).join('; ')}</dd>
<dt>On what basis</dt><dd>${basis} (GDPR, Article 6)</dd>
<dt>For how long</dt><dd>${describeKept({ kept })}</dd>
<dt>When you erase</dt><dd>${AFTERWARDS[erasure]}</dd>
</dl></li>`;
}
