// Somebody at the pages of accounts, as the attacks need them: each request from another address behind the proxy.
// Tested by ../../../attacks/attack.proof.ts: the attacks on accounts go through it.
import { randomInt } from 'node:crypto';
import { managerOf } from '#app/attacks/api.ts';
import { bodyOf, statusOf } from '#app/attacks/attack.ts';
import type { Lines, Target } from '#app/attacks/target.ts';
import type { Answer } from '#app/testing/fuzz/client.ts';
import { until } from '#app/testing/condition.ts';

const ORGANISATION = 'acme';

/** What somebody types who signs in. */
export interface Member {
  readonly organisation: string;
  readonly email: string;
}

/** Somebody new, so that no delay of an earlier attack is theirs; without a password until a link is followed. */
export async function createMember(target: Target): Promise<Member> {
  const email = `member-${randomInt(2 ** 40)}@${ORGANISATION}.example`;
  const answer = await target.ask({ method: 'POST', path: '/api/v1/accounts', headers: [...lines(target), ...(await target.bearer(managerOf(ORGANISATION)))], json: { email, name: 'A member', roles: ['clerk'] } });
  if (statusOf(answer) !== 201) throw new Error(`An account was answered with ${statusOf(answer)}.`);
  return { organisation: ORGANISATION, email };
}

function lines(target: Target): Lines {
  return [['Origin', target.origin], ['X-Forwarded-For', `10.${randomInt(256)}.${randomInt(256)}.${randomInt(1, 255)}`], ['User-Agent', 'node']];
}

export function openPage(target: Target, path: string, more: Lines = []): Promise<Answer> {
  return target.ask({ path, headers: [...lines(target), ...more] });
}

export function sendForm(target: Target, path: string, form: Readonly<Record<string, string>>, more: Lines = []): Promise<Answer> {
  return target.ask({ method: 'POST', path, headers: [...lines(target), ...more], form });
}

/** Mails to somebody, the newest first, as the development mailbox shows them. */
export async function mailsTo(target: Target, email: string): Promise<readonly string[]> {
  return bodyOf(await openPage(target, '/accounts/mailbox', [['Accept', 'text/html']])).split('<li class="card">').filter((mail) => mail.includes(`To ${email}<`));
}

/** The token in the link of a mail that was asked for just now. */
export async function askForLink(target: Target, member: Member, more: Lines = []): Promise<string> {
  const tokenIn = (mail: string): string | undefined => /reset\?token=([\w-]{43})/.exec(mail)?.[1];
  const before = new Set((await mailsTo(target, member.email)).map(tokenIn));
  await sendForm(target, '/accounts/reset-request', { ...member }, more);
  return until('a mail with a link', async () => (await mailsTo(target, member.email)).map(tokenIn).find((token) => token !== undefined && !before.has(token)));
}

/** The value of a hidden field. */
export function fieldOf(answer: Answer, name: string): string {
  return bodyOf(answer).split(`name="${name}" value="`)[1]?.split('"')[0] ?? '';
}
