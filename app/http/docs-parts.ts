// Pieces of the documentation's page: a table with a caption, and plain prose.
// Tested by docs.test.ts: the page is made of them.
import { html, type Html } from '#app/lib/html.ts';

export function table(caption: string, heads: readonly string[], rows: readonly (readonly (Html | string | readonly Html[])[])[]): Html {
  return html`<div class="docs-table" role="region" aria-label="${caption}" tabindex="0"><table>
    <caption>${caption}</caption>
    <thead><tr>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
    <tbody>${rows.map((cells) => html`<tr>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>`)}</tbody>
  </table></div>`;
}

/** Paragraphs, lists and `code`, of Markdown; nothing else occurs in our descriptions. */
export function prose(text: string): Html[] {
  return text
    .split('\n\n')
    .filter((block) => block !== '')
    .map((block) => (block.startsWith('- ') ? html`<ul>${block.split('\n').map((line) => html`<li>${withCode(line.slice(2))}</li>`)}</ul>` : html`<p>${withCode(block)}</p>`));
}

function withCode(text: string): (Html | string)[] {
  return text.split('`').map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : part));
}
