// Session fixation: a session that the attacker knows before the person signs in, by cookie, by state, by a code of theirs.
// Tested by attack.proof.ts: behind a front that keeps the cookie that it is given, each of these succeeds.
import { CookieJar } from '#app/lib/cookie-jar.ts';
import { type AttackClass, headerOf, type Outcome, Sightings, statusOf } from './attack.ts';
import { rewrite, withHeaders } from './front.ts';
import type { Target } from './target.ts';

const OWN_PAGE = '/api/v1/sessions';

interface Begun {
  /** Where the provider sends the browser in the end. */
  readonly callback: string;
  /** Of the browser that began. */
  readonly cookies: string;
}

/** As far as the provider's last redirect: its code is used by whoever comes first. */
async function begin(target: Target, user: string, cookies = ''): Promise<Begun> {
  const asked = await target.ask({ path: '/auth/sign-in', headers: cookies === '' ? [] : [['Cookie', cookies]] });
  const set = (headerOf(asked, 'set-cookie') ?? '').split(', ').map((line) => line.split(';')[0] ?? '').filter((pair) => pair.includes('='));
  const jar = new CookieJar();
  const isCallback = ({ pathname }: URL): boolean => pathname === '/auth/callback';
  const chooser = await jar.follow(headerOf(asked, 'location') ?? '', {}, isCallback);
  const { url } = isCallback(chooser.url) ? chooser : await jar.follow(chooser.url, { method: 'POST', body: new URLSearchParams({ user }) }, isCallback);
  return { callback: url.pathname + url.search, cookies: [...(cookies === '' ? [] : [cookies]), ...set].join('; ') };
}

function sessionIn(cookies: string | undefined): string | undefined {
  return /(?:^|[;, ])session=([\w-]{20,})/.exec(cookies ?? '')?.[1];
}

async function isSignedIn(target: Target, session: string): Promise<boolean> {
  return statusOf(await target.ask({ path: OWN_PAGE, headers: [['Cookie', `session=${session}`]] })) === 200;
}

async function fixCookie(target: Target): Promise<Outcome> {
  const sightings = new Sightings();
  const theirs = sessionIn(await target.signIn('viewer')) ?? '';
  for (const planted of ['attacker-knows-this-session-0123456789abcdefghi', theirs]) {
    const { callback, cookies } = await begin(target, 'clerk', `session=${planted}`);
    const answer = await target.ask({ path: callback, headers: [['Cookie', cookies]] });
    const session = sessionIn(headerOf(answer, 'set-cookie'));
    sightings.note(answer, session === planted ? 'the session of before goes on' : session === undefined ? 'no new session' : (await isSignedIn(target, planted)) ? 'the session of before is still good' : undefined);
  }
  return sightings.outcome();
}

/** The attacker's own sign-in, brought to its end in the victim's browser. */
async function fixAttempt(target: Target): Promise<Outcome> {
  const sightings = new Sightings();
  const ways = [
    async () => ({ ...(await begin(target, 'viewer')), cookies: '' }),
    async () => ({ ...(await begin(target, 'viewer')), cookies: (await begin(target, 'clerk')).cookies }),
    async () => {
      const { callback, cookies } = await begin(target, 'viewer');
      return { callback: callback.replace(/state=[^&]*/, 'state='), cookies };
    },
    async () => {
      const [one, other] = [await begin(target, 'viewer'), await begin(target, 'clerk')];
      return { callback: one.callback.replace(/code=[^&]*/, /code=[^&]*/.exec(other.callback)?.[0] ?? ''), cookies: one.cookies };
    },
    async () => {
      const { callback, cookies } = await begin(target, 'viewer');
      return { callback: callback.replace(/iss=[^&]*/, 'iss=https%3A%2F%2Fevil.test'), cookies };
    },
    async () => {
      const begun = await begin(target, 'viewer');
      await target.ask({ path: begun.callback, headers: [['Cookie', begun.cookies]] });
      return begun;
    },
  ];
  for (const way of ways) {
    const { callback, cookies } = await way();
    const answer = await target.ask({ path: callback, headers: cookies === '' ? [] : [['Cookie', cookies]] });
    const session = sessionIn(headerOf(answer, 'set-cookie'));
    sightings.note(answer, session !== undefined && (await isSignedIn(target, session)) ? `signed in as the attacker by way ${ways.indexOf(way) + 1}` : undefined);
  }
  return sightings.outcome();
}

async function nameElsewhere(target: Target): Promise<Outcome> {
  const sightings = new Sightings();
  const session = sessionIn(await target.signIn('clerk')) ?? '';
  for (const request of [
    { path: `${OWN_PAGE}?session=${session}` },
    { path: `${OWN_PAGE};session=${session}` },
    { path: OWN_PAGE, headers: [['Authorization', `Bearer ${session}`]] as const },
    { path: OWN_PAGE, headers: [['X-Session', session], ['Session', session], ['X-Session-Id', session]] as const },
  ]) {
    const answer = await target.ask(request);
    sightings.note(answer, statusOf(answer) === 200 ? `a session was taken from ${request.path.replace(session, '…')}` : undefined);
  }
  return sightings.outcome();
}

export const attackClass: AttackClass = {
  title: 'Session fixation',
  source: 'CWE-384, API2:2023',
  setup: 'open',
  attacks: [
    {
      name: 'a cookie that was there before the sign-in',
      expected: 'a new session, the old one ends',
      run: fixCookie,
      leak: {
        without: 'a new session at sign-in',
        async answer(request, { forward }) {
          const answer = await forward(request);
          const planted = sessionIn(request.headers['cookie']);
          return planted === undefined || answer.headers['set-cookie'] === undefined || !request.target.startsWith('/auth/callback') ? answer : rewrite(answer, { headers: { 'set-cookie': [`session=${planted}; Path=/`] } });
        },
      },
    },
    {
      name: 'the end of a sign-in that another browser began, or that was used',
      expected: 'nobody is signed in',
      run: fixAttempt,
      leak: {
        without: 'holding an answer to its own attempt',
        async answer(request, { forward, tokens }) {
          const answer = await forward(request);
          if (request.target.startsWith('/auth/callback') && answer.status >= 400) return rewrite(answer, { status: 303, headers: { 'set-cookie': ['session=stand-in-for-the-attackers-own; Path=/'] } });
          return request.headers['cookie']?.includes('stand-in') === true ? forward(withHeaders(request, { cookie: undefined, authorization: `Bearer ${(await tokens())[0] ?? ''}` })) : answer;
        },
      },
    },
    {
      name: 'a session named elsewhere than in its cookie',
      expected: 'nobody',
      run: nameElsewhere,
      leak: {
        without: 'one place for a session',
        answer: (request, { forward }) => {
          const session = /[?;]session=([\w-]+)/.exec(request.target)?.[1] ?? request.headers['x-session'];
          return forward(session === undefined ? request : withHeaders({ ...request, target: request.target.replace(/[?;].*/, '') }, { cookie: `session=${session}` }));
        },
      },
    },
  ],
};
