import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as client from 'openid-client';
import { startHostileProvider } from '#app/attacks/hostile-provider.ts';
import { createProviderClient } from './provider-client.ts';

test('CWE-347: an ID token is taken only with the provider’s own signature, though it comes from its token endpoint', async (t) => {
  const hostile = await startHostileProvider();
  t.after(() => {
    hostile.close();
  });
  const provider = createProviderClient({ issuer: hostile.issuer, clientId: 'attack', clientSecret: undefined });
  const exchange = async (signature: typeof hostile.plan.signature) => {
    hostile.plan.signature = signature;
    const callback = new URL(`http://service.test/auth/callback?code=x&state=s&iss=${encodeURIComponent(hostile.issuer)}`);
    return client.authorizationCodeGrant(await provider.configuration(), callback, { expectedState: 's', idTokenExpected: true });
  };
  hostile.plan.claims = { sub: 'somebody' };
  assert.equal((await exchange('good')).claims()?.sub, 'somebody');
  await assert.rejects(exchange('stranger'), client.ClientError);
  await assert.rejects(exchange('none'), client.ClientError);
});

test('a provider that redirects, answers with a page or names another issuer is a 503, and is asked again', async (t) => {
  const hostile = await startHostileProvider();
  t.after(() => {
    hostile.close();
  });
  const provider = createProviderClient({ issuer: hostile.issuer, clientId: 'attack', clientSecret: undefined });
  for (const how of ['redirect', 'html', 'other-issuer'] as const) {
    hostile.plan.metadata = how;
    await assert.rejects(provider.configuration(), { status: 503, code: 'identity-provider-unavailable' }, how);
  }
  assert.equal(hostile.strays(), 0);
  hostile.plan.metadata = 'none';
  assert.equal((await provider.configuration()).serverMetadata().issuer, hostile.issuer);
});
