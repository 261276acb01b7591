// Cookie tossing and weak cookies: what a neighbour of the domain can set, and how our own are written behind TLS.
// Tested by attack.proof.ts: behind a front that takes a cookie by any spelling of its name, each of these succeeds.
import { type AttackClass, headerOf, type Outcome, Sightings, statusOf } from './attack.ts';
import { rewrite, withHeaders } from './front.ts';
import { type Lines, type Target, TLS_ORIGIN } from './target.ts';

const PATH = '/api/v1/sessions';
const NAME = '__Host-session';
let next = 0;
/** Each from another address, since this service counts them. */
const from = (): Lines => [['X-Forwarded-For', `192.0.2.${(next = (next + 1) % 250)}`]];

function valueOf(cookies: string): string {
  return new RegExp(`${NAME}=([\\w-]+)`).exec(cookies)?.[1] ?? '';
}

/** A subdomain's page may set any name but those with a prefix; each of these only looks like it. */
async function toss(target: Target): Promise<Outcome> {
  const sightings = new Sightings();
  const [own, tossed] = [valueOf(await target.signIn('clerk')), valueOf(await target.signIn('viewer'))];
  if (own === '' || tossed === '') return { verdict: 'failed', seen: `the session is not in ${NAME}` };
  const names = ['session', '__host-session', '__HOST-session', '__Secure-session', 'Session', `\u00a0${NAME}`, `\u0085${NAME}`, `\u00ad${NAME}`, `"${NAME}"`, `${NAME}\u00a0`, `__Host-session[]`, '__Host-Session', '$Version=1; session', `,${NAME}`, '=__Host-session', `__Host%2dsession`];
  // As UTF-8, and as the one byte that some browsers keep of a Set-Cookie: Node reads either as latin1.
  const written = names.flatMap((name) => [Buffer.from(name, 'utf8').toString('latin1'), ...(/[\x80-\xff]/.test(name) ? [name] : [])]);
  for (const name of written) {
    const cookie = `${name}=${tossed}`;
    const answer = await target.ask({ path: PATH, headers: [...from(), ['Cookie', cookie]] });
    sightings.note(answer, statusOf(answer) === 200 ? `a session is taken from ${JSON.stringify(name)}` : undefined);
    const both = await target.ask({ path: PATH, headers: [...from(), ['Cookie', `${cookie}; ${NAME}=${own}`]] });
    sightings.note(both, statusOf(both) !== 200 ? `beside ${JSON.stringify(name)} one's own session is lost (${statusOf(both)})` : undefined);
  }
  const many = Array.from({ length: 150 }, (_, index) => `x${index}=${'y'.repeat(30)}`).join('; ');
  const jarred = await target.ask({ path: PATH, headers: [...from(), ['Cookie', `${many}; ${NAME}=${own}`]] });
  sightings.note(jarred, statusOf(jarred) === 200 ? undefined : `behind many cookies one's own is lost (${statusOf(jarred)})`);
  return sightings.outcome();
}

async function lookAtCookies(target: Target): Promise<Outcome> {
  const sightings = new Sightings();
  const places = target.routes.filter(({ method, kind, path }) => method === 'GET' && !path.includes('{') && kind !== 'operation' && !path.startsWith('/api/'));
  for (const { path } of places) {
    const answer = await target.ask({ path: path === '/auth/callback' ? `${path}?state=x` : path, headers: [...from(), ['Accept', 'text/html']] });
    const lines = (headerOf(answer, 'set-cookie') ?? '').split(/, (?=[\w-]+=)/).filter((line) => line !== '');
    for (const line of lines) {
      const right = line.startsWith('__Host-') && ['Secure', 'HttpOnly', 'SameSite=', 'Path=/;'].every((part) => `${line};`.includes(part)) && !/Domain=/i.test(line) && /SameSite=(?:Lax|Strict)/.test(line);
      sightings.note('cookies', right ? undefined : `${path} sets ${line.replace(/=[^;]*/, '=…')}`);
    }
  }
  return sightings.outcome();
}

/** Against a downgrade (CWE-319). */
async function lookAtTls(target: Target): Promise<Outcome> {
  const sightings = new Sightings();
  for (const path of ['/docs', '/nothing', '/sign-in', '/auth/sign-in', PATH]) {
    const answer = await target.ask({ path, headers: [...from(), ['X-Forwarded-Proto', 'http']] });
    const location = headerOf(answer, 'location') ?? '';
    const redirect = location.includes('redirect_uri=') ? (new URL(location).searchParams.get('redirect_uri') ?? '') : TLS_ORIGIN;
    sightings.note(answer, !/max-age=\d{8}/.test(headerOf(answer, 'strict-transport-security') ?? '') ? `${path} does not ask for TLS` : !redirect.startsWith(TLS_ORIGIN) ? `${path} comes back to ${redirect}` : undefined);
  }
  return sightings.outcome();
}

export const attackClass: AttackClass = {
  title: 'Cookies',
  source: 'CWE-1275, CWE-565, CWE-614',
  setup: 'guarded',
  attacks: [
    { name: 'names that a neighbour of the domain can set', expected: 'not read, and nobody signed out', run: toss, leak: { without: 'the prefix, to the letter', answer: (request, { forward }) => forward(withHeaders(request, { cookie: request.headers['cookie']?.replace(/^[^=]*session[^=]*=/i, `${NAME}=`) })) } },
    { name: 'every cookie that is set', expected: '__Host-, Secure, HttpOnly, SameSite', run: lookAtCookies, leak: { without: 'the prefix', answer: async (request, { forward }) => { const answer = await forward(request); return rewrite(answer, { headers: { 'set-cookie': [answer.headers['set-cookie'] ?? []].flat().map((line) => line.replace('__Host-', '').replace('; Secure', '')) } }); } } },
    { name: 'a proxy that says the connection was plain', expected: 'HSTS, and addresses of PUBLIC_URL', run: lookAtTls, leak: { without: 'HSTS', answer: async (request, { forward }) => rewrite(await forward(request), { headers: { 'strict-transport-security': undefined } }) } },
  ],
};
