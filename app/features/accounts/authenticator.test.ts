import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toMarkup } from '#app/lib/html.ts';
import { codeAt, createSecret, findStep, renderQrCode } from './authenticator.ts';

/** `12345678901234567890` (RFC 6238, appendix B). */
const SECRET = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';
const at = (seconds: number) => new Date(seconds * 1_000);

test('RFC 6238, appendix B: the codes of its table, cut to six digits', () => {
  for (const [seconds, code] of [[59, '287082'], [1_111_111_109, '081804'], [1_111_111_111, '050471'], [1_234_567_890, '005924'], [2_000_000_000, '279037']] as const) {
    assert.equal(codeAt(SECRET, at(seconds)), code);
    assert.equal(findStep(SECRET, code, at(seconds)), Math.floor(seconds / 30));
  }
});

test('ASVS 6.5.5: a code is of thirty seconds, and good in its step and in the one before and after, and tells which one it is of', () => {
  const code = codeAt(SECRET, at(3_000));
  for (const seconds of [2_970, 3_000, 3_029, 3_059]) assert.equal(findStep(SECRET, code, at(seconds)), 100, `${seconds} s`);
  for (const seconds of [2_969, 3_060]) assert.equal(findStep(SECRET, code, at(seconds)), undefined, `${seconds} s`);
});

test('what is no code is not good', () => {
  for (const text of ['', '12345', '1234567', '12345a', ' 287082', '２８７０８２']) assert.equal(findStep(SECRET, text, at(59)), undefined, text);
});

test('ASVS 6.5.3: a secret has 160 random bits (RFC 4226, 4), which neither a clock nor Math.random gives', (t) => {
  t.mock.timers.enable({ apis: ['Date'] });
  t.mock.method(Math, 'random', () => 0.5);
  assert.match(createSecret(), /^[A-Z2-7]{32}$/);
  assert.notEqual(createSecret(), createSecret());
});

test('the QR code is markup of its own, and names nothing but itself', () => {
  const text = toMarkup(renderQrCode(SECRET, { email: 'a"<b>@x.test', issuer: 'Us' }));
  assert.match(text, /^<svg class="qr" viewBox="0 0 \d+ \d+" role="img" aria-label="QR code of the key below"><path d="(?:M\d+ \d+h1v1h-1z)+"\/><\/svg>$/);
});
