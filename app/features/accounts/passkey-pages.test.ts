import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { PublicKeyCredentialCreationOptionsJSON, PublicKeyCredentialRequestOptionsJSON } from '@simplewebauthn/server';
import { freePorts } from '#app/testing/ports.ts';
import { startTestService, type TestService } from '#app/testing/service.ts';
import { addPasskey, listPasskeys, MOST_PASSKEYS } from './passkeys.ts';
import { SoftwareAuthenticator } from './proofs/software-authenticator.ts';
import { createPerson, fieldIn, mailTo, TestBrowser } from './proofs/test-person.ts';
import { replaceCodes } from './recovery-codes.ts';
import { type Account, changeAccount } from './store.ts';

const SECURITY = '/account/security';
const SIGN_IN = '/accounts/sign-in';
const minuteMs = 60_000;

describe('passkeys over HTTP', () => {
  let service: TestService;
  let offsetMs = 0;
  const start = Date.now();
  const now = () => new Date(start + offsetMs);
  before(async () => {
    const [port = 0] = await freePorts(1);
    // Passkeys belong to a host name, not to an address.
    service = await startTestService({ environment: { PORT: String(port), PUBLIC_URL: `http://localhost:${port}`, TRUSTED_PROXIES: '1' }, clock: now });
  });
  after(() => service.close());

  const own = () => ({ origin: service.url });
  const optionsIn = (page: string): unknown => JSON.parse((/data-options="([^"]*)"/.exec(page)?.[1] ?? '').replaceAll('&quot;', '"').replaceAll('&amp;', '&'));
  const askedToMake = (page: string) => optionsIn(page) as PublicKeyCredentialCreationOptionsJSON;
  const askedFor = (page: string) => optionsIn(page) as PublicKeyCredentialRequestOptionsJSON;
  const enter = async (account: Account) => {
    const browser = new TestBrowser(service.url);
    assert.equal((await browser.signIn(account)).status, 303);
    return browser;
  };
  const begin = (browser: TestBrowser, name = 'Laptop') => browser.post(`${SECURITY}/passkeys/begin`, { name });
  const add = async (browser: TestBrowser, authenticator: SoftwareAuthenticator, name = 'Laptop') => {
    const page = await begin(browser, name);
    const answer = authenticator.create(askedToMake(page.text), own());
    return browser.post(`${SECURITY}/passkeys`, { attempt: fieldIn(page.text, 'attempt'), name: fieldIn(page.text, 'name'), answer: JSON.stringify(answer) });
  };
  /** Somebody with a passkey, in a browser in which they are signed in. */
  const enrol = async (word: string) => {
    const account = await createPerson(service, word);
    const [browser, authenticator] = [await enter(account), new SoftwareAuthenticator()];
    assert.equal((await add(browser, authenticator)).location, `${SECURITY}?done=passkey-added`);
    return { account, browser, authenticator };
  };
  const answerTo = (page: string, authenticator: SoftwareAuthenticator) => JSON.stringify(authenticator.get(askedFor(page), own()));
  const beginSignIn = (browser: TestBrowser, returnTo = '/docs') => browser.post(`${SIGN_IN}/passkey/begin`, { return_to: returnTo });
  const finishSignIn = (browser: TestBrowser, page: string, authenticator: SoftwareAuthenticator) =>
    browser.post(`${SIGN_IN}/passkey`, { attempt: fieldIn(page, 'attempt'), answer: answerTo(page, authenticator), return_to: fieldIn(page, 'return_to') });
  const factorsOf = async (browser: TestBrowser) => ((await browser.json('GET', '/api/v1/sessions')).body as { sessions: { factors: number }[] }).sessions.map(({ factors }) => factors);
  const outcomes = async (method: string, outcome: string): Promise<number> => {
    const text = await (await fetch(`${service.adminUrl}/metrics`)).text();
    return Number(new RegExp(`^stockade_sign_ins_total\\{[^}]*way="${method}",outcome="${outcome}"[^}]*\\} (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
  };

  test('a passkey is added under its name; other sessions end, this one stays, the person is told', async () => {
    const account = await createPerson(service, 'adder');
    const [browser, other] = [await enter(account), await enter(account)];
    assert.match((await browser.get(SECURITY)).text, /None yet\. A passkey signs you in/);
    const page = await begin(browser, ' My <laptop> ');
    assert.match(page.text, /data-passkey="create"/);
    assert.match(page.text, /<script[^>]*passkey\.client/);
    assert.equal(fieldIn(page.text, 'name'), 'My &lt;laptop&gt;');
    assert.equal((await add(browser, new SoftwareAuthenticator(), 'My laptop')).location, `${SECURITY}?done=passkey-added`);
    const shown = (await browser.get(`${SECURITY}?done=passkey-added`)).text;
    const today = now().toISOString().slice(0, 10);
    assert.match(shown, new RegExp(`<strong>My laptop</strong>, added ${today}, not used yet`));
    assert.match(shown, /role="status">The passkey is added\.</);
    assert.equal(await browser.isSignedIn(), true);
    assert.equal(await other.isSignedIn(), false);
    assert.match(await mailTo(browser, account.email, 'security of your account'), /passkey was added/);
  });

  test('it signs its person in by itself, with two factors, and leads to what was asked for', async () => {
    const { account, browser, authenticator } = await enrol('keyed');
    const before = await outcomes('passkey', 'passed');
    const fresh = new TestBrowser(service.url);
    assert.match((await fresh.get(`${SIGN_IN}?return_to=%2Fdocs`)).text, /action="\/accounts\/sign-in\/passkey\/begin"/);
    const page = await beginSignIn(fresh);
    assert.match(page.text, /data-passkey="get"/);
    assert.match(page.text, /<script[^>]*passkey\.client/);
    assert.match(page.text, /href="\/accounts\/sign-in\?return_to=%2Fdocs"/);
    assert.equal(askedFor(page.text).allowCredentials, undefined, 'nobody is told whose passkeys there are');
    const entered = await finishSignIn(fresh, page.text, authenticator);
    assert.deepEqual([entered.status, entered.location], [303, '/docs']);
    assert.deepEqual((await factorsOf(fresh)).toSorted(), [1, 2]);
    assert.equal(await outcomes('passkey', 'passed'), before + 1);
    assert.match((await browser.get(SECURITY)).text, new RegExp(`last used ${now().toISOString().slice(0, 10)}`));
    assert.equal((await finishSignIn(fresh, page.text, authenticator)).status, 410, 'an attempt is for one answer');
    // Known by its cookie from now on, the browser is not held up by guesses from elsewhere.
    for (let times = 0; times < 6; times += 1) await new TestBrowser(service.url).signIn(account, 'guessing once more');
    assert.equal((await new TestBrowser(service.url).signIn(account)).status, 429);
    assert.equal((await fresh.signIn(account)).status, 200);
  });

  test('beside the password it is the second factor: one of the person’s, and a recovery code stands in', async () => {
    const { account, authenticator } = await enrol('second');
    const { authenticator: stranger } = await enrol('stranger');
    const fresh = new TestBrowser(service.url);
    const page = await fresh.signIn(account, undefined, { return_to: '/docs' });
    assert.equal(page.status, 200);
    assert.deepEqual(askedFor(page.text).allowCredentials?.map(({ id }) => id), [authenticator.made[0]?.id]);
    assert.match(page.text, /<label for="code">Recovery code</);
    assert.match(page.text, /<script[^>]*passkey\.client/);
    const before = await outcomes('passkey', 'failed');
    const refused = await finishSignIn(fresh, page.text, stranger);
    assert.equal(refused.status, 403);
    assert.match(refused.text, /This passkey is not known here/);
    assert.equal(await outcomes('passkey', 'failed'), before + 1);
    assert.ok(service.logLines.some((line) => line.includes('"msg":"a sign-in failed"') && line.includes('"signIn":{"method":"passkey","outcome":"failed"')));
    assert.equal(await fresh.isSignedIn(), false);
    const again = await fresh.signIn(account, undefined, { return_to: '/docs' });
    const entered = await finishSignIn(fresh, again.text, authenticator);
    assert.deepEqual([entered.status, entered.location], [303, '/docs']);

    const [code = ''] = await replaceCodes(service.database.owner, account);
    const other = new TestBrowser(service.url);
    const third = await other.signIn(account);
    assert.equal((await other.post(`${SIGN_IN}/code`, { attempt: fieldIn(third.text, 'attempt'), code })).status, 303);
    assert.equal(await outcomes('recovery-code', 'passed'), 1);
  });

  test('a passkey of an account that is disabled, or that was removed, opens nothing', async () => {
    const [disabled, removed] = [await enrol('disabled'), await enrol('removed')];
    await changeAccount(service.database.owner, disabled.account, { disabled: true });
    assert.equal((await removed.browser.post(`${SECURITY}/passkeys/removal`, { id: removed.authenticator.made[0]?.id ?? '' })).location, `${SECURITY}?done=passkey-removed`);
    for (const { authenticator } of [disabled, removed]) {
      const fresh = new TestBrowser(service.url);
      assert.equal((await finishSignIn(fresh, (await beginSignIn(fresh)).text, authenticator)).status, 403);
      assert.equal(await fresh.isSignedIn(), false);
    }
  });

  test('its removal ends the other sessions, is told, and takes the recovery codes of the last factor along', async () => {
    const { account, browser, authenticator } = await enrol('remover');
    await browser.post(`${SECURITY}/recovery-codes`, { confirm: 'yes' });
    assert.match((await browser.get(SECURITY)).text, /You have 10 left/);
    await add(browser, authenticator, 'Other');
    const [first, second] = authenticator.made;
    await browser.post(`${SECURITY}/passkeys/removal`, { id: first?.id ?? '' });
    assert.match((await browser.get(SECURITY)).text, /You have 10 left/, 'another factor is left');
    await browser.post(`${SECURITY}/passkeys/removal`, { id: second?.id ?? '' });
    assert.match((await browser.get(SECURITY)).text, /You have none/);
    assert.match(await mailTo(browser, account.email, 'security of your account'), /passkey was removed/);
    assert.deepEqual(await listPasskeys(service.database.owner, account), []);
    assert.equal((await browser.post(`${SECURITY}/passkeys/removal`, { id: second?.id ?? '' })).location, `${SECURITY}?done=passkey-removed`, 'one that is gone is as good');
  });

  test('an answer counts for the attempt that it was asked by, of its own person, for five minutes, once', async (t) => {
    t.after(() => (offsetMs = 0));
    const [mine, theirs] = [await enter(await createPerson(service, 'mine')), await enter(await createPerson(service, 'theirs'))];
    const authenticator = new SoftwareAuthenticator();
    const page = (await begin(theirs)).text;
    const answer = JSON.stringify(authenticator.create(askedToMake(page), own()));
    const finish = (browser: TestBrowser, attempt: string, given = answer) => browser.post(`${SECURITY}/passkeys`, { attempt, name: 'Key', answer: given });
    assert.equal((await finish(mine, fieldIn(page, 'attempt'))).location, `${SECURITY}?problem=expired`);
    assert.equal((await finish(theirs, fieldIn(page, 'attempt'))).location, `${SECURITY}?problem=expired`, 'it was taken by that');
    const other = (await begin(theirs)).text;
    assert.equal((await finish(theirs, fieldIn(other, 'attempt'))).location, `${SECURITY}?problem=passkey-refused`, 'of another challenge');
    assert.match((await theirs.get(`${SECURITY}?problem=passkey-refused`)).text, /role="alert"[^>]*>The passkey could not be added\. Try again\./);
    const late = (await begin(theirs)).text;
    offsetMs = 5 * minuteMs + 1;
    const lateAnswer = JSON.stringify(authenticator.create(askedToMake(late), own()));
    assert.equal((await finish(theirs, fieldIn(late, 'attempt'), lateAnswer)).location, `${SECURITY}?problem=expired`);
  });

  test('what is no JSON, or too long, is no answer', async () => {
    const browser = await enter(await createPerson(service, 'garbled'));
    const attempt = 'A'.repeat(43);
    for (const [path, fields] of [[`${SECURITY}/passkeys`, { name: 'Key' }], [`${SIGN_IN}/passkey`, {}]] as const) {
      for (const answer of ['{', `"${'a'.repeat(16_384)}"`]) assert.equal((await browser.post(path, { attempt, answer, ...fields }, { accept: 'application/problem+json' })).status, 400, path);
      const { text } = await browser.post(path, { attempt, answer: '{', ...fields }, { accept: 'application/problem+json' });
      assert.match(text, /This must be what the browser answered, as JSON/);
    }
    assert.equal((await browser.post(`${SIGN_IN}/passkey`, { attempt, answer: '{}' })).status, 410, 'an attempt that nobody began');
  });

  test('a person has so many passkeys and no more', async () => {
    const account = await createPerson(service, 'collector');
    const browser = await enter(account);
    for (let index = 1; index < MOST_PASSKEYS; index += 1) await addPasskey(service.database.owner, account, { id: `collected-${index}`, name: `Key ${index}`, publicKey: new Uint8Array(8), counter: 0, transports: [] }, now());
    assert.equal((await add(browser, new SoftwareAuthenticator())).location, `${SECURITY}?done=passkey-added`);
    assert.equal((await begin(browser)).location, `${SECURITY}?problem=passkey-limit`);
    assert.match((await browser.get(`${SECURITY}?problem=passkey-limit`)).text, /You have as many passkeys as can be kept/);
  });
});
