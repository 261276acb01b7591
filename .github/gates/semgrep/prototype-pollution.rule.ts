// A key that the client chooses: __proto__ changes every object of the process (CWE-1321).
import type { WeaknessRule } from './weakness.ts';
import { either, focus, REQUEST_DATA, restrict } from './patterns.ts';

export const rule: WeaknessRule = {
  cwe: 1321,
  message: 'A key of an object comes from the request, or a merge copies every key: __proto__ and constructor are keys too.',
  fix: 'Use a Map, or a strict schema that names the keys; check Object.hasOwn, and refuse __proto__, constructor and prototype.',
  match: {
    mode: 'taint',
    'pattern-sources': [...REQUEST_DATA, { patterns: [{ pattern: '$KEY' }, either([{ 'pattern-inside': 'for (const [$KEY, $V] of $BODY) $DO' }, { 'pattern-inside': 'Object.entries($BODY).forEach(([$KEY, $V]) => $DO)' }, { 'pattern-inside': 'Object.keys($BODY).forEach(($KEY) => $DO)' }]), ...restrict({ BODY: '(?s).*(?:\\b(?:body|query|params|payload|patch)\\b|URLSearchParams|searchParams|FormData|formData).*' })] }, { pattern: '$AT = $AT[$K] = $V' }, { patterns: [{ pattern: '$KEY' }, { 'pattern-inside': 'for (const {..., $KEY, ...} of $BODY) $DO' }, ...restrict({ BODY: '(?:[\\w.]+\\.)?(?:body|query|params|payload|patch)(?:\\.\\w+)*' })] }, { patterns: [{ pattern: '$T[$K] = $S[$K]' }, { 'pattern-inside': 'for (const $K in $S) $DO' }] }, { pattern: '$AT = $AT[$K] ??= {}' }, { patterns: [{ pattern: '$KEY' }, either([{ 'pattern-inside': 'for (const [$KEY, $V] of Object.entries($BODY)) $DO' }, { 'pattern-inside': 'for (const $KEY of Object.keys($BODY)) $DO' }, { 'pattern-inside': 'for (const $KEY in $BODY) $DO' }]), ...restrict({ BODY: '(?:[\\w.]+\\.)?(?:body|query|params|payload|patch)(?:\\.\\w+)*|JSON\\.parse.*' })] }, { patterns: [{ pattern: '$X' }, either([{ 'pattern-inside': 'for (const $K in $X) { ... $T[$K] = $FN(..., $X[$K], ...); ... }' }, { 'pattern-inside': '$X.__proto__ = $V' }, { 'pattern-inside': '$X["__proto__"] = $V' }])] }],
    'pattern-sinks': [
      { patterns: [{ pattern: '$T[$K] = $S[$K]' }, { 'pattern-inside': 'for (const $K in $S) $DO' }] }, { pattern: '$AT = $AT[$K] ??= {}' }, { pattern: '$AT = $AT[$K] = $V' },
      focus('KEY', ['$O[$KEY] = $V', '$O[$KEY][$K2] = $V', '$O[$KEY] ??= $V', '$O[$KEY] += $V', 'Object.defineProperty($O, $KEY, ...)', 'Reflect.set($O, $KEY, ...)']),
      focus('BODY', ['$MERGE($A, ..., $BODY, ...)'], { MERGE: '(?:\\w+\\.)?(?:merge|deepMerge|mergeDeep|defaultsDeep|extend|deepExtend|mergeWith|setWith|zipObjectDeep)' }),
      focus('X', ['for (const $K in $X) { ... $T[$K] = $FN(..., $X[$K], ...); ... }', '$X.__proto__ = $V', '$X["__proto__"] = $V']),
    ],
  },
  refuses: [
    'export const f = (settings, ctx) => { settings[ctx.query.name] = ctx.query.value; };',
    'export const f = ({ body }, settings) => { for (const [key, value] of Object.entries(body.values)) settings[key] = value; };',
    'export const f = (defaults, { body }) => merge(defaults, body.options);',
    'export const f = (o, v) => { o.__proto__ = v; };',
  ],
  allows: [
    'export const f = (settings, ctx) => { settings.set(ctx.query.name, ctx.query.value); };',
    'export const f = (settings, ctx) => { settings.name = ctx.query.name; };',
  ],
};
