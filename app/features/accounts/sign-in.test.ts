import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startTestService, type TestService } from '#app/testing/service.ts';
import { codeAt } from './authenticator.ts';
import { addPasskey } from './passkeys.ts';
import { replaceCodes } from './recovery-codes.ts';
import { changeAccount, readAccount, setTotpSecret } from './store.ts';
import { explainDelay } from './sign-in.ts';
import { createPerson, fieldIn, mailTo, PASSWORD, TestBrowser, testKeys } from './proofs/test-person.ts';

const SECRET = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP';
const minuteMs = 60_000;

describe('signing in with an account', () => {
  let service: TestService;
  let offsetMs = 0;
  // It stands still, so that no delay ends on a slow machine before the test has looked.
  const start = Date.now();
  const now = () => new Date(start + offsetMs);
  const visit = () => new TestBrowser(service.url);
  before(async () => (service = await startTestService({ environment: { TRUSTED_PROXIES: '1' }, clock: now })));
  after(() => service.close());

  const addAuthenticator = async (account: { readonly tenantId: string; readonly id: string }) => {
    await setTotpSecret(service.database.owner, account, testKeys.seal(SECRET, `authenticator ${account.id}`));
  };

  test('a person who is nobody yet chooses a way in, signs in with a password, and comes to what they asked for', async () => {
    const account = await createPerson(service, 'plain');
    const browser = visit();
    const asked = await browser.get('/account/sessions');
    assert.equal(asked.location, '/sign-in?return_to=%2Faccount%2Fsessions');
    const choice = await browser.get(asked.location);
    assert.match(choice.text, /href="\/accounts\/sign-in\?return_to=%2Faccount%2Fsessions"/);
    const form = await browser.get('/accounts/sign-in?return_to=%2Faccount%2Fsessions');
    assert.equal(fieldIn(form.text, 'return_to'), '/account/sessions');
    const entered = await browser.signIn(account, PASSWORD, { return_to: '/account/sessions' });
    assert.deepEqual([entered.status, entered.location], [303, '/account/sessions']);
    assert.match((await browser.get('/account/sessions')).text, /This browser/);
    const { rows } = { rows: (await browser.json('GET', '/api/v1/sessions')).body as { sessions: { factors: number }[] } };
    assert.deepEqual(rows.sessions.map(({ factors }) => factors), [1]);
  });

  test('every outcome is counted by its method, and a failure is in the log without a name', async (t) => {
    t.after(() => (offsetMs = 0));
    const account = await createPerson(service, 'counted');
    const count = async (method: string, outcome: string) => Number(new RegExp(`^stockade_sign_ins_total\\{[^}]*way="${method}",outcome="${outcome}"[^}]*\\} (\\d+)$`, 'm').exec(await (await fetch(`${service.adminUrl}/metrics`)).text())?.[1] ?? 0);
    const of = async (method: string, ...outcomes: readonly string[]) => Promise.all(outcomes.map((outcome) => count(method, outcome)));
    const logged = (msg: string, outcome: string, method = 'password') => service.logLines.filter((line) => line.includes(`"msg":"${msg}"`) && line.includes(`"signIn":{"method":"${method}","outcome":"${outcome}"`)).length;
    const [passed = 0, failed = 0, delayed = 0] = await of('password', 'passed', 'failed', 'delayed');
    const [failures, delays, factorFailures] = [logged('a sign-in failed', 'failed'), logged('a sign-in was delayed', 'delayed'), logged('a second factor failed', 'failed', 'code')];
    await visit().signIn(account);
    for (let times = 0; times < 6; times += 1) await visit().signIn(account, 'guessing once more');
    assert.deepEqual(await of('password', 'passed', 'failed', 'delayed'), [passed + 1, failed + 5, delayed + 1]);
    assert.deepEqual([logged('a sign-in failed', 'failed'), logged('a sign-in was delayed', 'delayed')], [failures + 5, delays + 1]);

    const [codes, wrong] = [await count('authenticator', 'passed'), await count('code', 'failed')];
    await addAuthenticator(account);
    offsetMs = minuteMs;
    const browser = visit();
    const attempt = fieldIn((await browser.signIn(account)).text, 'attempt');
    await browser.post('/accounts/sign-in/code', { attempt, code: '1234567' });
    await browser.post('/accounts/sign-in/code', { attempt, code: codeAt(SECRET, now()) });
    assert.deepEqual([await count('authenticator', 'passed'), await count('code', 'failed')], [codes + 1, wrong + 1]);
    assert.equal(logged('a second factor failed', 'failed', 'code'), factorFailures + 1);
  });

  test('six digits are no code of a person who has no authenticator app', async () => {
    const account = await createPerson(service, 'appless');
    await addPasskey(service.database.owner, account, { id: 'of-the-appless', name: 'Key', publicKey: new Uint8Array(8), counter: 0, transports: [] }, now());
    const browser = visit();
    const answer = await browser.post('/accounts/sign-in/code', { attempt: fieldIn((await browser.signIn(account)).text, 'attempt'), code: '123456' });
    assert.equal(answer.status, 422);
    assert.match(answer.text, />Recovery code</);
  });

  test('a browser that its person has used is counted by itself at the second step too', async (t) => {
    t.after(() => (offsetMs = 0));
    const account = await createPerson(service, 'stepping');
    const known = visit();
    await known.signIn(account);
    await addAuthenticator(account);
    const begin = async (browser: TestBrowser) => fieldIn((await browser.signIn(account)).text, 'attempt');
    const guess = async (browser: TestBrowser, attempt: string) => (await browser.post('/accounts/sign-in/code', { attempt, code: '1234567' })).status;
    const stranger = visit();
    for (let times = 0; times < 5; times += 1) assert.equal(await guess(stranger, await begin(stranger)), 422);
    assert.equal(await guess(stranger, await begin(stranger)), 429);
    const delayed = await stranger.post('/accounts/sign-in/code', { attempt: await begin(stranger), code: '1234567' });
    assert.match(delayed.text, /try again in 1 seconds/);
    assert.match(delayed.text, /Code of your authenticator app, or a recovery code/);
    const attempt = await begin(known);
    for (let times = 0; times < 4; times += 1) assert.equal(await guess(known, attempt), 422, 'the stranger’s guesses are not counted here');
    assert.equal((await known.post('/accounts/sign-in/code', { attempt, code: codeAt(SECRET, now()) })).status, 303);
    const again = await begin(known);
    for (let times = 0; times < 4; times += 1) await guess(known, again);
    const other = await begin(known);
    assert.equal(await guess(known, other), 422);
    assert.equal(await guess(known, other), 429, 'its own are');
  });

  test('how long to wait is said in seconds, from two minutes on in minutes', () => {
    assert.deepEqual([1, 119, 120, 121, 900].map(explainDelay), ['Too many attempts: try again in 1 seconds.', 'Too many attempts: try again in 119 seconds.', 'Too many attempts: try again in 2 minutes.', 'Too many attempts: try again in 3 minutes.', 'Too many attempts: try again in 15 minutes.']);
  });

  test('the page says what is asked for, and what was done', async () => {
    assert.match((await visit().get('/accounts/sign-in?factors=2')).text, /What you asked for takes two factors: a passkey, or your password and a code\./);
    assert.doesNotMatch((await visit().get('/accounts/sign-in?factors=1')).text, /takes two factors/);
    assert.match((await visit().get('/accounts/sign-in?done=reset')).text, /role="status">Your password is set\. Sign in with it\.</);
    const plain = (await visit().get('/accounts/sign-in')).text;
    assert.match(plain, /<title>Sign in/);
    assert.match(plain, /Development mailbox/);
    assert.doesNotMatch(plain, /role="status"|role="alert"/);
    const account = await createPerson(service, 'shown');
    const wrong = await visit().signIn(account, 'not the password at all', { return_to: '/docs' });
    assert.match(wrong.text, /role="alert"[^>]*>That organisation, email and password do not belong together\.</);
    assert.deepEqual([fieldIn(wrong.text, 'return_to'), /name="organisation"[^>]*value="acme"/.test(wrong.text), /name="email"[^>]*value="shown@acme\.test"/.test(wrong.text)], ['/docs', true, true]);
    await addAuthenticator(account);
    const browser = visit();
    const step = await browser.signIn(account, PASSWORD, { return_to: '/docs' });
    assert.match(step.text, /<title>Second step/);
    assert.match(step.text, /Code of your authenticator app, or a recovery code/);
    assert.equal(fieldIn(step.text, 'return_to'), '/docs');
    assert.doesNotMatch(step.text, /data-passkey/);
    const bad = await browser.post('/accounts/sign-in/code', { attempt: fieldIn(step.text, 'attempt'), code: '1234567', return_to: '/docs' });
    assert.match(bad.text, /role="alert"[^>]*>That code is not good, or was used before\.</);
    assert.deepEqual([fieldIn(bad.text, 'attempt'), fieldIn(bad.text, 'return_to')], [fieldIn(step.text, 'attempt'), '/docs']);
    const expired = await browser.post('/accounts/sign-in/code', { attempt: 'A'.repeat(43), code: '123456' }, { accept: 'application/problem+json' });
    assert.match(expired.text, /sign-in-expired.*This sign-in has expired, or was tried too often\. Begin again\./);
  });

  test('the cookie by which a browser is known lasts half a year', async () => {
    const answer = await visit().signIn(await createPerson(service, 'kept'));
    assert.ok(answer.headers.getSetCookie().some((cookie) => /^accounts=[\w-]{64}; Path=\/; Max-Age=15552000; HttpOnly/.test(cookie)), JSON.stringify(answer.headers.getSetCookie()));
  });

  test('CWE-601: a place on another origin is no place to come back to', async () => {
    const account = await createPerson(service, 'redirected');
    assert.equal((await visit().signIn(account, PASSWORD, { return_to: 'https://evil.example/' })).location, '/');
  });

  test('ASVS 6.3.8: a wrong password, an account that is not there, one without a password and one that is disabled get the same answer', async () => {
    const [known, invited, disabled] = [await createPerson(service, 'known'), await createPerson(service, 'invited', { password: null }), await createPerson(service, 'disabled')];
    await changeAccount(service.database.owner, disabled, { disabled: true });
    const answers = [
      await visit().signIn(known, 'not the password at all'),
      await visit().signIn({ tenantId: 'acme', email: 'nobody@acme.test' }),
      await visit().signIn({ tenantId: 'nowhere', email: known.email }),
      await visit().signIn(invited),
      await visit().signIn(disabled),
    ];
    const shown = answers.map(({ text }) => text.replaceAll(/value="[^"]*"/g, ''));
    for (const [index, answer] of answers.entries()) {
      assert.equal(answer.status, 422);
      assert.deepEqual(answer.headers.getSetCookie(), []);
      assert.equal(shown[index], shown[0]);
    }
  });

  test('ASVS 6.2.8: a password counts as it was typed, to the last of 128 characters; the email may be typed in capitals, either in another form of Unicode', async () => {
    const account = await createPerson(service, 'unicode', { password: 'pâté à la crème brûlée' });
    assert.equal((await visit().signIn({ ...account, email: ' UNICODE@Acme.test ' }, 'pâté à la crème brûlée'.normalize('NFD'))).status, 303);
    for (const wrong of ['Pâté à la crème brûlée', ' pâté à la crème brûlée', 'pâté à la crème brûlé']) assert.equal((await visit().signIn(account, wrong)).status, 422, wrong);
    const longest = `${'seven quiet violins at dawn, '.repeat(5).slice(0, 127)}!`;
    const other = await createPerson(service, 'longest', { password: longest });
    assert.equal((await visit().signIn(other, longest.slice(0, -1))).status, 422);
    assert.equal((await visit().signIn(other, longest)).status, 303);
  });

  test('ASVS 6.2.10: a password stays good: years later it signs in, and nobody is asked for a new one', async (t) => {
    t.after(() => (offsetMs = 0));
    const account = await createPerson(service, 'faithful');
    const browser = visit();
    offsetMs = 5 * 366 * 24 * 60 * minuteMs;
    assert.deepEqual((({ status, location }) => [status, location])(await browser.signIn(account, PASSWORD, { return_to: '/docs' })), [303, '/docs']);
    assert.equal(await browser.isSignedIn(), true);
  });

  test('ASVS 7.2.4: a sign-in begins a new session, and ends the one that the browser had', async () => {
    const account = await createPerson(service, 'twice');
    const browser = visit();
    await browser.signIn(account);
    const first = browser.jar.read(service.url);
    await browser.signIn(account);
    assert.notEqual(browser.jar.read(service.url), first);
    assert.equal((await fetch(`${service.url}/api/v1/sessions`, { headers: { cookie: first } })).status, 401);
  });

  test('a digest of other parameters is replaced when its person signs in (ASVS 11.4.2)', async () => {
    const account = await createPerson(service, 'old');
    const { hash } = await import('argon2');
    const pepper = testKeys.pepper('development');
    assert.ok(pepper);
    const old = `development:${await hash(PASSWORD, { memoryCost: 8_192, timeCost: 1, parallelism: 1, secret: pepper })}`;
    await service.database.owner.updateTable('account' as never).set({ password_hash: old } as never).where('id' as never, '=', account.id as never).execute();
    assert.equal((await visit().signIn(account, 'something else than it')).status, 422);
    assert.equal((await readAccount(service.database.owner, account))?.passwordHash, old, 'a failure replaces nothing');
    assert.equal((await visit().signIn(account)).status, 303);
    assert.match((await readAccount(service.database.owner, account))?.passwordHash ?? '', /^development:\$argon2id\$v=19\$m=19456,p=1,t=2\$/);
    assert.equal((await visit().signIn(account)).status, 303);
  });

  test('ASVS 6.3.1: guessing is slowed down by the account, and nobody can lock out a browser that its person has used before', async (t) => {
    t.after(() => (offsetMs = 0));
    const account = await createPerson(service, 'guessed');
    const own = visit();
    assert.equal((await own.signIn(account)).status, 303);
    const guess = (browser = visit()) => browser.signIn(account, 'guessing once more');
    for (let times = 0; times < 5; times += 1) assert.equal((await guess()).status, 422);
    const delayed = await guess();
    assert.equal(delayed.status, 429);
    assert.match(delayed.text, /try again in 1 seconds/);
    assert.equal((await visit().signIn(account)).status, 429, 'the right password does not help in another browser');
    assert.equal((await own.signIn(account)).status, 303, 'in the person’s own it does');
    offsetMs += 2_000;
    assert.equal((await guess()).status, 422);
    assert.match((await guess()).text, /try again in 2 seconds/);
    offsetMs += 3_000;
    assert.equal((await visit().signIn(account)).status, 303);
    for (let times = 0; times < 4; times += 1) assert.equal((await guess()).status, 422, 'a good sign-in begins the count anew');
  });

  test('one account is counted under one name, however its email is spelt', async () => {
    const statuses: number[] = [];
    for (const email of ['josé@acme.test', 'jose\u0301@acme.test', 'JOSÉ@ACME.TEST', ' josé@acme.test', 'JOSE\u0301@acme.test', 'josé@Acme.test']) statuses.push((await visit().signIn({ tenantId: 'acme', email }, 'guessing once more')).status);
    assert.deepEqual(statuses, [422, 422, 422, 422, 422, 429]);
  });

  test('guessing is slowed down by the address too, over many accounts, unknown ones among them', async (t) => {
    t.after(() => (offsetMs = 0));
    const statuses: number[] = [];
    for (let index = 0; index < 23; index += 1) statuses.push((await new TestBrowser(service.url, '192.0.2.7').signIn({ tenantId: 'acme', email: `spray-${index}@acme.test` }, 'Summer2026!Summer2026!')).status);
    assert.deepEqual(statuses.slice(0, 21), Array.from({ length: 21 }, () => 422));
    assert.equal(statuses[21], 429);
    assert.equal((await visit().signIn(await createPerson(service, 'elsewhere'))).status, 303);
  });

  test('ASVS 6.5.1: with an authenticator app the password opens nothing yet; its code does, once', async () => {
    const account = await createPerson(service, 'app');
    await addAuthenticator(account);
    const browser = visit();
    const asked = await browser.signIn(account, PASSWORD, { return_to: '/docs' });
    assert.equal(asked.status, 200);
    assert.deepEqual(asked.headers.getSetCookie(), []);
    const attempt = fieldIn(asked.text, 'attempt');
    const code = codeAt(SECRET, now());
    const wrong = await browser.post('/accounts/sign-in/code', { attempt, code: code === '000000' ? '000001' : '000000', return_to: '/docs' });
    assert.equal(wrong.status, 422);
    assert.equal(await browser.isSignedIn(), false);
    const entered = await browser.post('/accounts/sign-in/code', { attempt, code, return_to: '/docs' });
    assert.deepEqual([entered.status, entered.location], [303, '/docs']);
    const { sessions } = (await browser.json('GET', '/api/v1/sessions')).body as { sessions: { factors: number }[] };
    assert.deepEqual(sessions.map(({ factors }) => factors), [2]);

    assert.equal((await browser.post('/accounts/sign-in/code', { attempt, code })).status, 410, 'the attempt is over');
    const again = visit();
    const other = fieldIn((await again.signIn(account)).text, 'attempt');
    assert.equal((await again.post('/accounts/sign-in/code', { attempt: other, code })).status, 422, 'the code was used');
  });

  test('an attempt at the second step ends after five tries, or five minutes; guesses are slowed down over all attempts', async (t) => {
    t.after(() => (offsetMs = 0));
    const account = await createPerson(service, 'steps');
    await addAuthenticator(account);
    const browser = visit();
    const begin = async () => fieldIn((await browser.signIn(account)).text, 'attempt');
    let attempt = await begin();
    const wrong = () => browser.post('/accounts/sign-in/code', { attempt, code: '1234567' });
    const statuses: number[] = [];
    for (let times = 0; times < 6; times += 1) statuses.push((await wrong()).status);
    assert.deepEqual(statuses, [422, 422, 422, 422, 422, 410]);
    attempt = await begin();
    assert.equal((await wrong()).status, 429);
    offsetMs += 5 * minuteMs + 1_000;
    assert.equal((await browser.post('/accounts/sign-in/code', { attempt, code: codeAt(SECRET, now()) })).status, 410);
  });

  test('ASVS 6.5.8: a code is one of the service’s own time, whatever time a request tells', async (t) => {
    t.after(() => (offsetMs = 0));
    const account = await createPerson(service, 'timed');
    await addAuthenticator(account);
    const browser = visit();
    const attempt = fieldIn((await browser.signIn(account)).text, 'attempt');
    const then = new Date(now().getTime() + 2 * minuteMs);
    const code = codeAt(SECRET, then);
    assert.equal((await browser.post('/accounts/sign-in/code', { attempt, code }, { date: then.toUTCString() })).status, 422);
    assert.equal((await browser.post('/accounts/sign-in/code', { attempt, code, now: then.toISOString() })).status, 400);
    offsetMs = 2 * minuteMs;
    assert.equal((await browser.post('/accounts/sign-in/code', { attempt, code })).status, 303);
  });

  test('ASVS 6.3.7: a recovery code stands in for the second factor, once, and the person is told', async () => {
    const account = await createPerson(service, 'codes');
    await addAuthenticator(account);
    const [code = ''] = await replaceCodes(service.database.owner, account);
    const browser = visit();
    const begin = async () => fieldIn((await browser.signIn(account)).text, 'attempt');
    assert.equal((await browser.post('/accounts/sign-in/code', { attempt: await begin(), code: code.toUpperCase().replaceAll('-', ' ') })).status, 303);
    assert.match(await mailTo(browser, account.email, 'security of your account'), /A recovery code was used to sign in to your account\./);
    assert.equal((await visit().post('/accounts/sign-in/code', { attempt: await begin(), code })).status, 422);
  });

  test('ASVS 6.3.5: who signs in in a browser that is not known yet is told, and of a wrong code after the password; in their own nobody is', async () => {
    const account = await createPerson(service, 'watched');
    const own = visit();
    const mails = async () => (await own.get('/accounts/mailbox')).text.split('<li class="card">').filter((mail) => mail.includes(`To ${account.email}<`)).map((mail) => /that it had not been used|a wrong code/.exec(mail)?.[0]);
    assert.equal((await own.signIn(account)).status, 303);
    await mailTo(own, account.email, 'A sign-in to your account');
    assert.deepEqual(await mails(), ['that it had not been used']);
    assert.equal((await own.signIn(account)).status, 303);
    await addAuthenticator(account);
    const [thief, wrong] = [visit(), '12345'];
    for (const browser of [own, thief]) assert.equal((await browser.post('/accounts/sign-in/code', { attempt: fieldIn((await browser.signIn(account)).text, 'attempt'), code: wrong })).status, 422);
    await mailTo(own, account.email, 'a wrong code');
    assert.deepEqual(await mails(), ['a wrong code', 'that it had not been used']);
  });

  test('an account that is disabled between the two steps stays out', async () => {
    const account = await createPerson(service, 'gone');
    await addAuthenticator(account);
    const browser = visit();
    const attempt = fieldIn((await browser.signIn(account)).text, 'attempt');
    await changeAccount(service.database.owner, account, { disabled: true });
    assert.equal((await browser.post('/accounts/sign-in/code', { attempt, code: codeAt(SECRET, now()) })).status, 410);
  });

  test('CWE-352: another site’s page signs nobody in', async () => {
    const account = await createPerson(service, 'forged');
    const answer = await visit().post('/accounts/sign-in', { organisation: 'acme', email: account.email, password: PASSWORD }, { origin: 'https://evil.example', cookie: 'a=b' });
    assert.equal(answer.status, 403);
  });

  test('a service that is opened by its address offers no passkeys, and says why', async () => {
    assert.doesNotMatch((await visit().get('/accounts/sign-in')).text, /passkey\/begin/);
    const { status, text } = await visit().post('/accounts/sign-in/passkey/begin', { return_to: '/' }, { accept: 'application/problem+json' });
    assert.equal(status, 409);
    assert.match(text, /passkeys-need-a-name.*Passkeys need a host name: open the service by one \(PUBLIC_URL\)/);
    assert.equal((await visit().post('/accounts/sign-in/passkey', { attempt: 'A'.repeat(43), answer: '{}' })).status, 409);
  });

  test('ASVS 16.3.1: every try is logged with its way, its outcome and whose it was, and nobody’s without a name', async () => {
    const account = await createPerson(service, 'told');
    await addAuthenticator(account);
    const from = service.logLines.length;
    const browser = visit();
    await browser.signIn(account, 'not the password at all');
    await browser.signIn({ tenantId: 'acme', email: 'nobody-told@acme.test' });
    const attempt = fieldIn((await browser.signIn(account)).text, 'attempt');
    await browser.post('/accounts/sign-in/code', { attempt, code: '1234567' });
    await browser.post('/accounts/sign-in/code', { attempt, code: codeAt(SECRET, now()) });
    const lines = service.logLines.slice(from).map((line) => JSON.parse(line) as { msg: string; requestId?: string; signIn?: object }).filter(({ signIn }) => signIn !== undefined);
    const whose = { tenant: 'acme', account: account.id };
    assert.deepEqual(lines.map(({ msg, signIn }) => [msg, signIn]), [
      ['a sign-in failed', { method: 'password', outcome: 'failed', ...whose }],
      ['a sign-in failed', { method: 'password', outcome: 'failed' }],
      ['a second factor failed', { method: 'code', outcome: 'failed', ...whose }],
      ['signed in', { method: 'local', outcome: 'passed', factors: 2, tenant: 'acme', subject: `account:${account.id}` }],
    ]);
    assert.ok(lines.every(({ requestId }) => typeof requestId === 'string'));
  });

  test('no password, code or token is in the log (CWE-532)', async () => {
    const account = await createPerson(service, 'logged');
    await visit().signIn(account, 'canary of a wrong password');
    await visit().get('/accounts/reset?token=canaryTokencanaryTokencanaryTokencanaryTok1');
    assert.ok(service.logLines.length > 0);
    for (const line of service.logLines) assert.doesNotMatch(line, /canary|muddy boots|acme\.test/);
  });
});
