// A temporary file whose name others can guess, and be there first (CWE-377).
import type { WeaknessRule } from './weakness.ts';
import { either, where } from './patterns.ts';

export const rule: WeaknessRule = {
  cwe: 377,
  message: 'A temporary file has a name that others can guess: who makes it first owns what is written.',
  fix: 'Make a folder by mkdtemp(path.join(tmpdir(), "name-")), which only this process may read.',
  match: { 'pattern-either': [
    { patterns: [either(['path.join(tmpdir(), ...)', 'path.join(os.tmpdir(), ...)', 'join(tmpdir(), ...)', '`${tmpdir()}...`', '`${os.tmpdir()}...`', 'path.resolve(tmpdir(), ...)', 'tmpdir() + $X', 'os.tmpdir() + $X']), { 'pattern-not-inside': 'mkdtemp(...)' }, { 'pattern-not-inside': 'mkdtempSync(...)' }, { 'pattern-not-inside': '$FS.mkdtemp(...)' }, { 'pattern-not-inside': '$FS.mkdtempSync(...)' }] },
    where('$WRITE($FILE, ...)', { WRITE: '(?:\\w+\\.)*(?:writeFile|writeFileSync|createWriteStream|open|openSync|appendFile|mkdir|mkdirSync)', FILE: '(?s)[\'"`]/(?:tmp|var/tmp|dev/shm)/.*' }),
    { pattern: 'mktemp(...)' }, { pattern: '$X.mktemp(...)' }, { pattern: 'tmpNameSync(...)' },
  ] },
  refuses: [
    'export const f = (bytes) => writeFile(path.join(tmpdir(), "report.json"), bytes);',
    'export const f = (bytes) => fs.writeFileSync(`/tmp/export-${process.pid}`, bytes);',
    'export const f = () => `${os.tmpdir()}/stock.csv`;',
  ],
  allows: [
    'export const f = () => mkdtemp(path.join(tmpdir(), "report-"));',
  ],
};
