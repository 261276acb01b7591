// Static files: read once at start-up, served under one hash of them all, so that a cache may keep them for ever.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import path from 'node:path';
import { refuse } from '#app/errors.ts';
import type { HttpContext, HttpMiddleware } from '#app/http/context.ts';
import { asError } from '#app/http/problem.ts';
import { answerNotModified } from '#app/http/respond.ts';

const MEDIA_TYPES: ReadonlyMap<string, string> = new Map([
  ['.ts', 'text/javascript; charset=utf-8'],
  ['.js', 'text/javascript; charset=utf-8'],
  ['.css', 'text/css; charset=utf-8'],
  ['.svg', 'image/svg+xml'],
  ['.png', 'image/png'],
  ['.webp', 'image/webp'],
  ['.woff2', 'font/woff2'],
  ['.txt', 'text/plain; charset=utf-8'],
]);

const METHODS = 'GET, HEAD, OPTIONS';
/** For log and metrics. */
const ROUTE = '/assets/{path}';

export interface AssetSource {
  /** `site`, or the feature's name. */
  readonly owner: string;
  readonly directory: string;
}

interface Asset {
  readonly type: string;
  readonly content: Buffer;
}

export interface Assets {
  /** @throws TypeError for a file that isn't there: at the first rendering, not as a broken page. */
  url(owner: string, file: string): string;
  /** Answers `/assets/…`; only files of the map that was built at the start can be named, so no path leads elsewhere (CWE-22). */
  readonly serve: HttpMiddleware;
  /** Answers one file at a fixed path, for names that browsers ask for by themselves. */
  serveFile(owner: string, file: string): HttpMiddleware;
}

export function createAssets(sources: readonly AssetSource[]): Assets {
  const files = new Map(sources.flatMap(({ owner, directory }) => readFiles(owner, directory)));
  const hash = hashOf(files);
  const urlOf = (owner: string, file: string): string => {
    if (!files.has(`${owner}/${file}`)) throw new TypeError(`There is no asset ${owner}/${file}.`);
    return `/assets/${hash}/${owner}/${file}`;
  };
  return {
    url: urlOf,
    serve: (ctx, next) => {
      const match = ctx.path.startsWith('/assets/') ? /^\/assets\/([\w-]+)\/(.+)$/.exec(ctx.path) : null;
      const asset = files.get(match?.[2] ?? '');
      if (asset === undefined) return next();
      ctx.state.route = ROUTE;
      if (!requireReading(ctx)) return undefined;
      // During a rolling release, pages of the other version ask here: they get our file, and no cache keeps it.
      send(ctx, asset, match?.[1] === hash ? 'public, max-age=31536000, immutable' : 'no-cache', hash);
      return undefined;
    },
    serveFile: (owner, file) => async (ctx, next) => {
      const asset = files.get(`${owner}/${file}`);
      if (asset === undefined) await next();
      else send(ctx, asset, 'public, max-age=86400', hash);
    },
  };
}

/** False for an OPTIONS that it has answered: no route below sees the method of an asset's request. */
function requireReading(ctx: HttpContext): boolean {
  if (ctx.method === 'GET' || ctx.method === 'HEAD') return true;
  if (ctx.method !== 'OPTIONS') throw asError(refuse(405, 'method-not-allowed', `${ctx.method} is not served here; the Allow header says what is.`), { allow: METHODS });
  ctx.status = 204;
  ctx.set('Allow', METHODS);
  return false;
}

function send(ctx: Parameters<HttpMiddleware>[0], { type, content }: Asset, caching: string, hash: string): void {
  ctx.status = 200;
  ctx.body = content;
  ctx.set({ 'Content-Type': type, 'Cache-Control': caching, ETag: `"${hash}"` });
  answerNotModified(ctx, `"${hash}"`);
}

/* eslint-disable security/detect-non-literal-fs-filename -- folders of this repository, read at start-up; no request names a file */
function readFiles(owner: string, directory: string): [string, Asset][] {
  let names: string[];
  try {
    names = readdirSync(directory, { recursive: true, encoding: 'utf8' });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
  return names.sort().flatMap((name): [string, Asset][] => {
    const extension = path.extname(name);
    const type = MEDIA_TYPES.get(extension);
    if (type === undefined || name.endsWith('.test.ts') || name.endsWith('.d.ts')) return [];
    const source = readFileSync(path.join(directory, name));
    const content = extension === '.ts' ? Buffer.from(stripTypeScriptTypes(source.toString('utf8'))) : source;
    return [[`${owner}/${name.replaceAll(path.sep, '/')}`, { type, content }]];
  });
}
/* eslint-enable security/detect-non-literal-fs-filename */

function hashOf(files: ReadonlyMap<string, Asset>): string {
  const hash = createHash('sha256');
  for (const [name, { content }] of files) hash.update(`${name}\0${content.length}\0`).update(content);
  return hash.digest('base64url').slice(0, 16);
}
