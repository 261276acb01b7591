// Text that others wrote (a tool, a file, a patch) made harmless for where it is shown.

/** Control characters, and those that turn the direction of text around or are not seen (CVE-2021-42574). */
const UNSEEN = /(?![\t\n])[\p{Cc}\p{Cf}\u2028\u2029]/gu;

/** What can't be seen is written out, so that a line looks as it is. */
export function showUnseen(text: string): string {
  return text.replace(UNSEEN, (character) => `⟨U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}⟩`);
}

const toEntity = (character: string): string => `&#${character.codePointAt(0) ?? 0};`;

/** One cell of a table or one item of a list. Characters that are written as numbers are never Markdown's own (CommonMark, 2.5). */
export function escapeMarkdown(text: string): string {
  return showUnseen(text).replaceAll(/\s+/g, ' ').trim().replaceAll(/[\\`*{}[\]()#+!|~<>&@:"'$=^]|(?<!\w)_|_(?!\w)|(?<=\bwww)\.|^[-.\d]+/g, (found) => Array.from(found, toEntity).join(''));
}

/** Markup: what went through `html`, and nothing else. */
export class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export type HtmlValue = Markup | string | number | undefined | readonly HtmlValue[];

/** Every substitution is escaped unless it is markup itself. Quote every attribute. */
export function html(strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Markup {
  return new Markup(strings.map((string, index) => string + render(values[index])).join(''));
}

function render(value: HtmlValue): string {
  if (value === undefined) return '';
  if (value instanceof Markup) return value.text;
  if (typeof value === 'object') return value.map(render).join('');
  return showUnseen(String(value)).replaceAll(/[&<>"']/g, toEntity);
}
