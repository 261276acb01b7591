import assert from 'node:assert/strict';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { test } from 'node:test';
import type { Answer } from '#app/testing/fuzz/client.ts';
import { findFiles } from '#app/testing/test-files.ts';
import { type AttackClass, codeOf, headerOf, nameOf, Sightings } from './attack.ts';
import { leadsElsewhere, linksElsewhere } from './open-redirect.attack.ts';
import { statusesOf } from './request-smuggling.attack.ts';
import { shareOfLonger } from './timing.attack.ts';
import { findMarkup } from './xss.attack.ts';

const files = findFiles(path.resolve(import.meta.dirname, '../..'), ['app/**/*.attack.ts']);
const LEAST_CLASSES = 20;

test('every *.attack.ts is a class of attacks that says what it is and how it could fail', async () => {
  assert.ok(files.length >= LEAST_CLASSES, String(files.length));
  const names = new Set<string>();
  for (const file of files) {
    const { attackClass } = (await import(pathToFileURL(path.resolve(import.meta.dirname, '../..', file)).href)) as { readonly attackClass: AttackClass };
    assert.match(attackClass.source, /API\d+:2023|CWE-\d+/, file);
    for (const { name, expected, leak } of attackClass.attacks) {
      const full = `${attackClass.title}: ${name}`;
      assert.ok(!names.has(full), `${full} is there twice`);
      names.add(full);
      assert.ok(expected !== '' && leak.without !== '', full);
      assert.ok(leak.answer !== undefined || leak.pass !== undefined || leak.holdsStreams === true, `${full}: its leak takes nothing away`);
    }
  }
});

test('one fault among many answers is "broken", and the first is told', () => {
  const sightings = new Sightings();
  const answer: Answer = { status: 404, headers: {}, body: '' };
  for (let count = 0; count < 3; count += 1) sightings.note(answer, undefined);
  assert.deepEqual(sightings.outcome(), { verdict: 'holds', seen: '404 ×3' });
  sightings.note({ status: 200, headers: {}, body: '{}' }, 'clerk got 200');
  sightings.note(answer, 'and another');
  assert.deepEqual(sightings.outcome(), { verdict: 'broken', seen: '2 of 5: clerk got 200' });
});

test('no answer at all is not run, never held', () => {
  assert.equal(new Sightings().outcome().verdict, 'not run');
});

test('what an answer says is read, and a cut connection says nothing', () => {
  const problem: Answer = { status: 403, headers: { 'set-cookie': ['a=1', 'b=2'], location: '/x' }, body: '{"type":"/problems/cross-site-request"}' };
  assert.deepEqual([codeOf(problem), headerOf(problem, 'set-cookie'), headerOf(problem, 'location')], ['cross-site-request', 'a=1, b=2', '/x']);
  const cut: Answer = { failure: 'cut off' };
  assert.deepEqual([codeOf(cut), headerOf(cut, 'location')], [undefined, undefined]);
  assert.equal(nameOf({ path: `/${'x'.repeat(200)}` }).length, 95);
});

test('another origin is another origin, however it is written', () => {
  const origin = 'https://stockade.test';
  for (const location of ['https://evil.test', '//evil.test', '/\\evil.test', '/\t/evil.test', 'javascript:alert(1)', 'https://stockade.test@evil.test', 'http://stockade.test/']) assert.equal(leadsElsewhere(location, origin), true, location);
  for (const location of ['/', '/x?y=//evil.test', 'x', '?a', '/x//evil.test', undefined]) assert.equal(leadsElsewhere(location, origin), false, String(location));
  assert.equal(linksElsewhere('<a href="/x">x</a><form action="//evil.test">', origin), '//evil.test');
  assert.equal(linksElsewhere('<a href="/x?return_to=https%3A%2F%2Fevil.test">x</a>', origin), undefined);
});

test('markup is found where it is markup, and not where it is text', () => {
  for (const [html, payload] of [['<p><img src=x onerror=xssmark></p>', '<img src=x onerror=xssmark>'], ['<input value="" onfocus=xssmark autofocus "">', '"onfocus=xssmark autofocus "'], ['<a href="javascript:xssmark//">x</a>', 'javascript:xssmark//'], ['<script>let x = "xssmark"</script>', 'xssmark']] as const) {
    assert.notEqual(findMarkup(html, payload), undefined, html);
  }
  for (const [html, payload] of [['<p>&lt;img src=x onerror=xssmark&gt;</p>', '<img src=x onerror=xssmark>'], ['<input value="&quot;onfocus=xssmark autofocus &quot;">', '"onfocus=xssmark autofocus "'], ['<p>javascript:xssmark//</p>', 'javascript:xssmark//']] as const) {
    assert.equal(findMarkup(html, payload), undefined, html);
  }
});

test('two answers on one connection are two; an interim one is none', () => {
  assert.deepEqual(statusesOf('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 400 Bad Request\r\n\r\n{}HTTP/1.1 200 OK\r\n\r\n'), [400, 200]);
});

test('times that lie apart are told apart, and equal ones are not', () => {
  assert.equal(shareOfLonger([5, 6, 7], [1, 2, 3]), 1);
  assert.equal(shareOfLonger([1, 2, 3], [1, 2, 3]), 0.5);
});
