// What the pages ask people for, and how: every field of every page of the feature.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startTestService, type TestService } from '#app/testing/service.ts';
import { createPerson, fieldIn, linkIn, mailTo, TestBrowser, testKeys } from './proofs/test-person.ts';
import { setTotpSecret } from './store.ts';

interface Field {
  readonly page: string;
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
}

describe('what the forms ask for', () => {
  let service: TestService;
  const pages = new Map<string, string>();
  before(async () => {
    service = await startTestService({ environment: { TRUSTED_PROXIES: '1' } });
    const [plain, careful] = [await createPerson(service, 'plain'), await createPerson(service, 'careful')];
    await setTotpSecret(service.database.owner, careful, testKeys.seal('JBSWY3DPEHPK3PXP', `authenticator ${careful.id}`));
    const [nobody, browser] = [new TestBrowser(service.url), new TestBrowser(service.url)];
    await nobody.post('/accounts/reset-request', { organisation: plain.tenantId, email: plain.email });
    for (const path of ['/accounts/sign-in', '/accounts/reset-request', linkIn(await mailTo(nobody, plain.email, 'Set a new password'))]) pages.set(path.replace(/\?.*/, ''), (await nobody.get(path)).text);
    pages.set('the second step', (await nobody.signIn(careful)).text);
    assert.notEqual(fieldIn(pages.get('the second step') ?? '', 'attempt'), '');
    await browser.signIn(plain);
    pages.set('/account/security', (await browser.get('/account/security')).text);
    pages.set('a new authenticator app', (await browser.post('/account/security/authenticator/begin', { confirm: 'yes' })).text);
  });
  after(() => service.close());

  const fields = (): readonly Field[] =>
    [...pages].flatMap(([page, text]) =>
      [...text.matchAll(/<(?:input|button|textarea|select)\b([^>]*\bname="([^"]*)"[^>]*)>/g)].map(([, given = '', name = '']) => ({ page, name, attributes: Object.fromEntries([...given.matchAll(/([\w-]+)(?:="([^"]*)")?/g)].map(([, key = '', value = '']) => [key, value])) })),
    );
  const passwords = () => fields().filter(({ name }) => ['password', 'current'].includes(name));

  test('ASVS 6.2.6: a password is typed where nobody reads it', () => {
    assert.deepEqual(passwords().map(({ page, name }) => `${page} ${name}`), ['/accounts/sign-in password', '/accounts/reset password', '/account/security current', '/account/security password']);
    for (const { page, attributes } of passwords()) assert.equal(attributes['type'], 'password', page);
  });

  test('ASVS 6.2.7: browsers and password managers are told what to fill in, and nothing stops a paste', () => {
    assert.deepEqual(passwords().map(({ attributes }) => attributes['autocomplete']), ['current-password', 'new-password', 'current-password', 'new-password']);
    // What is longer is refused with a reason; a field that cuts it off would set another password than was pasted.
    for (const { page, attributes } of passwords()) assert.deepEqual(Object.keys(attributes).filter((name) => /^(?:on.*|readonly|disabled|maxlength)$/.test(name)), [], page);
    for (const [page, text] of pages) assert.doesNotMatch(text, /\son\w+=/, page);
    // The one script of these pages, and only where there is a passkey to ask for.
    for (const { page } of passwords()) assert.doesNotMatch(pages.get(page) ?? '', /<script/, page);
  });

  test('ASVS 6.4.2: nobody is asked for a hint, or for what others know of them too', () => {
    assert.deepEqual([...new Set(fields().map(({ name }) => name))].toSorted(), ['attempt', 'code', 'confirm', 'current', 'email', 'organisation', 'password', 'return_to', 'token']);
  });
});
