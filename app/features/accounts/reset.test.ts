import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { until } from '#app/testing/condition.ts';
import { startTestService, type TestService } from '#app/testing/service.ts';
import { changeAccount, readAccount, setTotpSecret } from './store.ts';
import { tablesOf } from './tables.ts';
import { createPerson, fieldIn, linkIn, mailTo, PASSWORD, TestBrowser, testKeys } from './proofs/test-person.ts';

const NEW_PASSWORD = 'seven quiet violins at dawn';
const minuteMs = 60_000;

describe('a new password by mail', () => {
  let service: TestService;
  let offsetMs = 0;
  // It stands still, so that no delay ends on a slow machine before the test has looked.
  const start = Date.now();
  const visit = () => new TestBrowser(service.url);
  before(async () => (service = await startTestService({ environment: { TRUSTED_PROXIES: '1' }, clock: () => new Date(start + offsetMs) })));
  after(() => service.close());

  const ask = (browser: TestBrowser, account: { readonly tenantId: string; readonly email: string }) => browser.post('/accounts/reset-request', { organisation: account.tenantId, email: account.email });
  const askForLink = async (account: { readonly tenantId: string; readonly email: string }) => {
    const browser = visit();
    assert.equal((await ask(browser, account)).status, 200);
    return linkIn(await mailTo(browser, account.email, 'Set a new password'));
  };
  const use = (browser: TestBrowser, link: string, password: string) => browser.post('/accounts/reset', { token: new URL(link, service.url).searchParams.get('token') ?? '', password });

  test('ASVS 6.3.6, 6.3.7 and 7.4.3: the link sets it once; all sessions end, the person is told, and nobody is signed in by it', async () => {
    const account = await createPerson(service, 'forgetful');
    const before = visit();
    await before.signIn(account);
    const link = await askForLink(account);
    const browser = visit();
    assert.equal(fieldIn((await browser.get(link)).text, 'token').length, 43);
    assert.equal((await browser.get(link)).status, 200, 'a look at the page does not use it up');
    const done = await use(browser, link, NEW_PASSWORD);
    assert.deepEqual([done.status, done.location], [303, '/accounts/sign-in?done=reset']);
    assert.equal(await browser.isSignedIn(), false);
    assert.equal(await before.isSignedIn(), false);
    assert.match(await mailTo(browser, account.email, 'security of your account'), /Your password was changed\. All other sessions were ended\./);
    assert.equal((await use(browser, link, 'another long one, please')).status, 410);
    assert.equal((await browser.get(link)).status, 410);
    assert.equal((await visit().signIn(account, PASSWORD)).status, 422);
    assert.equal((await visit().signIn(account, NEW_PASSWORD)).status, 303);
  });

  test('ASVS 6.4.3: a new password goes round no second factor', async () => {
    const account = await createPerson(service, 'twofold');
    await setTotpSecret(service.database.owner, account, testKeys.seal('JBSWY3DPEHPK3PXP', `authenticator ${account.id}`));
    const browser = visit();
    const done = await use(browser, await askForLink(account), NEW_PASSWORD);
    assert.deepEqual([done.status, await browser.isSignedIn()], [303, false]);
    const asked = await browser.signIn(account, NEW_PASSWORD);
    assert.deepEqual([asked.status, await browser.isSignedIn()], [200, false]);
    assert.match(asked.text, /One more step/);
    assert.notEqual((await readAccount(service.database.owner, account))?.totpSecret, null);
  });

  test('ASVS 6.3.8: the answer is the same for an account that is not there, which gets no mail', async () => {
    const account = await createPerson(service, 'answered');
    const answers = [await ask(visit(), account), await ask(visit(), { tenantId: 'acme', email: 'stranger@acme.test' })];
    assert.equal(answers[0]?.text, answers[1]?.text);
    await mailTo(visit(), account.email, 'Set a new password');
    assert.doesNotMatch((await visit().get('/accounts/mailbox')).text, /stranger@/);
  });

  test('ASVS 6.5.5: a link is good for ten minutes', async (t) => {
    t.after(() => (offsetMs = 0));
    const link = await askForLink(await createPerson(service, 'slow'));
    offsetMs = 9 * minuteMs;
    assert.equal((await visit().get(link)).status, 200);
    offsetMs = 10 * minuteMs + 1_000;
    assert.equal((await use(visit(), link, NEW_PASSWORD)).status, 410);
  });

  test('of many who use a link at once, one sets the password', async () => {
    const link = await askForLink(await createPerson(service, 'raced'));
    const answers = await Promise.all(Array.from({ length: 6 }, (_, index) => use(visit(), link, `${NEW_PASSWORD} ${index}`)));
    assert.deepEqual(answers.map(({ status }) => status).toSorted(), [303, 410, 410, 410, 410, 410]);
  });

  test('another link that was under way is void once a password is set', async () => {
    const account = await createPerson(service, 'twolinks');
    const [first, second] = [await askForLink(account), await askForLink(account)];
    await until('the second link', async () => (await visit().get('/accounts/mailbox')).text.includes(second));
    assert.equal((await use(visit(), second, NEW_PASSWORD)).status, 303);
    assert.equal((await use(visit(), first, 'a third password for it')).status, 410);
  });

  test('ASVS 6.2.1, 6.2.4 and 6.2.11: 15 characters alone, 8 beside a second factor; no common one, and none of one’s own name; the link lasts until a good one is set', async () => {
    const account = await createPerson(service, 'chooser');
    const link = await askForLink(account);
    const browser = visit();
    for (const [password, problem] of [['fourteen chars', /at least 15/], ['passwordpassword1', /guessed first/], ['Person.chooser.acme', /too little in it/], ['x'.repeat(129), /at most 128/]] as const) {
      const answer = await use(browser, link, password);
      assert.equal(answer.status, 422, password);
      assert.match(answer.text, problem);
      assert.doesNotMatch(answer.text, new RegExp(`value="${password}"`));
    }
    await setTotpSecret(service.database.owner, account, testKeys.seal('JBSWY3DPEHPK3PXP', `authenticator ${account.id}`));
    assert.match((await browser.get(link)).text, /minlength="8"/);
    assert.match((await use(browser, link, 'seven77')).text, /at least 8/);
    assert.equal((await use(browser, link, 'nine lions')).status, 303);
    assert.equal((await readAccount(service.database.owner, account))?.passwordStandsAlone, false);
    for (const [password, standsAlone] of [['fourteen char.', false], ['fifteen, chars.', true]] as const) {
      const other = await createPerson(service, `chooser-${password.length}`);
      await setTotpSecret(service.database.owner, other, testKeys.seal('JBSWY3DPEHPK3PXP', `authenticator ${other.id}`));
      assert.equal((await use(browser, await askForLink(other), password)).status, 303);
      assert.equal((await readAccount(service.database.owner, other))?.passwordStandsAlone, standsAlone, password);
    }
  });

  test('the pages say what is asked for, what was done and what was wrong', async () => {
    const account = await createPerson(service, 'paged');
    const asked = (await visit().get('/accounts/reset-request')).text;
    assert.match(asked, /<title>New password/);
    assert.doesNotMatch(asked, /role="status"/);
    assert.match((await ask(visit(), account)).text, /role="status">If there is such an account, a mail with a link is on its way\.</);
    const link = linkIn(await mailTo(visit(), account.email, 'Set a new password'));
    const form = (await visit().get(link)).text;
    assert.match(form, /value="paged@acme\.test"/);
    assert.match(form, /minlength="15" aria-describedby="password-hint">/);
    assert.doesNotMatch(form, /aria-invalid|role="alert"/);
    const refused = (await use(visit(), link, 'short')).text;
    assert.match(refused, /aria-describedby="password-hint problem" aria-invalid="true"/);
    assert.match(refused, /role="alert" id="problem">That is too short: take at least 15 characters\.</);
    const expired = await visit().post('/accounts/reset', { token: 'A'.repeat(43), password: NEW_PASSWORD }, { accept: 'application/problem+json' });
    assert.match(expired.text, /link-expired.*This link has expired or was used before\. Ask for a new one\./);
  });

  test('who asks for many from one address has to wait', async () => {
    const browser = new TestBrowser(service.url, '192.0.2.9');
    const statuses: number[] = [];
    for (let times = 0; times < 22; times += 1) statuses.push((await ask(browser, { tenantId: 'acme', email: `nobody-${times}@acme.test` })).status);
    assert.deepEqual(statuses, [...Array.from({ length: 21 }, () => 200), 429]);
    const { text } = await browser.post('/accounts/reset-request', { organisation: 'acme', email: 'nobody@acme.test' }, { accept: 'application/problem+json' });
    assert.match(text, /too-many-requests.*Too many attempts: try again in/);
    assert.deepEqual(service.logLines.filter((line) => line.includes('TypeError')), [], 'nobody is no fault');
  });

  test('an account that is disabled gets no link, and one that it had is void', async () => {
    const account = await createPerson(service, 'closed');
    const link = await askForLink(account);
    await changeAccount(service.database.owner, account, { disabled: true });
    assert.equal((await visit().get(link)).status, 410);
    assert.equal((await use(visit(), link, NEW_PASSWORD)).status, 410);
    await ask(visit(), account);
    await askForLink(await createPerson(service, 'open'));
    assert.equal((await visit().get('/accounts/mailbox')).text.split(`To ${account.email}<`).length - 1, 1);
  });

  test('the token is kept as a hash alone, and the mail encrypted', async () => {
    const account = await createPerson(service, 'hidden');
    const link = await askForLink(account);
    const token = new URL(link, service.url).searchParams.get('token') ?? '';
    const rows = await tablesOf(service.database.owner).selectFrom('account_token').selectAll().execute();
    assert.ok(rows.length > 0);
    assert.ok(!JSON.stringify(rows).includes(token));
    assert.ok(rows.every(({ token_hash: hash }) => hash.length === 32));
  });

  test('one who asks over and over fills no mailbox', async () => {
    const account = await createPerson(service, 'flooded');
    for (let times = 0; times < 12; times += 1) await ask(visit(), account);
    const count = async () => (await visit().get('/accounts/mailbox')).text.split(`To ${account.email}<`).length - 1;
    await until('the mails before the first delay', async () => (await count()) >= 5);
    await askForLink(await createPerson(service, 'afterwards'));
    assert.equal(await count(), 5);
  });
});
