// Web cache deception and poisoning: personal answers that a cache would keep, and answers that an unkeyed header changes for all.
// Tested by attack.proof.ts: behind a front that lets everything be kept, each of these succeeds.
import { fillPath, plant } from './api.ts';
import { type AttackClass, bodyOf, headerOf, nameOf, type Outcome, Sightings, statusOf } from './attack.ts';
import { rewrite } from './front.ts';
import type { Lines, Target } from './target.ts';

const KEPT = /public|max-age=[1-9]|s-maxage|immutable/;
const readings = (target: Target): readonly string[] => [...new Set(target.routes.filter(({ method, path, kind }) => method === 'GET' && kind !== 'asset' && !/\/(?:stream|socket)$/.test(path)).map(({ path }) => fillPath(path, {})))];

/** Kettle 2024, Gil 2017: endings and delimiters that a cache takes for a static file. */
async function deceive(target: Target): Promise<Outcome> {
  const sightings = new Sightings();
  const planted = await plant(target, 'manager');
  const personal: readonly (readonly [string, Lines])[] = [['', await target.browser('manager')], ['', await target.bearer('manager')]];
  for (const path of [...readings(target), ...planted.map(({ location }) => location)]) {
    for (const ending of ['', '/x.css', '/x.js', ';x.css', '%3bx.css', '%23x.css', '%3fx.css', '%2fx.css', '%00x.css', '?x.css', '.css', '/..%2fassets%2fx.css', '/%2e%2e/assets/x.js', '%0ax.css', '!x.css', '/.well-known/x.txt']) {
      for (const [, credential] of personal) {
        const answer = await target.ask({ path: path + ending, headers: [...credential, ['Accept', 'text/html, application/json, */*']] });
        const kept = headerOf(answer, 'cache-control') ?? '';
        const sameForAll = KEPT.test(kept) ? bodyOf(await target.ask({ path: path + ending, headers: [['Accept', 'text/html, application/json, */*']] })) === bodyOf(answer) : true;
        sightings.note(answer, KEPT.test(kept) && !sameForAll ? `${path}${ending} is personal, and may be kept (${kept})` : kept === '' ? `${path}${ending} says nothing of caches` : undefined);
      }
    }
  }
  return sightings.outcome();
}

/** Headers that are in no cache's key. */
const UNKEYED: Lines = [['X-Forwarded-Host', 'poison.test'], ['X-Forwarded-Scheme', 'http'], ['X-Forwarded-Proto', 'http'], ['X-Forwarded-Port', '444'], ['X-Forwarded-Prefix', '/poison'], ['X-Original-URL', '/poison'], ['X-Rewrite-URL', '/poison'], ['X-Host', 'poison.test'], ['Forwarded', 'host=poison.test'], ['X-HTTP-Method-Override', 'POST'], ['Range', 'bytes=0-1'], ['X-Forwarded-For', 'poison'], ['Accept-Language', 'poison'], ['User-Agent', 'poison'], ['Origin', 'https://poison.test'], ['Transfer-Encoding-Poison', 'x'], ['X-Amz-Server-Side-Encryption', 'x'], ['Max-Forwards', '0'], ['X-Oversized', 'x'.repeat(20_000)]];

async function poison(target: Target): Promise<Outcome> {
  const sightings = new Sightings();
  const assets = [...bodyOf(await target.ask({ path: '/docs', headers: [['Accept', 'text/html']] })).matchAll(/\/assets\/[\w./-]+/g)].map(([path]) => path);
  for (const path of [...readings(target), ...new Set(assets)]) {
    const before = await target.ask({ path });
    if (!KEPT.test(headerOf(before, 'cache-control') ?? '')) continue;
    for (const line of UNKEYED) {
      for (const more of ['', '?utm_source=poison', ';poison']) {
        const answer = await target.ask({ path: path + more, headers: [line] });
        const kept = KEPT.test(headerOf(answer, 'cache-control') ?? '');
        const changed = statusOf(answer) !== statusOf(before) || bodyOf(answer) !== bodyOf(before);
        sightings.note(answer, kept && changed ? `${nameOf({ path: path + more })} is another with ${line[0]}` : undefined);
      }
    }
  }
  return sightings.outcome();
}

export const attackClass: AttackClass = {
  title: 'Caches',
  source: 'CWE-524, CWE-444',
  setup: 'open',
  attacks: [
    {
      name: 'personal answers under paths that a cache takes for files',
      expected: 'no-store',
      run: deceive,
      leak: { without: 'no-store', answer: async (request, { forward }) => { const answer = await forward({ ...request, target: request.target.replace(/\/x\.css$/, '') }); return answer.status === 200 ? rewrite(answer, { headers: { 'cache-control': 'public, max-age=60' } }) : answer; } },
    },
    {
      name: 'headers that no cache has in its key',
      expected: 'the same answer, or one that is not kept',
      run: poison,
      leak: { without: 'one name of its own', answer: async (request, { forward }) => { const answer = await forward(request); return answer.status === 200 ? rewrite(answer, { body: `${answer.body.toString()}<!-- ${request.headers['x-forwarded-host'] ?? ''} -->`, headers: { 'cache-control': 'public, max-age=60' } }) : answer; } },
    },
  ],
};
