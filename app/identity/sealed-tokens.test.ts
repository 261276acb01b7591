import assert from 'node:assert/strict';
import { createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { openTokens, sealTokens } from '#app/identity/sealed-tokens.ts';

const sessionToken = randomBytes(32).toString('base64url');
const tokens = { idToken: 'the-id-token', refreshToken: 'the-refresh-token' };

test('ASVS 11.3.3: what is sealed opens with its session alone, and not when a bit of it was changed', () => {
  const sealed = sealTokens(tokens, sessionToken);
  assert.deepEqual(openTokens(sealed, sessionToken), tokens);
  assert.equal(openTokens(sealed, randomBytes(32).toString('base64url')), undefined);
  for (let index = 0; index < sealed.length; index += 1) {
    const changed = Buffer.from(sealed);
    changed[index] = (changed[index] ?? 0) ^ 1;
    assert.equal(openTokens(changed, sessionToken), undefined, `byte ${index}`);
  }
  for (const length of [0, 1, 27, 28, sealed.length - 1]) assert.equal(openTokens(sealed.subarray(0, length), sessionToken), undefined, `${length} bytes`);
});

test('the key is derived from the session’s token as yesterday’s was, and for this use alone: what is kept must open tomorrow', () => {
  const sealed = sealTokens(tokens, sessionToken);
  const key = Buffer.from(hkdfSync('sha256', sessionToken, '', 'provider tokens of a session', 32));
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, 12), { authTagLength: 16 }).setAuthTag(sealed.subarray(-16));
  assert.deepEqual(JSON.parse(Buffer.concat([decipher.update(sealed.subarray(12, -16)), decipher.final()]).toString()), tokens);
});

test('ASVS 11.3.4: the same tokens are sealed differently each time, and show nothing of themselves', () => {
  const [one, two] = [sealTokens({ idToken: 'the-id-token' }, sessionToken), sealTokens({ idToken: 'the-id-token' }, sessionToken)];
  assert.notDeepEqual(one, two);
  assert.ok(!one.includes('the-id-token'));
});
