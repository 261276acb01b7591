// What a form did, told on the page that it leads back to. Only these sentences can be shown, whatever a link says.
// Tested by pages.test.ts: after each form.
import { html, type Html } from '#app/lib/html.ts';

const PROBLEMS: ReadonlyMap<string, string> = new Map([
  ['insufficient-stock', 'There is not that much in stock. Nothing was moved.'],
  ['quantity-limit', 'That is more than an item can hold. Nothing was moved.'],
  ['item-retired', 'This item is retired: it neither moves nor changes.'],
  ['stock-remains', 'There is stock left. Move it out before you retire the item.'],
  ['sku-taken', 'There is already an item with this SKU.'],
  ['precondition-failed', 'Someone changed or moved this item in the meantime. Nothing was saved: look at it as it is now, and try again.'],
]);
const DONE = {
  moved: 'Stock moved.',
  created: 'Item created. Move the first stock in when it arrives.',
  changed: 'Changes saved.',
  retired: 'Item retired. Its history stays.',
} as const;

export const DONE_CODES = ['moved', 'created', 'changed', 'retired'] as const satisfies readonly (keyof typeof DONE)[];

export interface Notice {
  readonly sku?: string | undefined;
  readonly done?: (typeof DONE_CODES)[number] | undefined;
  readonly problem?: string | undefined;
}

export function renderNotice({ sku, done, problem }: Notice): Html | undefined {
  const about = sku !== undefined && html`<strong>${sku}</strong>: `;
  if (problem !== undefined) return html`<p class="notice notice-error" role="alert">${about}${PROBLEMS.get(problem) ?? 'That did not work. Nothing was changed.'}</p>`;
  if (done !== undefined) return html`<p class="notice notice-success" role="status">${about}${DONE[done]}</p>`;
  return undefined;
}
