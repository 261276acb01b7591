import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startTestService, type TestService } from '#app/testing/service.ts';
import { codeAt } from './authenticator.ts';
import { addPasskey, listPasskeys } from './passkeys.ts';
import { type Account, readAccount, setPassword, setTotpSecret } from './store.ts';
import { createPerson, fieldIn, mailTo, PASSWORD, TestBrowser, testKeys, testPasswords } from './proofs/test-person.ts';

const NEW_PASSWORD = 'seven quiet violins at dawn';
const SECURITY = '/account/security';
const minuteMs = 60_000;

describe('looking after what one signs in with', () => {
  let service: TestService;
  let offsetMs = 0;
  // It stands still, so that no delay ends on a slow machine before the test has looked.
  const start = Date.now();
  const now = () => new Date(start + offsetMs);
  before(async () => (service = await startTestService({ environment: { TRUSTED_PROXIES: '1' }, clock: now })));
  after(() => service.close());

  const enter = async (account: Account, password = PASSWORD) => {
    const browser = new TestBrowser(service.url);
    assert.equal((await browser.signIn(account, password)).status, 303);
    return browser;
  };
  /** Signed in twice: in the browser of the test, and in another. */
  const enterTwice = async (word: string) => {
    const account = await createPerson(service, word);
    return { account, browser: await enter(account), other: await enter(account) };
  };
  const keyOnPage = (page: string) => (/Key: <code>([A-Z2-7 ]+)<\/code>/.exec(page)?.[1] ?? '').replaceAll(' ', '');
  const codesOnPage = (page: string) => [...page.matchAll(/<li><code>([0-9a-z-]+)<\/code>/g)].map((match) => match[1] ?? '');
  const mendShortPassword = async (account: Account) => {
    await setPassword(service.database.owner, account, await testPasswords.hash('nine lions'), false);
  };

  test('ASVS 6.2.2, 6.3.7, 6.5.6 and 7.4.3: a password is changed with the current one; other sessions end, this one is new, the person is told', async () => {
    const { account, browser, other } = await enterTwice('changer');
    const before = browser.jar.read(service.url);
    const done = await browser.post(`${SECURITY}/password`, { current: PASSWORD, password: NEW_PASSWORD });
    assert.deepEqual([done.status, done.location], [303, `${SECURITY}?done=password`]);
    assert.notEqual(browser.jar.read(service.url), before);
    assert.equal(await browser.isSignedIn(), true);
    assert.equal(await other.isSignedIn(), false);
    await mailTo(browser, account.email, 'security of your account');
    assert.equal((await new TestBrowser(service.url).signIn(account)).status, 422);
    await enter(account, NEW_PASSWORD);
  });

  test('ASVS 6.2.3: without the current password nothing is changed, and guessing it is slowed down', async () => {
    const { account, browser } = await enterTwice('borrowed');
    const locations: (string | null)[] = [];
    for (let times = 0; times < 6; times += 1) locations.push((await browser.post(`${SECURITY}/password`, { current: 'let me in, please', password: NEW_PASSWORD })).location);
    assert.deepEqual(locations, [...Array.from({ length: 5 }, () => `${SECURITY}?problem=wrong-password`), `${SECURITY}?problem=delayed`]);
    assert.match((await browser.get(`${SECURITY}?problem=wrong-password`)).text, /not your current password/);
    await enter(account);
  });

  test('a new password that the policy refuses is refused with the reason', async () => {
    const { account, browser } = await enterTwice('weak');
    const answer = await browser.post(`${SECURITY}/password`, { current: PASSWORD, password: 'Person-Weak-Stockade' });
    assert.equal(answer.status, 422);
    assert.match(answer.text, /too little in it/);
    await enter(account);
  });

  test('ASVS 6.3.7, 7.4.3: an authenticator app is added with its code; recovery codes are shown once, other sessions end, the person is told', async () => {
    const { account, browser, other } = await enterTwice('adder');
    const begun = await browser.post(`${SECURITY}/authenticator/begin`, { confirm: 'yes' });
    const secret = keyOnPage(begun.text);
    assert.equal(secret.length, 32);
    assert.match(begun.text, /<svg class="qr"/);
    const attempt = fieldIn(begun.text, 'attempt');
    const wrong = await browser.post(`${SECURITY}/authenticator`, { attempt, code: codeAt(secret, new Date(now().getTime() + 10 * minuteMs)) });
    assert.equal(wrong.status, 422);
    assert.equal((await readAccount(service.database.owner, account))?.totpSecret, null);
    const code = codeAt(secret, now());
    const added = await browser.post(`${SECURITY}/authenticator`, { attempt, code });
    assert.equal(added.status, 200);
    assert.equal(new Set(codesOnPage(added.text)).size, 10);
    assert.equal(await browser.isSignedIn(), true);
    assert.equal(await other.isSignedIn(), false);
    await mailTo(browser, account.email, 'security of your account');
    assert.match(await mailTo(browser, account.email, 'security of your account'), /An authenticator app was added/);
    assert.ok(!(await readAccount(service.database.owner, account))?.totpSecret?.includes(secret), 'the secret is kept encrypted (ASVS 11.3.2)');

    const fresh = new TestBrowser(service.url);
    const step = fieldIn((await fresh.signIn(account)).text, 'attempt');
    assert.equal((await fresh.post('/accounts/sign-in/code', { attempt: step, code })).status, 422, 'the code that added it was used by that');
    assert.equal((await fresh.post('/accounts/sign-in/code', { attempt: step, code: codesOnPage(added.text)[3] ?? '' })).status, 303);
  });

  test('somebody else’s attempt adds nothing', async () => {
    const [mine, theirs] = [await enterTwice('mine'), await enterTwice('theirs')];
    const begun = await theirs.browser.post(`${SECURITY}/authenticator/begin`, { confirm: 'yes' });
    const answer = await mine.browser.post(`${SECURITY}/authenticator`, { attempt: fieldIn(begun.text, 'attempt'), code: codeAt(keyOnPage(begun.text), now()) });
    assert.equal(answer.location, `${SECURITY}?problem=expired`);
    for (const { account } of [mine, theirs]) assert.equal((await readAccount(service.database.owner, account))?.totpSecret, null);
  });

  test('ASVS 6.3.7, 6.5.6: new recovery codes void the old ones, and the person is told', async () => {
    const { account, browser } = await enterTwice('renewer');
    await setTotpSecret(service.database.owner, account, testKeys.seal('JBSWY3DPEHPK3PXP', `authenticator ${account.id}`));
    const [first, second] = [await browser.post(`${SECURITY}/recovery-codes`, { confirm: 'yes' }), await browser.post(`${SECURITY}/recovery-codes`, { confirm: 'yes' })];
    await mailTo(browser, account.email, 'security of your account');
    const fresh = new TestBrowser(service.url);
    const attempt = fieldIn((await fresh.signIn(account)).text, 'attempt');
    assert.equal((await fresh.post('/accounts/sign-in/code', { attempt, code: codesOnPage(first.text)[0] ?? '' })).status, 422);
    assert.equal((await fresh.post('/accounts/sign-in/code', { attempt, code: codesOnPage(second.text)[0] ?? '' })).status, 303);
  });

  test('the last second factor goes only where the password is long enough alone; its recovery codes go with it', async () => {
    const { account, browser, other } = await enterTwice('remover');
    await setTotpSecret(service.database.owner, account, testKeys.seal('JBSWY3DPEHPK3PXP', `authenticator ${account.id}`));
    await mendShortPassword(account);
    const remove = () => browser.post(`${SECURITY}/authenticator/removal`, { confirm: 'yes' });
    assert.equal((await remove()).location, `${SECURITY}?problem=password-too-short`);
    await addPasskey(service.database.owner, account, { id: 'another-one', name: 'Key', publicKey: new Uint8Array(8), counter: 0, transports: [] }, now());
    await browser.post(`${SECURITY}/recovery-codes`, { confirm: 'yes' });
    assert.equal((await remove()).location, `${SECURITY}?done=authenticator-removed`, 'there is another factor');
    assert.match((await browser.get(SECURITY)).text, /You have 10 left/, 'which may be lost too');
    assert.equal((await browser.post(`${SECURITY}/passkeys/removal`, { id: 'another-one' })).location, `${SECURITY}?problem=password-too-short`);
    assert.equal((await browser.post(`${SECURITY}/password`, { current: 'nine lions', password: NEW_PASSWORD })).status, 303);
    assert.equal((await browser.post(`${SECURITY}/passkeys/removal`, { id: 'another-one' })).location, `${SECURITY}?done=passkey-removed`);
    assert.doesNotMatch((await browser.get(SECURITY)).text, /You have 10 left/);
    assert.equal(await other.isSignedIn(), false);
  });

  test('a passkey goes where an authenticator app is left, whatever the password, and the recovery codes stay', async () => {
    const { account, browser } = await enterTwice('both');
    await setTotpSecret(service.database.owner, account, testKeys.seal('JBSWY3DPEHPK3PXP', `authenticator ${account.id}`));
    await addPasskey(service.database.owner, account, { id: 'of-both', name: 'Key', publicKey: new Uint8Array(8), counter: 0, transports: [] }, now());
    await browser.post(`${SECURITY}/recovery-codes`, { confirm: 'yes' });
    await mendShortPassword(account);
    assert.equal((await browser.post(`${SECURITY}/passkeys/removal`, { id: 'of-both' })).location, `${SECURITY}?done=passkey-removed`);
    const page = (await browser.get(`${SECURITY}?done=passkey-removed`)).text;
    assert.match(page, /role="status">The passkey is removed\.</);
    assert.match(page, /You have 10 left/);
    assert.match(page, /It is asked for besides your password\./);
    assert.match(page, /action="\/account\/security\/authenticator\/removal"><button class="button button-danger" [^>]*>Remove the authenticator app</);
    assert.match(page, /minlength="8"/);
  });

  test('the page shows what there is, and the way to more of it', async () => {
    const { account, browser } = await enterTwice('shown');
    const bare = (await browser.get(SECURITY)).text;
    assert.match(bare, /<title>Sign-in security/);
    assert.match(bare, new RegExp(`You sign in as ${account.email} of acme`));
    assert.match(bare, /Passkeys need a host name/);
    assert.match(bare, /action="\/account\/security\/authenticator\/begin"><button class="button" [^>]*name="confirm" value="yes">Add an authenticator app</);
    assert.match(bare, /You have none\. Each signs you in once/);
    assert.doesNotMatch(bare, /recovery-codes"|role="alert"|role="status"/);
    assert.match(bare, /minlength="15"/);
    await setTotpSecret(service.database.owner, account, testKeys.seal('JBSWY3DPEHPK3PXP', `authenticator ${account.id}`));
    assert.match((await browser.get(SECURITY)).text, /action="\/account\/security\/recovery-codes"><button class="button button-quiet" [^>]*>Make recovery codes</);
    const codes = (await browser.post(`${SECURITY}/recovery-codes`, { confirm: 'yes' })).text;
    assert.match(codes, /<title>Recovery codes/);
    assert.match(codes, /They are shown this once/);
    assert.match(await mailTo(browser, account.email, 'security of your account'), /New recovery codes were made/);
    assert.match((await browser.get(SECURITY)).text, /You have 10 left.*\n.*Make new recovery codes</);
    for (const [query, said] of [['problem=delayed', 'Too many attempts: wait a quarter of an hour'], ['problem=password-too-short', 'too short to stand alone'], ['problem=expired', 'That took too long. Begin again.'], ['done=password', 'Your password is changed.'], ['done=passkey-added', 'The passkey is added.'], ['done=authenticator-removed', 'The authenticator app is removed.']] as const) {
      assert.ok((await browser.get(`${SECURITY}?${query}`)).text.includes(said), query);
    }
    assert.equal((await browser.get(`${SECURITY}?done=made-up`)).status, 400);
  });

  test('the key of an authenticator app is shown in groups, and again after a wrong code', async () => {
    const { browser } = await enterTwice('grouped');
    const page = (await browser.post(`${SECURITY}/authenticator/begin`, { confirm: 'yes' })).text;
    assert.match(page, /<title>Authenticator app/);
    assert.match(page, /Key: <code>(?:[A-Z2-7]{4} ){7}[A-Z2-7]{4}<\/code>/);
    assert.doesNotMatch(page, /role="alert"/);
    const again = (await browser.post(`${SECURITY}/authenticator`, { attempt: fieldIn(page, 'attempt'), code: '1234567' })).text;
    assert.match(again, /role="alert"[^>]*>That is not its code\. Look at the clock of the device\.</);
    assert.deepEqual([keyOnPage(again), fieldIn(again, 'attempt')], [keyOnPage(page), fieldIn(page, 'attempt')]);
  });

  test('ASVS 6.3.7, 6.5.6: what is lost is removed: the app’s codes and the passkey open nothing more, other sessions end, the person is told', async () => {
    const { account, browser, other } = await enterTwice('loser');
    await setTotpSecret(service.database.owner, account, testKeys.seal('JBSWY3DPEHPK3PXP', `authenticator ${account.id}`));
    await addPasskey(service.database.owner, account, { id: 'a-lost-one', name: 'Key', publicKey: new Uint8Array(8), counter: 0, transports: [] }, now());
    await browser.post(`${SECURITY}/passkeys/removal`, { id: 'a-lost-one' });
    await mailTo(browser, account.email, 'A passkey was removed');
    assert.deepEqual(await listPasskeys(service.database.owner, account), []);
    assert.equal(await other.isSignedIn(), false);
    await browser.post(`${SECURITY}/authenticator/removal`, { confirm: 'yes' });
    await mailTo(browser, account.email, 'The authenticator app was removed');
    assert.equal((await readAccount(service.database.owner, account))?.totpSecret, null);
    await enter(account);
  });

  test('nobody removes another’s passkey', async () => {
    const [mine, theirs] = [await enterTwice('taker'), await enterTwice('keeper')];
    await addPasskey(service.database.owner, theirs.account, { id: 'of-the-keeper', name: 'Key', publicKey: new Uint8Array(8), counter: 0, transports: [] }, now());
    await mine.browser.post(`${SECURITY}/passkeys/removal`, { id: 'of-the-keeper' });
    assert.match((await theirs.browser.get(SECURITY)).text, /of-the-keeper/);
  });

  test('ASVS 7.5.1: a change takes a sign-in at most a quarter of an hour old', async (t) => {
    t.after(() => (offsetMs = 0));
    const { browser } = await enterTwice('stale');
    offsetMs = 16 * minuteMs;
    assert.equal((await browser.get(SECURITY)).status, 200);
    for (const [step, fields] of [['password', { current: PASSWORD, password: NEW_PASSWORD }], ['authenticator/begin', { confirm: 'yes' }], ['recovery-codes', { confirm: 'yes' }], ['passkeys/begin', { name: 'Key' }]] as const) {
      const answer = await browser.post(`${SECURITY}/${step}`, fields, { referer: `${service.url}${SECURITY}` });
      assert.equal(answer.location, '/sign-in?return_to=%2Faccount%2Fsecurity&max_age=900', step);
    }
  });

  test('ASVS 6.3.3: where two factors are asked for, a password alone opens the page on which one gets another, and nothing else', async (t) => {
    const strict = await startTestService({ environment: { TRUSTED_PROXIES: '1', SIGN_IN_FACTORS: '2' }, clock: now });
    t.after(() => strict.close());
    const account = await createPerson(strict, 'enrolling');
    const browser = new TestBrowser(strict.url);
    assert.equal((await browser.signIn(account, PASSWORD, { return_to: '/account/sessions' })).location, `${SECURITY}?problem=second-factor-missing`);
    assert.match((await browser.get(`${SECURITY}?problem=second-factor-missing`)).text, /Two factors are asked for here/);
    assert.equal((await browser.get('/account/sessions')).location, '/sign-in?return_to=%2Faccount%2Fsessions&max_age=604800&factors=2');
    assert.equal((await browser.json('GET', '/api/v1/sessions')).status, 401);
    const begun = await browser.post(`${SECURITY}/authenticator/begin`, { confirm: 'yes' });
    const added = await browser.post(`${SECURITY}/authenticator`, { attempt: fieldIn(begun.text, 'attempt'), code: codeAt(keyOnPage(begun.text), now()) });
    assert.equal(added.status, 200);
    const step = fieldIn((await browser.signIn(account)).text, 'attempt');
    const entered = await browser.post('/accounts/sign-in/code', { attempt: step, code: codesOnPage(added.text)[0] ?? '', return_to: '/account/sessions' });
    assert.equal(entered.location, '/account/sessions');
    assert.equal((await browser.get('/account/sessions')).status, 200);
  });

  test('for somebody who signed in at the identity provider there is nothing to look after here', async () => {
    const clerk = await service.as('clerk');
    assert.match(await (await clerk.fetch(SECURITY, { headers: { accept: 'text/html' } })).text(), /with your identity provider/);
    const answer = await clerk.fetch(`${SECURITY}/password`, { method: 'POST', headers: { accept: 'application/problem+json' }, body: new URLSearchParams({ current: PASSWORD, password: NEW_PASSWORD }) });
    assert.equal(answer.status, 403);
  });
});
