// Markup with text in it that nobody escaped (CWE-79).
import type { WeaknessRule } from './weakness.ts';
import { where } from './patterns.ts';

export const rule: WeaknessRule = {
  cwe: 79,
  message: 'Text becomes markup without being escaped: what a person wrote runs as a script in the browser of another.',
  fix: 'Make markup by html`…` (app/lib/html.ts), which escapes every value; in the browser use textContent.',
  // Where text becomes markup, in one place; and of the repository's own tools those that make no page: only the gates' report is one.
  except: /^app\/lib\/html\.ts$|^\.github\/(?!gates\/report)/,
  match: { 'pattern-either': [
    { patterns: [{ pattern: '`...${$X}...`' }, { 'pattern-regex': '`[^`]*<(?:[a-zA-Z][\\w-]*|/[a-zA-Z][\\w-]*|!doctype)(?:\\s[^`]*|>[^`]*)\\$\\{[^`]*`' }, { 'pattern-not-inside': 'html`...`' }, { 'pattern-not-inside': 'new $E(...)' }, { 'pattern-not-inside': 'log.$LEVEL(...)' }, { 'pattern-not-inside': 'console.$LEVEL(...)' }] },
    where('$A + $B', { A: '(?s)[\'"`].*<[a-zA-Z][\\w-]*(?:\\s|>|$).*' , B: '(?s)(?![\'"`]).*' }),
    { pattern: '$E.innerHTML = $X' }, { pattern: '$E.innerHTML += $X' }, { pattern: '$E.outerHTML = $X' }, { pattern: '$E.insertAdjacentHTML(...)' }, { pattern: 'document.write(...)' }, { pattern: 'document.writeln(...)' }, { pattern: '$E.setHTMLUnsafe(...)' }, { pattern: '$E.createContextualFragment(...)' }, { pattern: '$E.srcdoc = $X' }, { pattern: '{..., dangerouslySetInnerHTML: $X, ...}' }, { pattern: 'Document.parseHTMLUnsafe(...)' },
    where('$A.concat(...)', { A: '(?s)[\'"`].*<[a-zA-Z][\\w-]*(?:\\s|>).*' }), { pattern: '$P.parseFromString($X, "text/html")' }, { pattern: 'html([...], ...)' }, { pattern: 'html(Object.assign(...), ...)' }, { pattern: '{ [markup]: $X }' },
    { 'pattern-regex': '(?i)\\b(?:href|src|action)=["\\x27]?javascript:' },
  ] },
  refuses: [
    'export const f = (ctx) => { ctx.body = `<h1>Hello ${ctx.query.name}</h1>`; };',
    'export const f = (ctx, name) => { ctx.body = "<p>" + name + "</p>"; };',
    'export const f = (element, event) => { element.innerHTML = event.data.name; };',
    'export const f = (element, text) => { element.insertAdjacentHTML("beforeend", text); };',
    'export const f = (rows) => rows.map((row) => `<li class="row">${row.name}</li>`).join("");',
    'export const f = (text) => html(Object.assign([text], { raw: [text] }));',
  ],
  allows: [
    'export const f = (name) => html`<h1>Hello ${name}</h1>`;',
    'export const f = (element, text) => { element.textContent = text; };',
    'export const f = (n) => `${n} < 3`;',
    'export const f = (a) => `see <https://example.com/${a}>`;',
  ],
};
