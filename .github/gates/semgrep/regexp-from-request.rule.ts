// A regular expression that the client writes: one that never ends, or that matches everything (CWE-1333).
import type { WeaknessRule } from './weakness.ts';
import { CHECKED, focus, REQUEST_DATA } from './patterns.ts';

export const rule: WeaknessRule = {
  cwe: 1333,
  message: 'The request is used as a regular expression, which it can make run for ever.',
  fix: 'Use text.includes(…), or RegExp.escape(…) around what the request says.',
  match: {
    mode: 'taint',
    'pattern-sources': REQUEST_DATA,
    'pattern-sanitizers': [
      ...CHECKED,
      { pattern: 'RegExp.escape(...)' },
      { pattern: '$X.escapeRegExp(...)' },
      { pattern: 'escapeRegExp(...)' },
    ],
    'pattern-sinks': [
      focus('TEXT', ['new RegExp($TEXT, ...)', 'RegExp($TEXT, ...)']),
      focus('TEXT', ['$S.$FIND($TEXT)'], { FIND: 'match|matchAll|search' }),
    ],
  },
  refuses: [
    'export const f = (ctx, rows) => rows.filter((row) => new RegExp(ctx.query.q, "i").test(row.name));',
    'export const f = ({ query }, text) => text.match(query.pattern);',
    'export const f = defineQuery({ handle: ({ query }) => { const { q } = query; return find(RegExp(`^${q}`)); } });',
  ],
  allows: [
    'export const f = (ctx) => new RegExp(RegExp.escape(ctx.query.q));',
    'export const f = (word) => new RegExp(`^${word}$`);',
  ],
};
