// Getting round the rate limits: other addresses in headers, other spellings of paths, other methods and connections.
// Tested by attack.proof.ts: behind a front that believes the client's own header, each of these succeeds.
import { parseConfig } from '#app/config.ts';
import { type AttackClass, headerOf, type Outcome, Sightings, statusOf } from './attack.ts';
import { type Leak, withHeaders } from './front.ts';
import { CLIENT_ADDRESS, type Lines, type Request, type Target } from './target.ts';

const { perMinute } = parseConfig({}).limits;
/** Beyond a limit by so many: none of them may be served. */
const BEYOND = 40;

function randomAddress(index: number): string {
  return index % 3 === 0 ? `2001:db8:${index.toString(16)}::1` : `198.51.${Math.floor(index / 250)}.${1 + (index % 250)}`;
}

/** What a client may write itself; the proxy adds the last address of X-Forwarded-For by its own sight. */
function disguise(index: number): Lines {
  const address = randomAddress(index);
  return [['X-Forwarded-For', `${address}, ${CLIENT_ADDRESS}`], ['X-Real-IP', address], ['X-Client-IP', address], ['True-Client-IP', address], ['CF-Connecting-IP', address], ['X-Originating-IP', address], ['X-Remote-IP', address], ['X-Remote-Addr', address], ['X-Cluster-Client-IP', address], ['Forwarded', `for=${address}`], ['X-Forwarded', address], ['Client-IP', address], ['X-Azure-ClientIP', address]];
}

async function exceed(target: Target, limit: number, request: (index: number) => Request): Promise<Outcome> {
  const sightings = new Sightings();
  let served = 0;
  for (let from = 0; from < limit + BEYOND; from += 20) {
    const answers = await Promise.all(Array.from({ length: Math.min(20, limit + BEYOND - from) }, (_, index) => target.ask(request(from + index))));
    for (const answer of answers) {
      if (statusOf(answer) !== 429) served += 1;
      sightings.note(answer, statusOf(answer) === 429 && headerOf(answer, 'retry-after') === undefined ? 'no Retry-After' : undefined);
    }
  }
  // The window may turn over while this goes on, which gives one more limit at most.
  sightings.note('served', served > limit * 2 || served === limit + BEYOND ? `${served} of ${limit + BEYOND} were served, and ${limit} a minute may be` : undefined);
  return sightings.outcome();
}

const SIGN_INS = ['/auth/sign-in', '/auth/sign-in?x=1', '/auth/sign-in?return_to=/a', '/auth/callback', '/auth/callback?state=x'];

const BELIEVING: Leak = {
  without: 'counting by the proxy’s word',
  answer: (request, { forward }) => forward(withHeaders(request, { 'x-forwarded-for': request.headers['x-real-ip'] ?? request.headers['x-forwarded-for'] })),
};
/** A token for each request, as where each connection counts by itself. */
const FORGETTING: Leak = { without: 'counting by who asks', answer: async (request, { forward }) => { const answer = await forward(request); return answer.status === 429 ? { status: 200, headers: {}, body: Buffer.from('{}') } : answer; } };

export const attackClass: AttackClass = {
  title: 'Rate limits',
  source: 'API4:2023, CWE-770, CWE-348',
  setup: 'guarded',
  attacks: [
    { name: 'sign-ins from one address that calls itself by many', expected: '429 beyond the limit', leak: BELIEVING, run: (target) => exceed(target, perMinute['sign-in'], (index) => ({ path: SIGN_INS[index % SIGN_INS.length] ?? '', headers: disguise(index) })) },
    {
      name: 'changes of one subject, from many addresses and with many keys',
      expected: '429 beyond the limit',
      leak: FORGETTING,
      async run(target) {
        const token = await target.bearer('viewer');
        return exceed(target, perMinute.change, (index) => ({ method: 'DELETE', path: `/api/v1/sessions?${index}`, headers: [...token, ['X-Forwarded-For', randomAddress(index)], ['Idempotency-Key', String(index)]] }));
      },
    },
    { name: 'any request of one address that calls itself by many', expected: '429 beyond the limit', leak: BELIEVING, run: (target) => exceed(target, perMinute.address, (index) => ({ path: `/favicon.svg?${index}`, headers: disguise(index) })) },
  ],
};
