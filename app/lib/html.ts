// HTML that is escaped by construction: only what went through `html` is markup (CWE-79).
const markup = Symbol('markup');

export interface Html {
  readonly [markup]: string;
}

export type HtmlValue = Html | string | number | false | null | undefined | readonly HtmlValue[];

const escapes: ReadonlyMap<string, string> = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  ["'", '&#39;'],
]);

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => escapes.get(character) ?? character);
}

/** Tagged template; every substitution is escaped unless it is itself Html. Quote every attribute. */
export function html(strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  let text = strings[0] ?? '';
  values.forEach((value, index) => {
    text += render(value) + (strings[index + 1] ?? '');
  });
  return { [markup]: text };
}

export function toMarkup(page: Html): string {
  return page[markup];
}

function render(value: HtmlValue): string {
  if (value === false || value === null || value === undefined) return '';
  if (typeof value === 'string') return escapeHtml(value);
  if (typeof value === 'number') return String(value);
  if (isHtml(value)) return value[markup];
  return value.map(render).join('');
}

function isHtml(value: Html | readonly HtmlValue[]): value is Html {
  return markup in value;
}
