// People for tests: an account with a password, and a browser that fills in the forms.
// Tested by ../sign-in.test.ts: every case there goes through it.
import { randomInt } from 'node:crypto';
import { CookieJar } from '#app/lib/cookie-jar.ts';
import type { Role } from '#app/feature.ts';
import { until } from '#app/testing/condition.ts';
import type { TestService } from '#app/testing/service.ts';
import { parseAccountSettings } from '../settings.ts';
import { createKeyRing } from '../keys.ts';
import { createPasswords } from '../passwords.ts';
import { type Account, createAccount, readAccount, setPassword } from '../store.ts';

export const PASSWORD = 'four muddy boots dancing';

const settings = parseAccountSettings({}, false);
if (settings === undefined) throw new Error('Accounts are off in tests.');
/** The development keys, which the service under test has as well. */
export const testKeys = createKeyRing(settings.keys);
export const testPasswords = createPasswords({ ...settings, keys: testKeys });

/** With a password, unless `password` is null. */
export async function createPerson({ database }: Pick<TestService, 'database'>, word: string, { tenantId = 'acme', role = 'clerk', password = PASSWORD }: { readonly tenantId?: string; readonly role?: Role; readonly password?: string | null } = {}): Promise<Account> {
  const account = await createAccount(database.owner, { tenantId, email: `${word}@${tenantId}.test`, name: `Person ${word}`, roles: [role] }, new Date());
  if (account === undefined) throw new Error(`There is a ${word} already.`);
  if (typeof password === 'string') await setPassword(database.owner, account, await testPasswords.hash(password), true);
  return (await readAccount(database.owner, account)) ?? account;
}

export interface Answer {
  readonly status: number;
  readonly location: string | null;
  readonly text: string;
  readonly headers: Headers;
}

/** A browser of somebody: its cookies, and forms sent as its own pages would. */
export class TestBrowser {
  readonly jar = new CookieJar();
  readonly #origin: string;
  /** Where it seems to stand, to a service that trusts one proxy: each somewhere else, unless a test says otherwise. */
  readonly #address: string;

  constructor(origin: string, address = `10.${randomInt(256)}.${randomInt(256)}.${randomInt(256)}`) {
    this.#origin = origin;
    this.#address = address;
  }

  async get(path: string): Promise<Answer> {
    return toAnswer(await this.jar.fetch(this.#origin + path, { headers: { accept: 'text/html', 'x-forwarded-for': this.#address } }));
  }

  async post(path: string, fields: Readonly<Record<string, string>>, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return toAnswer(await this.jar.fetch(this.#origin + path, { method: 'POST', headers: { origin: this.#origin, 'x-forwarded-for': this.#address, 'content-type': 'application/x-www-form-urlencoded', ...headers }, body: new URLSearchParams(fields) }));
  }

  async json(method: string, path: string, body?: object, headers: Readonly<Record<string, string>> = {}): Promise<{ readonly status: number; readonly body: unknown; readonly headers: Headers }> {
    const response = await this.jar.fetch(this.#origin + path, { method, headers: { origin: this.#origin, accept: 'application/json', ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    const text = await response.text();
    return { status: response.status, body: text === '' ? undefined : (JSON.parse(text) as unknown), headers: response.headers };
  }

  signIn({ tenantId, email }: Pick<Account, 'tenantId' | 'email'>, password = PASSWORD, more: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return this.post('/accounts/sign-in', { organisation: tenantId, email, password, ...more });
  }

  /** Whether somebody is signed in here. */
  async isSignedIn(): Promise<boolean> {
    return (await this.jar.fetch(`${this.#origin}/api/v1/sessions`)).status === 200;
  }
}

/** The latest mail to somebody whose subject says this, once it is there. */
export function mailTo(browser: TestBrowser, email: string, subject: string): Promise<string> {
  return until(`a mail "${subject}" to ${email}`, async () => {
    const { text } = await browser.get('/accounts/mailbox');
    return text.split('<li class="card">').find((mail) => mail.includes(`To ${email}<`) && mail.includes(subject));
  });
}

export function linkIn(mail: string): string {
  const url = new URL(/href="([^"]+)"/.exec(mail)?.[1] ?? '');
  return url.pathname + url.search;
}

/** The value of a hidden field. */
export function fieldIn(page: string, name: string): string {
  return page.split(`name="${name}" value="`)[1]?.split('"')[0] ?? '';
}

async function toAnswer(response: Response): Promise<Answer> {
  return { status: response.status, location: response.headers.get('location'), text: await response.text(), headers: response.headers };
}
