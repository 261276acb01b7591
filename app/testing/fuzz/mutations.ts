// What is done to a right request to make it a wrong one: each in a place where a parser, a check or a handler looks.
import type { Random } from './random.ts';
import type { Draft } from './requests.ts';
import { TEXTS } from './texts.ts';

type Mutation = (draft: Draft, random: Random) => void;

const RAW_PATHS = ['/', '//', '/.', '/..', '/%2e%2e/', '/%2f', '%', '%zz', '%ff', '%c0%af', '%00', '%0d%0a', ';a=b', '/new', '?', '#x', '\\', '%25', '%u0041', `/${'x'.repeat(3_000)}`, '/{sku}', '\xff', '@', ':', '*', '|', '"', '<', "'"] as const;
const VALUES: readonly [unknown, ...unknown[]] = [null, true, false, 0, -1, -0, 0.5, 1e21, 1e-7, Number.MAX_SAFE_INTEGER + 2, -2147483649, 2147483648, 9.3e18, [], {}, [[]], [null], { a: 1 }, { __proto__: null }, ...TEXTS];
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND', 'LOCK', 'SEARCH', 'QUERY', 'PURGE', 'UNSUBSCRIBE', 'get', 'FOO'] as const;
const HEADERS: readonly [readonly [string, string], ...(readonly [string, string])[]] = [
  ['Accept', '*/*'], ['Accept', 'application/json'], ['Accept', 'text/html'], ['Accept', 'image/png'], ['Accept', ';;,q=,'], ['Accept', 'application/json;q=0'], ['Accept', 'x'.repeat(2_000)], ['Accept', ''],
  ['Accept-Encoding', 'gzip, br, zstd'], ['Accept-Encoding', 'identity;q=0, *;q=0'], ['Accept-Language', 'zz-ZZ;q=2'], ['Content-Type', 'application/json'], ['Content-Type', 'application/x-www-form-urlencoded'], ['Content-Type', 'text/plain'], ['Content-Type', 'application/json; charset=utf-7'], ['Content-Type', 'multipart/form-data'], ['Content-Type', ''], ['Content-Type', ';'],
  ['Content-Encoding', 'gzip'], ['Content-Encoding', 'identity'], ['Content-Language', 'en'], ['If-Match', '*'], ['If-Match', '"1"'], ['If-Match', 'W/"1"'], ['If-Match', '"'], ['If-Match', '","'.repeat(200)], ['If-None-Match', '*'], ['If-None-Match', '"1", W/"2"'], ['If-None-Match', ','], ['If-Modified-Since', 'yesterday'], ['Range', 'bytes=0-1'], ['Range', 'bytes=-,'],
  ['Idempotency-Key', ''], ['Idempotency-Key', 'x'.repeat(256)], ['Idempotency-Key', 'a b'], ['Idempotency-Key', '\xff'], ['Idempotency-Key', 'fuzz-1'], ['X-Request-Id', 'a'.repeat(64)], ['X-Request-Id', '../..'], ['X-Request-Id', ''], ['Last-Event-ID', '1'], ['Last-Event-ID', '-1'], ['Last-Event-ID', '99999999999999999999'], ['Last-Event-ID', '\xe4'],
  ['Origin', 'https://evil.test'], ['Origin', 'null'], ['Sec-Fetch-Site', 'cross-site'], ['Sec-Fetch-Site', 'same-origin'], ['Sec-Fetch-Mode', 'navigate'], ['Sec-Fetch-Dest', 'iframe'], ['Referer', 'https://evil.test/'], ['X-Forwarded-For', '127.0.0.1, ::1, evil'], ['X-Forwarded-Host', 'evil.test'], ['X-Forwarded-Proto', 'gopher'], ['Forwarded', 'for=127.0.0.1;host=evil'], ['X-HTTP-Method-Override', 'DELETE'], ['X-Original-URL', '/admin'],
  ['Cookie', 'session=x'], ['Cookie', '=;;=;session=\xff'], ['Cookie', 'a=b; '.repeat(300)], ['Authorization', 'Basic Og=='], ['Authorization', 'Bearer'], ['Authorization', 'Bearer a.b.c'], ['Authorization', 'Bearer eyJhbGciOiJub25lIn0.e30.'], ['Authorization', `Bearer ${'x'.repeat(4_000)}`],
  ['Connection', 'close'], ['Connection', 'Upgrade'], ['Upgrade', 'h2c'], ['Upgrade', 'websocket'], ['Expect', '100-continue'], ['Expect', 'magic'], ['TE', 'trailers'], ['Max-Forwards', '0'], ['Purpose', 'prefetch'], ['DNT', '1'], ['traceparent', '00-zz'], ['traceparent', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'], ['User-Agent', ''], ['constructor', 'x'], ['__proto__', 'x'],
];
const BODIES: readonly [string, ...string[]] = ['', '{', '}', 'null', '[]', '0', '"', '{"a":1,"a":2}', '{"__proto__":{"isAdmin":true}}', '[1,]', '{"sku":1e9999}', '{"sku":"\\ud800"}', '{"sku":"\\u0000"}', '\ufeff{}', '['.repeat(40), `${'['.repeat(3_000)}${']'.repeat(3_000)}`, `{"a":"${'x'.repeat(66_000)}"}`, '&&==&=&', 'a=%zz', 'a=%ff', 'a=%00', 'a=1&'.repeat(300), '__proto__=1&constructor=2', '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'];

const mutations: readonly [Mutation, ...Mutation[]] = [
  (draft, random) => {
    draft.method = random.pick(METHODS);
  },
  (draft, random) => {
    const parts = draft.path.split('/');
    parts[random.below(parts.length)] = encodeURIComponent(random.pick(TEXTS).toWellFormed());
    draft.path = parts.join('/').replace(/^(?!\/)/, '/');
  },
  (draft, random) => {
    const at = 1 + random.below(draft.path.length);
    draft.path = draft.path.slice(0, at) + random.pick(RAW_PATHS) + (random.chance(50) ? draft.path.slice(at) : '');
  },
  (draft, random) => {
    draft.path = random.pick([draft.path.toUpperCase(), `${draft.path}/`, draft.path.slice(0, -1) || '/', draft.path.replace('/', '//'), draft.path.replace(/[^/]+$/, '')]);
  },
  (draft, random) => {
    const name = random.some(draft.query)?.[0] ?? random.pick(['limit', 'cursor', 'q', '__proto__', 'a[]', 'a[b]', 'constructor', '%00', '']);
    const value = random.chance(20) ? random.pick(['%', '%zz', '%ff', '+', '%00', '&&', '=']) : encodeURIComponent(random.pick(TEXTS).toWellFormed());
    draft.query.push([name, value]);
  },
  (draft, random) => {
    const pair = random.some(draft.query);
    if (pair !== undefined) pair[1] = encodeURIComponent(random.pick(TEXTS).toWellFormed());
    else draft.query.push(...Array.from({ length: 250 }, (_, index): [string, string] => [`p${index}`, '1']));
  },
  (draft, random) => {
    const [name, value] = random.pick(HEADERS);
    if (random.chance(70)) draft.headers = draft.headers.filter(([given]) => given.toLowerCase() !== name.toLowerCase());
    draft.headers.push([name, value]);
  },
  (draft, random) => {
    if (draft.headers.length > 0) draft.headers.splice(random.below(draft.headers.length), 1);
  },
  mutateField,
  mutateField,
  mutateField,
  (draft, random) => {
    if (draft.fields === undefined && random.chance(70)) return;
    draft.body = Buffer.from(random.pick(BODIES));
    if (!draft.headers.some(([name]) => name === 'Content-Type')) draft.headers.push(['Content-Type', random.pick(['application/json', 'application/x-www-form-urlencoded'])]);
  },
  (draft, random) => {
    const text = Buffer.from(JSON.stringify(draft.fields ?? { a: 1 }));
    if (draft.fields === undefined && random.chance(70)) return;
    text[random.below(text.length)] = random.below(256);
    draft.body = random.chance(50) ? text : text.subarray(0, random.below(text.length));
  },
];

function mutateField(draft: Draft, random: Random): void {
  const { fields } = draft;
  if (fields === undefined) return;
  const name = random.some(Object.keys(fields));
  if (name !== undefined && random.chance(25)) Reflect.deleteProperty(fields, name);
  else if (name !== undefined && random.chance(80)) fields[name] = random.pick(VALUES);
  else Object.defineProperty(fields, random.pick(['', 'extra', '__proto__', 'constructor', 'version', 'tenant_id', 'tenantId', 'id', 'quantity', '\u0000']), { value: random.pick(VALUES), enumerable: true, configurable: true, writable: true });
}

export function mutate(draft: Draft, random: Random): void {
  random.pick(mutations)(draft, random);
}
