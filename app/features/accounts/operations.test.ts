import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startTestService, type TestService } from '#app/testing/service.ts';
import { createOperations } from './operations.ts';
import type { AccountParts } from './parts.ts';
import { countCodes, replaceCodes } from './recovery-codes.ts';
import { addPasskey, listPasskeys } from './passkeys.ts';
import { changeAccount, readAccount, setPassword, setTotpSecret, subjectIdOf } from './store.ts';
import { createPerson, linkIn, mailTo, PASSWORD, TestBrowser, testKeys, testPasswords } from './proofs/test-person.ts';

const minuteMs = 60_000;

interface Body {
  readonly id: string;
  readonly subject: string;
  readonly email: string;
  readonly roles: readonly string[];
  readonly hasPassword: boolean;
  readonly version: number;
  readonly code: string;
}

describe('accounts as managers keep them', () => {
  let service: TestService;
  let manager: TestBrowser;
  let own = '';
  let offsetMs = 0;
  before(async () => {
    service = await startTestService({ environment: { TRUSTED_PROXIES: '1' }, clock: () => new Date(Date.now() + offsetMs) });
    manager = new TestBrowser(service.url);
    const account = await createPerson(service, 'boss', { role: 'manager' });
    own = account.id;
    await manager.signIn(account);
  });
  after(() => service.close());

  const send = async (method: string, path: string, body?: object, headers: Readonly<Record<string, string>> = {}) => {
    const answer = await manager.json(method, `/api/v1/accounts${path}`, body, headers);
    return { ...answer, body: answer.body as Body };
  };
  const codeOf = ({ body }: { readonly body: Body }) => (body as unknown as { readonly type: string }).type.replace(/^.*\//, '');

  test('an account is made without a password; the invitation’s link sets one, and the person signs in', async () => {
    const made = await send('POST', '', { email: 'New.Person@Acme.test', name: 'New Person', roles: ['clerk', 'clerk'] });
    assert.equal(made.status, 201);
    assert.deepEqual([made.body.email, made.body.roles, made.body.hasPassword], ['New.Person@Acme.test', ['clerk'], false]);
    const link = linkIn(await mailTo(manager, 'New.Person@Acme.test', 'Your account'));
    const browser = new TestBrowser(service.url);
    assert.equal((await browser.post('/accounts/reset', { token: new URL(link, service.url).searchParams.get('token') ?? '', password: PASSWORD })).status, 303);
    assert.equal((await browser.signIn({ tenantId: 'acme', email: 'new.person@acme.test' })).status, 303);
    assert.equal((await send('GET', `/${made.body.id}`)).body.hasPassword, true);
    const again = await send('POST', '', { email: 'new.person@ACME.test', name: 'Other', roles: ['clerk'] });
    assert.deepEqual([again.status, codeOf(again)], [409, 'account-exists']);
  });

  test('ASVS 6.4.1: the invitation is good for a day, once, and is no password', async (t) => {
    t.after(() => (offsetMs = 0));
    const hourMs = 3_600_000;
    const invite = async (word: string) => {
      assert.equal((await send('POST', '', { email: `${word}@acme.test`, name: word, roles: ['clerk'] })).status, 201);
      return new URL(linkIn(await mailTo(manager, `${word}@acme.test`, 'Your account')), service.url).searchParams.get('token') ?? '';
    };
    const [early, late] = [await invite('early'), await invite('late')];
    assert.match(early, /^[A-Za-z0-9_-]{43}$/, '256 bits');
    assert.notEqual(early, late);
    const browser = new TestBrowser(service.url);
    const use = (token: string, password: string) => browser.post('/accounts/reset', { token, password });
    assert.equal((await browser.signIn({ tenantId: 'acme', email: 'early@acme.test' }, early)).status, 422);
    offsetMs = 23 * hourMs;
    assert.equal((await use(early, PASSWORD)).status, 303);
    assert.equal((await use(early, 'seven quiet violins at dawn')).status, 410);
    offsetMs = 24 * hourMs + 1_000;
    assert.equal((await use(late, PASSWORD)).status, 410);
  });

  test('ASVS 6.4.6: a manager has a link sent, and neither chooses the password nor sees the link', async () => {
    const account = await createPerson(service, 'helped');
    for (const [path, body] of [[`/${account.id}/invitations`, { password: 'chosen by the manager' }], ['', { email: 'x@acme.test', name: 'X', roles: ['clerk'], password: 'chosen by the manager' }]] as const) assert.equal((await send('POST', path, body)).status, 400, path);
    assert.equal((await send('PATCH', `/${account.id}`, { password: 'chosen by the manager' }, { 'if-match': '"1"' })).status, 400);
    const sent = await manager.json('POST', `/api/v1/accounts/${account.id}/invitations`);
    assert.deepEqual([sent.status, sent.body], [202, undefined]);
    await mailTo(manager, account.email, 'Your account');
    assert.equal((await new TestBrowser(service.url).signIn(account)).status, 303, 'the old one is good until the person sets another');
  });

  test('ASVS 6.4.4: a lost factor is removed by whoever may make accounts, as at enrolment, and neither by its person nor by a mail', async () => {
    const account = await createPerson(service, 'proven');
    await setTotpSecret(service.database.owner, account, testKeys.seal('JBSWY3DPEHPK3PXP', `authenticator ${account.id}`));
    const auditor = new TestBrowser(service.url);
    await auditor.signIn(await createPerson(service, 'checker', { role: 'auditor' }));
    assert.deepEqual([(await auditor.json('DELETE', `/api/v1/accounts/${account.id}/factors`)).status, (await auditor.json('POST', '/api/v1/accounts', { email: 'y@acme.test', name: 'Y', roles: ['clerk'] })).status], [403, 403]);
    const browser = new TestBrowser(service.url);
    await browser.post('/accounts/reset-request', { organisation: account.tenantId, email: account.email });
    const link = linkIn(await mailTo(browser, account.email, 'Set a new password'));
    assert.equal((await browser.post('/accounts/reset', { token: new URL(link, service.url).searchParams.get('token') ?? '', password: PASSWORD })).status, 303);
    assert.match((await browser.signIn(account)).text, /One more step/);
    assert.equal((await send('DELETE', `/${account.id}/factors`)).status, 204);
    assert.equal((await browser.signIn(account)).status, 303);
  });

  test('what is no address, no role or no name is refused', async () => {
    const address = (length: number) => `a@${'b'.repeat(60)}.${'c'.repeat(60)}.${'d'.repeat(60)}.${'e'.repeat(length - 62 * 3 - 1)}`;
    for (const [email, status] of [[`${'l'.repeat(64)}@x.test`, 201], [`${'l'.repeat(65)}@x.test`, 400], ['a@-b.test', 400], ['a@b..test', 400], ['a b@b.test', 400], ['@b.test', 400], ['a@@b.test', 400], ['a@b.test.', 400], [address(245), 201], [address(255), 400]] as const) {
      assert.equal((await send('POST', '', { email, name: 'A', roles: ['clerk'] })).status, status, email);
    }
    for (const [name, status] of [['n'.repeat(120), 201], ['n'.repeat(121), 400], ['', 400], ['  ', 400], ['a\u202eb', 400]] as const) {
      assert.equal((await send('POST', '', { email: `name-${name.length}@x.test`, name, roles: ['clerk'] })).status, status, name);
    }
    for (const body of [{ email: 'a@b', name: 'A', roles: ['clerk'] }, { email: 'a@b.test\r\nBcc: c@d.test', name: 'A', roles: ['clerk'] }, { email: 'a@b.test', name: 'A\nB', roles: ['clerk'] }, { email: 'a@b.test', name: 'A\u2028B', roles: ['clerk'] }, { email: 'a@b.test', name: 'A', roles: [] }, { email: 'a@b.test', name: 'A', roles: ['root'] }, { email: 'a@b.test', name: 'A', roles: ['clerk'], tenant_id: 'globex' }]) {
      assert.equal((await send('POST', '', body)).status, 400, JSON.stringify(body));
    }
  });

  test('ASVS 7.4.2: other roles, and disabling, end the person’s sessions at once; a new name does not', async () => {
    const account = await createPerson(service, 'promoted');
    const browser = new TestBrowser(service.url);
    await browser.signIn(account);
    const named = await send('PATCH', `/${account.id}`, { name: 'Renamed' }, { 'if-match': '"1"' });
    assert.equal(named.status, 200);
    assert.equal(await browser.isSignedIn(), true);
    assert.equal((await send('PATCH', `/${account.id}`, { roles: ['viewer'] }, { 'if-match': '"1"' })).status, 412);
    assert.equal((await send('PATCH', `/${account.id}`, { roles: ['viewer'] }, { 'if-match': '"2"' })).status, 200);
    assert.equal(await browser.isSignedIn(), false);
    await browser.signIn(account);
    assert.equal((await send('PATCH', `/${account.id}`, { disabled: true }, { 'if-match': '"3"' })).status, 200);
    assert.equal(await browser.isSignedIn(), false);
    assert.equal((await browser.signIn(account)).status, 422);
    const refused = await send('POST', `/${account.id}/invitations`);
    assert.deepEqual([refused.status, codeOf(refused)], [409, 'account-disabled']);
    assert.match(JSON.stringify(refused.body), /This account is disabled\./);
  });

  test('an invitation is sent again, to who has not set a password yet', async () => {
    const account = await createPerson(service, 'waiting', { password: null });
    assert.equal((await send('POST', `/${account.id}/invitations`)).status, 202);
    const mail = await mailTo(manager, account.email, 'Your account');
    assert.match(mail, /within 24 hours/);
    const browser = new TestBrowser(service.url);
    assert.equal((await browser.post('/accounts/reset', { token: new URL(linkIn(mail), service.url).searchParams.get('token') ?? '', password: PASSWORD })).status, 303);
    for (const [method, path] of [['POST', '/invitations'], ['DELETE', '/factors'], ['GET', ''], ['PATCH', '']] as const) {
      const unknown = await send(method, `/00000000-0000-4000-8000-000000000000${path}`, method === 'PATCH' ? { name: 'X' } : undefined, method === 'PATCH' ? { 'if-match': '"1"' } : {});
      assert.deepEqual([unknown.status, codeOf(unknown)], [404, 'account-not-found'], `${method} ${path}`);
    }
  });

  test('an account that is made or changed says where it is, and in which version', async () => {
    const made = await send('POST', '', { email: 'versioned@acme.test', name: 'Versioned', roles: ['clerk', 'viewer'] });
    assert.equal(made.headers.get('location'), `/api/v1/accounts/${made.body.id}`);
    assert.equal(made.headers.get('etag'), '"1"');
    const { createdAt, ...rest } = made.body as unknown as Record<string, unknown>;
    assert.ok(Math.abs(Date.parse(String(createdAt)) - Date.now()) < minuteMs);
    assert.deepEqual(rest, { id: made.body.id, subject: `account:${made.body.id}`, email: 'versioned@acme.test', name: 'Versioned', roles: ['clerk', 'viewer'], disabled: false, hasPassword: false, version: 1 });
    const changed = await send('PATCH', `/${made.body.id}`, { name: 'Renamed', roles: ['clerk', 'clerk'], disabled: true }, { 'if-match': '"1"' });
    assert.deepEqual([changed.headers.get('etag'), changed.body.roles, (changed.body as unknown as { disabled: boolean }).disabled], ['"2"', ['clerk'], true]);
    const read = await send('GET', `/${made.body.id}`);
    assert.deepEqual([read.headers.get('etag'), read.body], ['"2"', changed.body]);
    const stale = await send('PATCH', `/${made.body.id}`, { name: 'X' }, { 'if-match': '"1"' });
    assert.deepEqual([stale.status, codeOf(stale)], [412, 'precondition-failed']);
  });

  test('every operation says what it does, and each of its answers what it means', () => {
    for (const operation of createOperations({} as AccountParts)) {
      assert.match(operation.summary, /^[A-Z]/, operation.operationId);
      for (const [status, response] of Object.entries(operation.responses as Readonly<Record<string, { readonly description?: string }>>)) assert.match(response.description ?? '', /\w{3,}/, `${operation.operationId} ${status}`);
    }
  });

  test('ASVS 6.4.4: nobody raises or ends their own rights, nor goes round their own second factor', async () => {
    for (const change of [{ roles: ['auditor'] }, { disabled: true }]) assert.equal(codeOf(await send('PATCH', `/${own}`, change, { 'if-match': '"1"' })), 'own-account');
    assert.equal(codeOf(await send('DELETE', `/${own}/factors`)), 'own-account');
    assert.equal((await send('PATCH', `/${own}`, { name: 'My new name' }, { 'if-match': '"1"' })).status, 200, 'one’s own name is one’s own');
    assert.equal(await manager.isSignedIn(), true);
  });

  test('ASVS 6.3.7, 6.5.6: the factors of who has lost them are removed, with a password that is too short alone; the person is told', async () => {
    const account = await createPerson(service, 'unlucky');
    const db = service.database.owner;
    await setTotpSecret(db, account, testKeys.seal('JBSWY3DPEHPK3PXP', `authenticator ${account.id}`));
    await replaceCodes(db, account);
    assert.equal((await send('DELETE', `/${account.id}/factors`)).status, 204);
    const without = await readAccount(db, account);
    assert.deepEqual([without?.totpSecret, without?.passwordHash === null, await countCodes(db, account)], [null, false, 0]);
    assert.match(await mailTo(manager, account.email, 'security of your account'), /An administrator removed the second factors/);
    await setPassword(db, account, await testPasswords.hash('nine lions'), false);
    assert.equal((await send('DELETE', `/${account.id}/factors`)).status, 204);
    assert.equal((await readAccount(db, account))?.passwordHash, null);
    await mailTo(manager, account.email, 'Your account');
    const browser = new TestBrowser(service.url);
    const disabled = await createPerson(service, 'disabled');
    await browser.signIn(disabled);
    await addPasskey(db, disabled, { id: 'of-the-disabled', name: 'Key', publicKey: new Uint8Array(8), counter: 0, transports: [] }, new Date());
    await setPassword(db, disabled, await testPasswords.hash('nine lions'), false);
    await changeAccount(db, disabled, { disabled: true });
    assert.equal((await send('DELETE', `/${disabled.id}/factors`)).status, 204);
    assert.equal(await browser.isSignedIn(), false);
    assert.deepEqual(await listPasskeys(db, disabled), []);
    await mailTo(manager, disabled.email, 'security of your account');
    assert.doesNotMatch((await manager.get('/accounts/mailbox')).text, new RegExp(`Your account</h2><p>To ${disabled.email}<`), 'who may not sign in is not invited');
  });

  test('the list goes page by page, and shows no other tenant’s (ASVS 8.4.1)', async () => {
    for (const name of ['page-one', 'page-two', 'page-three', 'page-four']) await createPerson(service, name);
    const foreign = await createPerson(service, 'foreign', { tenantId: 'globex' });
    for (const word of ['one', 'two', 'three']) await createPerson(service, `listed-${word}`);
    const seen: string[] = [];
    for (let cursor: string | undefined = ''; cursor !== undefined; ) {
      const page: { accounts: Body[]; nextCursor?: string } = (await send('GET', `?limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`)).body as never;
      seen.push(...page.accounts.map(({ subject }) => subject));
      cursor = page.nextCursor;
    }
    assert.ok(seen.length >= 4);
    assert.equal(new Set(seen).size, seen.length);
    assert.ok(!seen.includes(subjectIdOf(foreign)));
    assert.equal((await send('GET', `/${foreign.id}`)).status, 404);
    assert.equal((await send('DELETE', `/${foreign.id}/factors`)).status, 404);
    for (const cursor of ['bm90aGluZw', 'W10', Buffer.from(JSON.stringify(['2026-01-01', own])).toString('base64url')]) {
      const { status, body } = await send('GET', `?cursor=${cursor}`);
      assert.equal(status, 400);
      assert.match(JSON.stringify(body), /"cursor".*This must be a nextCursor of this list\./);
    }
    for (const limit of ['0', '101', '1.5', 'x']) assert.equal((await send('GET', `?limit=${limit}`)).status, 400, limit);
  });
});
