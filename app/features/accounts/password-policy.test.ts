import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countCodePoints, findPasswordProblem } from './password-policy.ts';

const known = ['mara.manager@acme.example', 'Mara Manager', 'acme'];
const find = (password: string, secondFactor = false) => findPasswordProblem(password, { secondFactor, known });

test('ASVS 6.2.1 and 6.2.9: 15 to 128 code points alone, 8 beside a second factor', async () => {
  const word = 'qwzxkvjbpfdhgmlr'.repeat(9);
  assert.equal(await find(word.slice(0, 14)), 'too-short');
  assert.equal(await find(word.slice(0, 15)), undefined);
  assert.equal(await find(word.slice(0, 128)), undefined);
  assert.equal(await find(word.slice(0, 129)), 'too-long');
  assert.equal(await find(word.slice(0, 7), true), 'too-short');
  assert.equal(await find(word.slice(0, 8), true), undefined);
});

test('what looks like one character counts as one, at either end', async () => {
  const signs = Array.from('🦊🐳🌵🎻🍋🚲🪁🧭🪵🫖🧦🪐🛶🧩🪞🪑');
  assert.equal(await find(signs.slice(0, 14).join('')), 'too-short');
  assert.equal(await find(signs.slice(0, 15).join('')), undefined);
  assert.equal(await find(signs.join('').repeat(8)), undefined);
  assert.equal(await find(`${signs.join('').repeat(8)}x`), 'too-long');
});

test('code points are counted, in one Unicode form', () => {
  assert.equal(countCodePoints('👍👍'), 2);
  assert.equal(countCodePoints('é'.normalize('NFD')), 1);
});

test('ASVS 6.2.5: any composition is taken: no digit, capital or sign is asked for, and none is forbidden', async () => {
  for (const password of ['seven quiet violins at dawn', '            x y z', 'пароль из четырёх слов', '🦊🐳🌵🎻🦊🐳🌵🎻🦊🐳🌵🎻🦊🐳🌵', "'; drop table account; --"]) assert.equal(await find(password), undefined, password);
});

test('ASVS 6.2.4: common ones are refused, in capitals, with decoration, and over and over', async () => {
  for (const password of ['Password1!', 'IloveYou123', 'baseball']) assert.equal(await find(password, true), 'too-common', password);
  for (const password of ['passwordpasswordpassword', '123456781234567812345678', '!!!!!!basketball!!!!!!', 'aaaaaaaaaaaaaaaaaaaa', 'abababababababababab', '123456789012345', 'passwordpasswordpass', 'password password', 'Password1Password1!', 'iloveyou iloveyou']) assert.equal(await find(password), 'too-common', password);
});

test('ASVS 6.2.4: of the common ones more than 3,000 are long enough, and each is refused', async () => {
  const { dictionary } = await import('@zxcvbn-ts/language-common');
  const longEnough = dictionary['passwords-common'].filter((password) => countCodePoints(password) >= 8);
  assert.ok(longEnough.length > 3_000, String(longEnough.length));
  for (const password of longEnough) assert.equal(await findPasswordProblem(password, { secondFactor: true, known: [] }), 'too-common', password);
});

test('ASVS 6.2.11: one that is made of the person’s name, address, organisation or of the service’s name is refused', async () => {
  for (const password of ['MaraManager2026!', 'stockade-acme-mara', 'manager.manager.1']) assert.equal(await find(password), 'too-personal', password);
  assert.equal(await find('mara keeps seven goats'), undefined, 'a name beside enough else');
});
