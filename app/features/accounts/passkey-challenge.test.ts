import assert from 'node:assert/strict';
import { test } from 'node:test';
import { askToCreate, askToSignIn, relyingPartyOf } from './passkeys.ts';

const party = relyingPartyOf('https://stockade.test', 'Stockade');

test('ASVS 6.7.2: every challenge has 256 bits of its own, which neither a clock nor Math.random gives', async (t) => {
  assert.ok(party);
  t.mock.timers.enable({ apis: ['Date'] });
  t.mock.method(Math, 'random', () => 0.5);
  const person = { id: 'c5b0a1f4-8f0e-4a56-9d5e-2f1a4a6b9f11', email: 'mia@acme.test', name: 'Mia' };
  for (const ask of [() => askToSignIn(party), () => askToSignIn(party, []), () => askToCreate(party, person, [])]) {
    const challenges: string[] = [];
    for (let time = 0; time < 20; time += 1) challenges.push((await ask()).challenge);
    assert.equal(new Set(challenges).size, 20);
    for (const challenge of challenges) assert.equal(Buffer.from(challenge, 'base64url').length, 32);
  }
});
