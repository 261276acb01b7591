// Unrestricted resource consumption and ReDoS: texts that make a pattern walk back, bodies that unfold, lists without an end.
// Tested by attack.proof.ts: behind a front that stands still over them, each of these succeeds.
import { gzipSync } from 'node:zlib';
import { bodyFor, createFields, fillPath, isFreeText, operationsOf, propertiesOf } from './api.ts';
import { type AttackClass, bodyOf, nameOf, type Outcome, Sightings, statusOf } from './attack.ts';
import type { Leak } from './front.ts';
import { standStill, waitBeside } from './patience.ts';
import type { Lines, Request, Target } from './target.ts';

/** A machine that is busy with other things delays by some hundred; a pattern that walks back, or a body that unfolds, by more. */
const LONGEST_WAIT_MS = 1_000;
const MOST_IN_A_BODY = 60_000;
const MOST_IN_A_HEAD = 14_000;

/** Doyensec's and OWASP's shapes: runs with a last character that fits nothing, for every class of a pattern. */
function longTexts(most: number): readonly string[] {
  const runs = ['a', 'A', '0', ' ', '-', '.', 'a.', 'a@', 'A-', '%', '"', '\\', ',', ';', '=', 'a b', '\t', 'é', '%20', '..', '@a.', '1,', '"a",', 'x=', '/a', 'W/"'];
  return runs.map((run) => `${run.repeat(Math.floor(most / run.length / (run === 'é' ? 2 : 1)))}!`);
}

/** Together first; where others had to wait, each by itself to find which, and again, so that no other program's work is taken for ours. */
async function askBeside(target: Target, requests: readonly Request[], sightings: Sightings): Promise<void> {
  const ask = async (request: Request, note: boolean): Promise<void> => {
    const answer = await target.ask(request);
    const silent = 'failure' in answer && answer.failure.startsWith('no answer');
    if (note || silent) sightings.note(answer, silent ? `${answer.failure} to ${nameOf(request)}` : statusOf(answer) >= 500 ? `${statusOf(answer)} for ${nameOf(request)}` : undefined);
  };
  const together = await waitBeside(target, async () => {
    for (const request of requests) if (sightings.faults.length === 0) await ask(request, true);
  });
  if (together <= LONGEST_WAIT_MS || sightings.faults.length > 0) return;
  for (const request of requests) {
    const waits = [await waitBeside(target, () => ask(request, false)), await waitBeside(target, () => ask(request, false))];
    if (Math.min(...waits) <= LONGEST_WAIT_MS) continue;
    sightings.note('late', `others waited ${Math.round(Math.min(...waits))} ms beside ${nameOf(request)}`);
    return;
  }
}

const BATCH = 50;

/** Until one of them makes others wait. */
async function askInBatches(target: Target, requests: readonly Request[], sightings: Sightings): Promise<void> {
  for (let from = 0; from < requests.length && sightings.faults.length === 0; from += BATCH) await askBeside(target, requests.slice(from, from + BATCH), sightings);
}

async function backtrack(target: Target): Promise<Outcome> {
  const sightings = new Sightings();
  const [token, browser] = [await target.bearer('manager'), await target.browser('manager')];
  const inBodies = target.routes.filter(({ body, kind }) => body !== undefined && kind !== 'public-form').flatMap((route) => {
    const texts = Object.entries(propertiesOf(target, route.body?.schema)).filter(([, schema]) => isFreeText(target, schema));
    const fields = createFields(target, route.body?.schema, 'ATTACK-R');
    // All texts of a body at once: less than a body may have, together.
    return longTexts(Math.floor(MOST_IN_A_BODY / Math.max(1, texts.length) / 2)).map((text): Request => ({ method: route.method, path: fillPath(route.path, {}), headers: [...(route.kind === 'operation' ? token : browser), ['If-Match', '*']], ...bodyFor(route, { ...fields, ...Object.fromEntries(texts.map(([name]) => [name, text])) }) }));
  });
  const inQueries = operationsOf(target).filter(({ method, path }) => method === 'GET' && !path.includes('{')).flatMap(({ path, query }) => longTexts(4_000).slice(0, 15).map((text): Request => ({ path: `${path}?${Object.keys(query).slice(0, 3).map((name) => `${name}=${encodeURIComponent(text).slice(0, 4_000)}`).join('&')}`, headers: token })));
  await askInBatches(target, [...inBodies, ...inQueries], sightings);
  return sightings.outcome();
}

const PARSED = ['Accept', 'Accept-Language', 'Accept-Encoding', 'Authorization', 'Cookie', 'If-None-Match', 'If-Match', 'Content-Type', 'Origin', 'Range', 'Traceparent', 'X-Forwarded-For', 'X-Request-Id', 'User-Agent', 'Referer', 'Last-Event-ID', 'Idempotency-Key', 'Access-Control-Request-Headers'];

