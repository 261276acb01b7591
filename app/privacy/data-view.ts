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
<h2>What is kept now</h2>
${renderTable(kept, counts)}
<details><summary>What can be kept, and is not now or can’t be told to be yours</summary>
${renderTable(others)}</details>
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

/** `counts` where there is something to count. */
function renderTable(entries: Register, counts?: ReadonlyMap<string, number>): Html {
  return html`<div class="table-scroll" role="region" aria-label="${counts === undefined ? 'What can be kept' : 'What is kept'}" tabindex="0"><table>
<thead><tr><th scope="col">Why</th>${counts !== undefined && html`<th scope="col">Entries</th>`}<th scope="col">What</th><th scope="col">On what basis (GDPR, Article 6)</th><th scope="col">For how long</th><th scope="col">When you erase</th></tr></thead>
<tbody>${entries.map(({ table, purpose, basis, kept, columns, erasure }) => html`<tr><th scope="row">${purpose}</th>${counts !== undefined && html`<td>${counts.get(table)}</td>`}<td>${Object.values(columns).map(whatOf).join('; ')}</td><td>${basis}</td><td>${describeKept({ kept })}</td><td>${AFTERWARDS[erasure]}</td></tr>`)}</tbody>
</table></div>`;
}
