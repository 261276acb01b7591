// Markup is what went through `html`, and nothing else.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { escapeHtml, html, toMarkup } from '#app/lib/html.ts';

test('ASVS 1.2.1: text is escaped in content and in quoted attributes, whatever it is (CWE-79)', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const markup = toMarkup(html`<p title="${text}">${text}</p>`);
      const [, attribute = '', content = ''] = /^<p title="([^"]*)">([^<]*)<\/p>$/.exec(markup) ?? [];
      assert.equal(unescape(attribute), text);
      assert.equal(unescape(content), text);
    }),
    { examples: [['<script>alert(1)</script>'], ['" onclick="x'], ["' &amp; &lt;"], ['$& $1']] },
  );
});

test('markup inside markup is not escaped again, in lists too', () => {
  const items = ['a & b', 'c'].map((text) => html`<li>${text}</li>`);
  assert.equal(toMarkup(html`<ul>${items}</ul>`), '<ul><li>a &amp; b</li><li>c</li></ul>');
});

test('false, null and undefined leave nothing; zero and the empty string are themselves', () => {
  assert.equal(toMarkup(html`[${false}${null}${undefined}${''}${0}]`), '[0]');
});

test('an object that looks like markup is not markup: its symbol is private', () => {
  const forged = { markup: '<b>' } as unknown as string;
  assert.throws(() => html`${forged}`, TypeError);
});

test('the five characters that mean something in HTML are escaped', () => {
  assert.equal(escapeHtml(`<a href="x" id='y'>&</a>`), '&lt;a href=&quot;x&quot; id=&#39;y&#39;&gt;&amp;&lt;/a&gt;');
});

function unescape(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&amp;', '&');
}