async function lengthenHeaders(target: Target): Promise<Outcome> {
  const sightings = new Sightings();
  const token = await target.bearer('manager');
  const texts = longTexts(MOST_IN_A_HEAD).map((text) => text.replaceAll(/[^\x20-\x7e\t]/g, ''));
  const requests = PARSED.flatMap((name) => texts.map((text): Request => ({ method: name === 'Content-Type' ? 'POST' : 'GET', path: '/api/v1/sessions', headers: [...(name === 'Authorization' ? [] : token), [name, name === 'Authorization' ? `Bearer ${text}` : text]] })));
  await askInBatches(target, requests, sightings);
  return sightings.outcome();
}

async function unfold(target: Target): Promise<Outcome> {
  const sightings = new Sightings();
  const headers: Lines = [...(await target.bearer('manager')), ['If-Match', '*']];
  const bodies: readonly string[] = ['['.repeat(MOST_IN_A_BODY), `${'['.repeat(30_000)}${']'.repeat(30_000)}`, '{"a":'.repeat(10_000), `{"a":${'9'.repeat(MOST_IN_A_BODY)}}`, `{"a":1e${'9'.repeat(20_000)}}`, `{"a":-${'0'.repeat(20_000)}1}`, `{${Array.from({ length: 6_000 }, (_, index) => `"k${index}":1`).join(',')}}`, `{${Array.from({ length: 4_000 }, () => '"a":1').join(',')}}`, `{"a":"${'\\u0041'.repeat(10_000)}"}`, `[${'1,'.repeat(30_000)}1]`, `"${'\\\\'.repeat(30_000)}"`, '{"a":"x"}'.padEnd(MOST_IN_A_BODY)];
  const json: Lines = [...headers, ['Content-Type', 'application/json']];
  for (const route of operationsOf(target).filter(({ body }) => body !== undefined)) {
    const path = fillPath(route.path, {});
    const bomb = gzipSync(Buffer.alloc(20_000_000, ' '));
    await askBeside(target, [...bodies.map((body): Request => ({ method: route.method, path, headers: json, body })), { method: route.method, path, headers: [...json, ['Content-Encoding', 'gzip']], body: bomb }, { method: route.method, path, headers: json, body: Buffer.alloc(5_000_000, ' ') }], sightings);
  }
  return sightings.outcome();
}

/** Of lists, forms and pages that a client may ask for. */
async function askForMore(target: Target): Promise<Outcome> {
  const sightings = new Sightings();
  const [token, browser] = [await target.bearer('manager'), await target.browser('manager')];
  for (const { path, query, kind } of target.routes.filter((route) => route.method === 'GET' && !route.path.includes('{') && (route.kind === 'operation' || route.kind === 'page') && !/\/(?:stream|socket)$/.test(route.path))) {
    for (const [name, schema] of Object.entries(query).filter(([, each]) => each['type'] === 'integer' || each['type'] === 'number')) {
      for (const value of ['1000000', '2147483648', '-1', '0', '1e9', '0x7fffffff', '9'.repeat(400), 'Infinity', 'NaN', '1.5', '', '%31%30%31', '١٠١']) {
        const request = { path: `${path}?${name}=${value}`, headers: kind === 'operation' ? token : browser };
        const answer = await target.ask(request);
        const most = schema['maximum'];
        const rows = (bodyOf(answer).match(/"(?:createdAt|occurredAt|id)":/g) ?? []).length;
        sightings.note(answer, statusOf(answer) === 200 && (typeof most !== 'number' || Number(value) > most || rows > most) ? `${nameOf(request)} answers with ${rows} rows` : statusOf(answer) >= 500 ? `${statusOf(answer)} for ${nameOf(request)}` : undefined);
      }
    }
    const many = { path: `${path}?${Array.from({ length: 1_000 }, (_, index) => `p${index}=1`).join('&')}`, headers: kind === 'operation' ? token : browser };
    const answer = await target.ask(many);
    sightings.note(answer, statusOf(answer) < 400 ? `${path} takes a thousand parameters` : undefined);
  }
  return sightings.outcome();
}

/** As a pattern that walks back over one of these runs, or a parser that goes down each step by itself. */
const WITHOUT_BOUNDS: Leak = {
  without: 'bounds before it looks',
  answer(request, { forward }) {
    const all = [request.body.toString('latin1'), request.target, ...Object.values(request.headers)];
    if (all.some((text) => /a{1000}(?:!|%21)|^\[{1000}/.test(text))) standStill(LONGEST_WAIT_MS * 1.2);
    return forward(request);
  },
};

export const attackClass: AttackClass = {
  title: 'Resource consumption',
  source: 'API4:2023, CWE-400, CWE-1333',
  setup: 'open',
  attacks: [
    { name: 'long runs for every pattern of bodies and queries (ReDoS)', expected: 'nobody else waits for a second', leak: WITHOUT_BOUNDS, run: backtrack },
    { name: 'long runs in every header that is parsed (ReDoS)', expected: 'nobody else waits for a second', leak: WITHOUT_BOUNDS, run: lengthenHeaders },
    { name: 'nested, long, many and compressed JSON', expected: 'refused, nobody else waits for a second', leak: WITHOUT_BOUNDS, run: unfold },
    { name: 'more rows and more parameters than there may be', expected: 'refused', leak: { without: 'a most', answer: async (request, { forward }) => forward({ ...request, target: request.target.replace(/=1000000$/, '=100').replace(/\?p0=.*/, '') }) }, run: askForMore },
  ],
};
