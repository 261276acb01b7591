// Injection into mails: line breaks in what becomes a mail's head, and another host in what becomes its link.
// Tested by ../../../attacks/attack.proof.ts: behind a front that takes them, each of these succeeds.
import { randomInt } from 'node:crypto';
import { managerOf } from '#app/attacks/api.ts';
import { type AttackClass, bodyOf, type Outcome, Sightings, statusOf } from '#app/attacks/attack.ts';
import { rewrite, withHeaders } from '#app/attacks/front.ts';
import type { Lines, Target } from '#app/attacks/target.ts';
import { askForLink, createMember, mailsTo, openPage, sendForm } from './account-visitor.ts';

const EVIL = 'evil@evil.test';
const BREAKS = [`\r\nBcc: ${EVIL}`, `\nBcc: ${EVIL}`, `\rBcc: ${EVIL}`, `,${EVIL}`, `;${EVIL}`, ` ${EVIL}`, `\u2028Bcc: ${EVIL}`, `%0d%0aBcc:${EVIL}`, `\u0000${EVIL}`, `" <${EVIL}>, "`, `>\r\nRCPT TO:<${EVIL}>`, `=?utf-8?q?=0D=0ABcc:_${EVIL}?=`];

async function breakHead(target: Target): Promise<Outcome> {
  const sightings = new Sightings();
  const token = await target.bearer(managerOf('acme'));
  const member = await createMember(target);
  for (const text of BREAKS) {
    for (const body of [{ email: `member@acme.example${text}`, name: 'Carl', roles: ['clerk'] }, { email: `new-${randomInt(2 ** 40)}@acme.example`, name: `Carl${text}`, roles: ['clerk'] }]) {
      const answer = await target.ask({ method: 'POST', path: '/api/v1/accounts', headers: [...token, ['X-Forwarded-For', '192.0.2.9']], json: body });
      // A name may have an address in it, as text; a control character it may not have.
      // eslint-disable-next-line no-control-regex -- what would end a line
      sightings.note(answer, statusOf(answer) < 300 && (body.name === 'Carl' || /[\u0000-\u001f\u2028]/.test(body.name)) ? `${JSON.stringify(body)} was taken` : undefined);
    }
    sightings.note(await sendForm(target, '/accounts/reset-request', { ...member, email: member.email + text }), undefined);
  }
  const mailbox = bodyOf(await openPage(target, '/accounts/mailbox', [['Accept', 'text/html']]));
  sightings.note('mailbox', /To [^<]*evil@evil\.test/.test(mailbox) || (await mailsTo(target, EVIL)).length > 0 ? 'a mail went to the attacker' : undefined);
  return sightings.outcome();
}

/** CWE-640: whoever asks for a reset of somebody must not choose where its link leads. */
async function moveLink(target: Target): Promise<Outcome> {
  const sightings = new Sightings();
  for (const more of [[['Host', 'evil.test']], [['X-Forwarded-Host', 'evil.test']], [['Forwarded', 'host=evil.test']]] as readonly Lines[]) {
    const member = await createMember(target);
    await askForLink(target, member, more);
    const [mail = ''] = await mailsTo(target, member.email);
    const link = /href="([^"]+)"/.exec(mail)?.[1] ?? '';
    sightings.note('link', link.startsWith(`${target.origin}/accounts/reset?`) ? undefined : `with ${JSON.stringify(more)} the link leads to ${link}`);
    if (sightings.faults.length > 0) break;
  }
  return sightings.outcome();
}

export const attackClass: AttackClass = {
  title: 'Injection into mails',
  source: 'CWE-93, CWE-640',
  setup: 'guarded',
  attacks: [
    { name: 'line breaks and more addresses in what a mail’s head is made of', expected: 'refused, no mail to others', run: breakHead, leak: { without: 'one form of an address', answer: async (request, { forward }) => { const answer = await forward(request); return answer.status === 400 ? rewrite(answer, { status: 201, body: '{}' }) : answer; } } },
    { name: 'another host, while somebody’s reset is asked for', expected: 'a link of PUBLIC_URL', run: moveLink, leak: { without: 'a name of its own', answer: async (request, { forward }) => { const answer = await forward(withHeaders(request, {})); return request.target === '/accounts/mailbox' ? rewrite(answer, { body: answer.body.toString().replaceAll('https://stockade.test/', 'https://evil.test/') }) : answer; } } },
  ],
};
