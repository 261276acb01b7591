// Log injection: line breaks, terminal codes and JSON in everything that a log might be told of.
// Tested by attack.proof.ts: a log that is written by hand gives the forged line away.
import { fillPath } from './api.ts';
import { type AttackClass, type Outcome, Sightings } from './attack.ts';
import type { Lines, Request, Target } from './target.ts';

const FORGED = 'forged-log-line';
const TEXTS = [`x%0a{"level":"info","msg":"${FORGED}"}`, `x%0d%0a{"level":"fatal","msg":"${FORGED}"}`, `x","msg":"${FORGED}`, `%1b[2J${FORGED}`, `x%e2%80%a8{"msg":"${FORGED}"}`, `%s%n\${jndi:ldap://127.0.0.1/${FORGED}}`];

function faultOf(line: string): string | undefined {
  let entry: unknown;
  try {
    entry = JSON.parse(line);
  } catch {
    return line.includes(FORGED) ? `a line that is no entry: ${line.slice(0, 80)}` : undefined;
  }
  // eslint-disable-next-line no-control-regex -- what a terminal would obey
  if (/[\u0000-\u0008\u000b-\u001f\u2028\u2029]/.test(line)) return `control characters: ${JSON.stringify(line.slice(0, 80))}`;
  const message = typeof entry === 'object' && entry !== null && 'msg' in entry ? entry.msg : undefined;
  return typeof message === 'string' && message.includes(FORGED) ? `a message of the attacker's: ${message.slice(0, 80)}` : undefined;
}

async function write(target: Target): Promise<Outcome> {
  const sightings = new Sightings();
  const browser = await target.browser('manager');
  const from = target.logged().length;
  const paths = [...new Set(target.routes.filter(({ path }) => !/\/(?:stream|socket)$/.test(path)).map(({ path }) => fillPath(path, {})))];
  for (const text of TEXTS) {
    const inHeader = decodeURIComponent(text.replaceAll('%s%n', '')).replaceAll(/[^\x20-\x7e]/g, '\t');
    for (const path of paths) {
      const requests: readonly Request[] = [{ path: `${path}/${text}`, headers: browser }, { path: `${path}?q=${text}`, headers: browser }, { path, headers: [['User-Agent', inHeader], ['X-Request-Id', inHeader], ['Referer', inHeader], ['Traceparent', inHeader], ['Authorization', `Bearer ${inHeader}`], ['X-Forwarded-For', inHeader], ['Host', new URL(target.origin).host]] as Lines }];
      for (const request of requests) await target.ask(request);
    }
    const form = { organisation: decodeURIComponent(text.replaceAll('%s%n', '')), email: decodeURIComponent(text.replaceAll('%s%n', '')), password: FORGED };
    for (const { path } of target.routes.filter(({ kind }) => kind === 'public-form')) await target.ask({ method: 'POST', path, headers: [['Origin', target.origin]], form });
  }
  const lines = [...target.logged().slice(from), ...(target.frontLog?.() ?? [])];
  for (const line of lines) sightings.note('lines', faultOf(line));
  return lines.length === 0 ? { verdict: 'not run', seen: 'nothing was logged' } : sightings.outcome();
}

export const attackClass: AttackClass = {
  title: 'Log injection',
  source: 'CWE-117',
  setup: 'open',
  attacks: [
    {
      name: 'line breaks, terminal codes and JSON in paths, headers and forms',
      expected: 'every line an entry, no message of the attacker’s',
      run: write,
      leak: { without: 'entries', answer: (request, { forward, log }) => { log(decodeURIComponent(request.target.replaceAll('%s%n', ''))); return forward(request); } },
    },
  ],
};
