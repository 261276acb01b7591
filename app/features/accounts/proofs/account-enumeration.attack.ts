// Finding out who has an account, and guessing passwords: by what is answered, and by trying from many addresses.
// Tested by ../../../attacks/attack.proof.ts: behind a front that tells, or that lets everybody try, each of these succeeds.
import { randomInt } from 'node:crypto';
import { type AttackClass, bodyOf, headerOf, type Outcome, Sightings, statusOf } from '#app/attacks/attack.ts';
import { rewrite } from '#app/attacks/front.ts';
import type { Target } from '#app/attacks/target.ts';
import type { Answer } from '#app/testing/fuzz/client.ts';
import { createMember, sendForm } from './account-visitor.ts';

/** What a person or a program could see of an answer, but for what they have typed and what names the request. */
function shapeOf(answer: Answer, typed: readonly string[]): string {
  const body = typed.reduce((text, word) => text.replaceAll(word, '…'), bodyOf(answer)).replaceAll(/"requestId":"[^"]*"|[0-9a-f]{8}-[0-9a-f-]{27}|[\w-]{43}/g, '');
  return `${statusOf(answer)} ${headerOf(answer, 'location') ?? ''} ${(headerOf(answer, 'set-cookie') ?? '').replaceAll(/=[^;]*/g, '')} ${body}`;
}

async function tell(target: Target): Promise<Outcome> {
  const sightings = new Sightings();
  for (const [path, more] of [['/accounts/sign-in', { password: 'not the password of anybody' }], ['/accounts/reset-request', {}]] as const) {
    // One who has an account, one that is not there, one of a tenant that is not there, and another tenant's.
    const member = await createMember(target);
    const unknown = `nobody-${randomInt(10 ** 9)}@acme.example`;
    const tried = [member, { organisation: 'acme', email: unknown }, { organisation: 'nowhere', email: unknown }, { organisation: 'globex', email: member.email }];
    const shapes: string[] = [];
    for (const who of tried) {
      const answer = await sendForm(target, path, { ...who, ...more }, [['Accept', 'text/html']]);
      shapes.push(shapeOf(answer, [who.email, who.organisation]));
      sightings.note(answer, shapes.at(-1) === shapes[0] ? undefined : `${path} tells ${who.email} of ${who.organisation} from one who has an account`);
    }
  }
  return sightings.outcome();
}

const GUESSES = 20;
/** A person mistypes now and then. */
const MOST_LOOKED_AT = 6;

/** Each guess from another address, so that the account alone can slow it down. */
async function guess(target: Target): Promise<Outcome> {
  const sightings = new Sightings();
  const who = { organisation: 'acme', email: `guessed-${randomInt(10 ** 9)}@acme.example` };
  const answers = await Promise.all(Array.from({ length: GUESSES }, (_, index) => sendForm(target, '/accounts/sign-in', { ...who, password: `a guess, and no more ${index}` })));
  const lookedAt = answers.filter((answer) => statusOf(answer) === 422).length;
  for (const answer of answers) sightings.note(answer, statusOf(answer) >= 500 && statusOf(answer) !== 503 ? `${statusOf(answer)} for a guess` : undefined);
  sightings.note('looked at', lookedAt > MOST_LOOKED_AT ? `${lookedAt} of ${GUESSES} guesses at once were looked at` : undefined);
  return sightings.outcome();
}

export const attackClass: AttackClass = {
  title: 'Accounts of others',
  source: 'CWE-204, CWE-307, API2:2023',
  setup: 'guarded',
  attacks: [
    { name: 'who has an account, by sign-in and by reset', expected: 'the same answer for all', run: tell, leak: { without: 'one answer', answer: async (request, { forward }) => { const answer = await forward(request); return request.body.toString().includes('nobody-') ? rewrite(answer, { body: `${answer.body.toString()}<p>No such account.</p>` }) : answer; } } },
    { name: 'twenty guesses at once, each from another address', expected: 'a handful is looked at, the rest must wait', run: guess, leak: { without: 'counting', answer: async (request, { forward }) => { const answer = await forward(request); return answer.status === 429 ? rewrite(answer, { status: 422 }) : answer; } } },
  ],
};
