// The HTML pages of a service, one for each route, found by following links from where a person begins.
import type { CookieJar } from '#app/lib/cookie-jar.ts';

export interface FoundPage {
  readonly path: string;
  readonly status: number;
}

const MOST_PAGES = 60;

/** Every page that links lead to from `starts`. Sign-in and sign-out are no pages. */
export async function findPages(origin: string, jar: CookieJar, starts: readonly string[]): Promise<readonly FoundPage[]> {
  const queue = [...starts];
  const known = new Set(queue);
  const pages: FoundPage[] = [];
  for (let next = queue.shift(); next !== undefined && known.size <= MOST_PAGES; next = queue.shift()) {
    const response = await jar.fetch(origin + next, { headers: { accept: 'text/html' } });
    const body = await response.text();
    if (response.headers.get('content-type')?.startsWith('text/html') !== true) continue;
    pages.push({ path: next, status: response.status });
    for (const path of linksOf(body)) {
      if (known.has(path)) continue;
      known.add(path);
      queue.push(path);
    }
  }
  return pages;
}

/** Of pages with one shape the first: a path's parts with a digit or a capital in them are names of things. */
export function onePerShape(pages: readonly FoundPage[]): readonly FoundPage[] {
  const shapes = new Map<string, FoundPage>();
  for (const page of pages) {
    const shape = page.path.replace(/\?.*$/, '').replaceAll(/\/[^/]*[A-Z0-9][^/]*/g, '/{}');
    if (!shapes.has(shape)) shapes.set(shape, page);
  }
  return [...shapes.values()];
}

export function linksOf(html: string): readonly string[] {
  return [...html.replaceAll(/<template\b.*?<\/template>/gs, '').matchAll(/<a\b[^>]*\bhref="(\/(?!\/)[^"#]*)/g)].map(([, path = '']) => path.replaceAll('&amp;', '&')).filter((path) => !path.startsWith('/auth/'));
}
