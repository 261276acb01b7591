// Cross-site scripting: markup in everything that is kept or sent back, looked for as markup in every page.
// Tested by attack.proof.ts: behind a front that undoes the escaping, each of these succeeds.
import { linksOf } from '#app/probes/site-map.ts';
import { askWell, fillPath, plant, propertiesOf, TENANTS, managerOf } from './api.ts';
import { type AttackClass, bodyOf, headerOf, nameOf, type Outcome, Sightings, type statusOf } from './attack.ts';
import { type Leak, rewrite } from './front.ts';
import type { Lines, Target } from './target.ts';

const MARK = 'xssmark';
/** Each leaves another context: text, attribute, tag, script, comment, URL, template. */
const PAYLOADS = [`<img src=x onerror=${MARK}>`, `"><svg onload=${MARK}>`, `' onmouseover=${MARK} '`, `"onfocus=${MARK} autofocus "`, `</script><script>${MARK}</script>`, `--><b ${MARK}>`, `</title><b ${MARK}>`, `<a href=javascript:${MARK}>`, `javascript:${MARK}//`, `\`\${${MARK}}\``, `{{${MARK}}}`, `<math><mtext></p><b ${MARK}>`, `＜script＞${MARK}`, `<b ${MARK}`];
const MOST_PAGES = 80;

/** Where the payload stands in a page as what it wants to be. */
export function findMarkup(html: string, payload: string): string | undefined {
  if (/[<>"'`]/.test(payload) && html.includes(payload) && !/^[`{]/.test(payload)) return payload;
  const tag = new RegExp(`<[^>"']*(?:"[^"]*"[^>"']*|'[^']*'[^>"']*)*\\b(?:on\\w+=${MARK}|${MARK}[\\s>])`).exec(html)?.[0];
  const link = new RegExp(`\\b(?:href|src|action|formaction)="\\s*javascript:${MARK}`).exec(html)?.[0];
  const script = new RegExp(`<script[^>]*>[^<]*${MARK}`).exec(html)?.[0];
  return tag ?? link ?? script;
}

function judge(answer: Parameters<typeof statusOf>[0], payload: string, name: string): string | undefined {
  const type = headerOf(answer, 'content-type') ?? '';
  if (type.startsWith('text/html')) {
    const found = findMarkup(bodyOf(answer), payload);
    return found === undefined ? undefined : `${name} has ${found.slice(-80)}`;
  }
  return bodyOf(answer).includes(MARK) && headerOf(answer, 'x-content-type-options') !== 'nosniff' ? `${name} may be sniffed` : undefined;
}

async function reflect(target: Target): Promise<Outcome> {
  const sightings = new Sightings();
  const browser = await target.browser('manager');
  const pages = target.routes.filter(({ kind, method, path }) => method === 'GET' && (kind === 'page' || kind === 'public-page' || kind === 'platform') && !path.startsWith('/api/'));
  for (const payload of PAYLOADS) {
    const text = encodeURIComponent(payload);
    for (const credential of [browser, []] as readonly Lines[]) {
      const requests = [...pages.flatMap(({ path, query }) => [...Object.keys(query), 'return_to', 'x'].map((name) => `${fillPath(path, {})}?${name}=${text}`)), ...pages.filter(({ path }) => path.includes('{')).map(({ path }) => path.replaceAll(/\{\w+\}/g, text)), `/${text}`, `/${payload.replaceAll(/[^!-~]|[#%\\]/g, '')}`, `/assets/${text}`, `/?${text}`];
      for (const path of requests) {
        const answer = await target.ask({ path, headers: [...credential, ['Accept', 'text/html']] });
        sightings.note(answer, judge(answer, payload, nameOf({ path })));
      }
    }
    for (const route of target.routes.filter(({ kind }) => kind === 'form' || kind === 'public-form')) {
      const form = Object.fromEntries([...Object.keys(propertiesOf(target, route.body?.schema)).map((name) => [name, payload]), ['idempotencyKey', payload]]) as Record<string, string>;
      const answer = await target.ask({ method: 'POST', path: fillPath(route.path, {}), headers: [...browser, ['Accept', 'text/html']], form });
      sightings.note(answer, judge(answer, payload, nameOf({ method: 'POST', path: route.path })));
    }
  }
  return sightings.outcome();
}

async function store(target: Target): Promise<Outcome> {
  const sightings = new Sightings();
  const manager = managerOf(TENANTS[0] ?? '');
  const starts = target.routes.filter(({ kind, path }) => kind === 'page' && !path.includes('{')).map(({ path }) => path);
  // What is kept differs by what each field takes, so every payload is tried everywhere.
  for (const payload of PAYLOADS) await plant(target, manager, (marker) => `${marker} ${payload}`);
  for (const route of target.routes.filter(({ kind }) => kind === 'public-form')) await askWell(target, route, route.path, [['Origin', target.origin]], { text: PAYLOADS[0] ?? '' });
  const browser: Lines = [...(await target.browser(manager)), ['Accept', 'text/html']];
  const [queue, known] = [[...starts, '/docs', ...target.routes.filter(({ kind }) => kind === 'public-page').map(({ path }) => path)], new Set<string>()];
  let shown = 0;
  for (let path = queue.shift(); path !== undefined && known.size < MOST_PAGES; path = queue.shift()) {
    if (known.has(path)) continue;
    known.add(path);
    const answer = await target.ask({ path, headers: browser });
    const html = bodyOf(answer);
    if (html.includes(MARK)) shown += 1;
    const found = PAYLOADS.map((payload) => judge(answer, payload, path)).find((fault) => fault !== undefined);
    sightings.note(answer, found);
    queue.push(...linksOf(html).filter((link) => !known.has(link)));
  }
  sightings.note(shown > 0 ? 'shown' : 'not shown', undefined);
  return shown === 0 ? { verdict: 'not run', seen: 'nothing that is kept is shown on a page' } : sightings.outcome();
}

const WITHOUT_ESCAPING: Leak = {
  without: 'escaping',
  async answer(request, { forward }) {
    const answer = await forward(request);
    return String(answer.headers['content-type']).startsWith('text/html') ? rewrite(answer, { body: answer.body.toString().replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&amp;', '&') }) : answer;
  },
};

export const attackClass: AttackClass = {
  title: 'Cross-site scripting',
  source: 'CWE-79',
  setup: 'open',
  attacks: [
    { name: 'sent back: paths, queries, forms, error pages', expected: 'text, never markup', leak: WITHOUT_ESCAPING, run: reflect },
    { name: 'kept, and shown on every page that links lead to', expected: 'text, never markup', leak: WITHOUT_ESCAPING, run: store },
  ],
};
