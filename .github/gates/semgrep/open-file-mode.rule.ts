// A file that everybody on the machine may write or read (CWE-732).
import type { WeaknessRule } from './weakness.ts';

export const rule: WeaknessRule = {
  cwe: 732,
  message: 'Everybody on the machine may change or read what is written here.',
  fix: 'Use mode 0o600 for files and 0o700 for folders.',
  match: { 'pattern-either': [
    { 'pattern-regex': '\\b(?:chmod(?:Sync)?|fchmod(?:Sync)?)\\s*\\([^,)]+,\\s*[\\x27"]?(?:0o?)?[0-7]?[0-7]{0,1}[0-7][2367]\\b' },
    { 'pattern-regex': '\\bmode[\\x27"]?\\s*:\\s*[\\x27"]?0o?[0-7]?[0-7]{2}[2367]\\b' },
    { 'pattern-regex': '\\bumask\\s*\\(\\s*(?:0o?0*|0)\\s*\\)' },
  ] },
  refuses: [
    'export const f = (file) => chmod(file, 0o777);',
    'export const f = (file, text) => writeFile(file, text, { mode: 0o666 });',
    'export const f = () => process.umask(0);',
  ],
  allows: [
    'export const f = (file, text) => writeFile(file, text, { mode: 0o600 });',
    'export const f = (file) => chmod(file, 0o755);',
  ],
};
