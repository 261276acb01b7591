// A program that the request names, or an option for it (CWE-88).
import type { WeaknessRule } from './weakness.ts';
import { CHECKED, focus, REQUEST_DATA } from './patterns.ts';

export const rule: WeaknessRule = {
  cwe: 88,
  message: 'What is started, or an option of it, comes from the request.',
  fix: 'Choose the program and its options from a fixed list, and pass values after --.',
  match: {
    mode: 'taint',
    'pattern-sources': REQUEST_DATA,
    'pattern-sanitizers': CHECKED,
    'pattern-sinks': [
      focus('ARG', ['$RUN($ARG, ...)', '$RUN($P, [..., $ARG, ...], ...)', '$RUN($P, $ARG, ...)'], { RUN: '(?:(?:child_process|childProcess|cp)\\.)?(?:promisify\\(\\w+\\)|spawn|spawnSync|execFile|execFileSync|fork|exec|execSync)' }),
    ],
  },
  refuses: [
    'export const f = (ctx) => spawn(ctx.query.tool, []);',
    'export const f = ({ body }) => execFile("git", ["log", body.range]);',
    'export const f = (ctx) => { const args = ["-x", ctx.params.file]; return execFileSync("tar", args); };',
  ],
  allows: [
    'export const f = (file) => execFile("tar", ["-x", file]);',
    'export const f = (ctx) => /a/.exec(ctx.path);',
  ],
};
