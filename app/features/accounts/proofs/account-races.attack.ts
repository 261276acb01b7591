// Races for a credential: a reset's link and a passkey's challenge used many times at once.
// Tested by ../../../attacks/attack.proof.ts: behind a front that forgets what was used, each of these succeeds.
import { type AttackClass, codeOf, type Outcome, Sightings, statusOf } from '#app/attacks/attack.ts';
import { rewrite } from '#app/attacks/front.ts';
import { askForLink, createMember, fieldOf, openPage, sendForm } from './account-visitor.ts';
import type { Target } from '#app/attacks/target.ts';

const AT_ONCE = 8;

async function useLink(target: Target): Promise<Outcome> {
  const sightings = new Sightings();
  const member = await createMember(target);
  const token = await askForLink(target, member);
  const passwords = Array.from({ length: AT_ONCE }, (_, index) => `quiet river stones ${String(index).repeat(6)}`);
  const answers = await Promise.all(passwords.map((password) => sendForm(target, '/accounts/reset', { token, password })));
  const set = answers.filter((answer) => statusOf(answer) === 303).length;
  for (const answer of answers) sightings.note(answer, statusOf(answer) >= 500 ? `${statusOf(answer)} for one of them` : undefined);
  sightings.note('set', set === 1 ? undefined : `${set} of ${AT_ONCE} set the password`);
  const later = await sendForm(target, '/accounts/reset', { token, password: 'once more and no more 99' });
  sightings.note(later, statusOf(later) === 303 ? 'the link works again' : undefined);
  const good = [];
  for (const password of passwords) good.push(statusOf(await sendForm(target, '/accounts/sign-in', { ...member, password })));
  sightings.note('signed in', good.filter((status) => status === 303).length > 1 ? 'more than one password is good' : undefined);
  return sightings.outcome();
}

/** CWE-294: an answer is held against its challenge once. */
async function reuseChallenge(target: Target): Promise<Outcome> {
  const sightings = new Sightings();
  const attempt = fieldOf(await sendForm(target, '/accounts/sign-in/passkey/begin', { return_to: '/' }), 'attempt');
  if (attempt === '') return { verdict: 'failed', seen: 'no passkey is asked for' };
  const answers = await Promise.all(Array.from({ length: AT_ONCE }, () => sendForm(target, '/accounts/sign-in/passkey', { attempt, answer: '{"id":"x","rawId":"x","type":"public-key","response":{}}', return_to: '/' })));
  const judged = answers.filter((answer) => codeOf(answer) === 'passkey-refused').length;
  for (const answer of answers) sightings.note(answer, statusOf(answer) < 400 ? 'an answer that is none signs in' : undefined);
  sightings.note('judged', judged <= 1 ? undefined : `${judged} answers were held against one challenge`);
  return sightings.outcome();
}

/** The session of before must not live on, nor the sign-in of whoever knew the old password. */
async function keepSession(target: Target): Promise<Outcome> {
  const sightings = new Sightings();
  const member = await createMember(target);
  await sendForm(target, '/accounts/reset', { token: await askForLink(target, member), password: 'the old one of many words' });
  const entered = await sendForm(target, '/accounts/sign-in', { ...member, password: 'the old one of many words' });
  const cookie = 'failure' in entered ? '' : String(entered.headers['set-cookie']).split(/;|,(?=__)/).filter((part) => part.includes('session=')).join('; ');
  await sendForm(target, '/accounts/reset', { token: await askForLink(target, member), password: 'a new one of many words' });
  const old = await openPage(target, '/api/v1/sessions', [['Cookie', cookie]]);
  sightings.note(old, statusOf(entered) !== 303 ? `the old password is answered ${statusOf(entered)}` : statusOf(old) === 200 ? 'the session of before goes on' : undefined);
  return sightings.outcome();
}

export const attackClass: AttackClass = {
  title: 'Races for credentials',
  source: 'CWE-362, CWE-640',
  setup: 'guarded',
  attacks: [
    { name: 'a reset’s link, eight times at once and once more', expected: 'one password is set', run: useLink, leak: { without: 'using it up', answer: async (request, { forward }) => { const answer = await forward(request); return answer.status === 410 ? rewrite(answer, { status: 303, body: '' }) : answer; } } },
    { name: 'a passkey’s challenge, eight times at once', expected: 'one answer is looked at', run: reuseChallenge, leak: { without: 'using it up', answer: async (request, { forward }) => { const answer = await forward(request); return request.target.endsWith('/passkey') ? rewrite(answer, { body: '{"type":"/problems/passkey-refused"}' }) : answer; } } },
    { name: 'a session that was there before the password was set anew', expected: 'ended', run: keepSession, leak: { without: 'ending the others', answer: async (request, { forward, tokens }) => forward(request.target === '/api/v1/sessions' ? { ...request, headers: { accept: 'application/json', host: request.headers['host'] ?? '', authorization: `Bearer ${(await tokens())[0] ?? ''}` } } : request) } },
  ],
};
