// Broken authentication by token: every forgery of the forge, and good tokens in places where none may be.
// Tested by attack.proof.ts: behind a front that reads a token without verifying it, each of these succeeds.
import { type AttackClass, nameOf, type Outcome, Sightings, statusOf } from './attack.ts';
import { type Leak, withHeaders } from './front.ts';
import type { Lines, Request, Target } from './target.ts';

/** Any route that asks who it is. */
const PATH = '/api/v1/sessions';

async function forge(target: Target): Promise<Outcome> {
  const sightings = new Sightings();
  const { forge: forged } = target;
  if (forged === undefined) return { verdict: 'failed', seen: 'there is no forge' };
  const [requests, strays] = [forged.keyRequests(), forged.strayRequests()];
  const good = async (): Promise<void> => {
    const answer = await target.ask({ path: PATH, headers: [['Authorization', `Bearer ${await forged.sign(forged.claims())}`]] });
    if (statusOf(answer) !== 200) sightings.note(answer, `a good token is answered ${statusOf(answer)}`);
  };
  await good();
  for (const { name, make } of forged.forgeries) {
    const answer = await target.ask({ path: PATH, headers: [['Authorization', `Bearer ${(await make()).replaceAll(/[^\x21-\x7e]/g, '')}`]] });
    sightings.note(answer, statusOf(answer) === 401 ? undefined : `${name}: ${statusOf(answer)}`);
  }
  await good();
  // A key that is not known is asked for once in a while, and nothing out of a token is followed (CWE-918).
  if (forged.keyRequests() - requests > 2) sightings.note('keys', `the keys were fetched ${forged.keyRequests() - requests} times`);
  if (forged.strayRequests() > strays) sightings.note('strays', 'an address out of a token was followed');
  return sightings.outcome();
}

async function misplace(target: Target): Promise<Outcome> {
  const sightings = new Sightings();
  const token = (await target.bearer('manager'))[0]?.[1].replace('Bearer ', '') ?? '';
  const requests: readonly Request[] = [
    ...['access_token', 'token', 'bearer', 'authorization', 'jwt', 'id_token'].map((name): Request => ({ path: `${PATH}?${name}=${token}` })),
    ...['access_token', 'token', 'authorization', 'session', 'jwt', 'Bearer'].map((name): Request => ({ path: PATH, headers: [['Cookie', `${name}=${token}`]] })),
    ...['X-Access-Token', 'X-Auth-Token', 'X-Authorization', 'Proxy-Authorization', 'X-Amzn-Oidc-Data', 'X-Forwarded-Access-Token', 'X-Api-Key', 'Token'].map((name): Request => ({ path: PATH, headers: [[name, token], [name === 'Token' ? 'X' : `${name}-Type`, 'Bearer']] })),
    { method: 'POST', path: PATH, form: { access_token: token } },
    ...[`Basic ${Buffer.from(`token:${token}`).toString('base64')}`, `Basic ${Buffer.from(`${token}:`).toString('base64')}`, `Token ${token}`, `JWT ${token}`, token, `Bearer: ${token}`, `Bearer ${token},Bearer ${token}`, `Bearer "${token}"`, `Bearer ${token} x`, `DPoP ${token}`, `Negotiate ${token}`].map((value): Request => ({ path: PATH, headers: [['Authorization', value]] as Lines })),
  ];
  for (const request of requests) {
    const answer = await target.ask(request);
    sightings.note(answer, statusOf(answer) < 400 ? `${nameOf({ ...request, path: request.path.replace(token, '…') })} ${JSON.stringify(request.headers?.[0]?.[0] ?? '')} is answered ${statusOf(answer)}` : undefined);
  }
  return sightings.outcome();
}

/** As libraries do whose caller forgot to ask for a verified one (CVE-2015-9235 and its like). */
const WITHOUT_VERIFYING: Leak = {
  without: 'verifying',
  async answer(request, { forward, tokens }) {
    const given = /[\w-]{10,}\.[\w-]{10,}|Bearer|Basic|token/i.test(request.target + JSON.stringify(request.headers) + request.body.toString());
    return forward(given ? withHeaders({ ...request, method: 'GET', target: PATH, body: Buffer.alloc(0) }, { cookie: undefined, authorization: `Bearer ${(await tokens())[2] ?? ''}` }) : request);
  },
};

export const attackClass: AttackClass = {
  title: 'Tokens',
  source: 'API2:2023, CWE-347, CWE-598',
  setup: 'forged',
  attacks: [
    { name: 'every forgery: none, confused and stranger’s keys, kid, jku, claims, encodings', expected: '401, no address followed', leak: WITHOUT_VERIFYING, run: forge },
    { name: 'a good token in the address, in cookies, bodies, and other schemes', expected: '4xx', leak: WITHOUT_VERIFYING, run: misplace },
  ],
};
