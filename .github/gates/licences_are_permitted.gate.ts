// Reads the licence of every locked package as the SPDX expression that it is.
import type { Finding, Gate } from './gate.ts';
import { LOCK_FILE, type LockedPackage, readLocks } from './lock-file.ts';

export const gate: Gate = {
  claim: 'every installed package has a licence that this repository may be used under',
  why: 'A package without a licence may not be used at all, and one of strong copyleft binds whoever ships or serves what contains it.',
  remedy: 'Choose another package. What is permitted is a list in this gate; adding to it is a decision for whoever answers for licences.',
  link: 'https://spdx.github.io/spdx-spec/v2.3/SPDX-license-expressions/',
  tools: [],
  reads: LOCK_FILE,
  scope: 'tree',
  when: 'change',
  unparsable: { file: 'package-lock.json', text: '{ "packages": ' },
  check: (context) => Promise.resolve(readLocks(context).flatMap(({ packages }) => packages.flatMap(licenceFindings))),
};

/** Permissive ones. */
const PERMITTED = new Set(['0BSD', 'Apache-2.0', 'BlueOak-1.0.0', 'BSD-2-Clause', 'BSD-3-Clause', 'CC0-1.0', 'ISC', 'MIT', 'MIT-0', 'Python-2.0', 'Unicode-3.0', 'Unlicense', 'Zlib']);
/** Copyleft of single files or of data: permitted where nothing of it is shipped. */
const PERMITTED_FOR_DEVELOPMENT = new Set(['MPL-2.0', 'CC-BY-3.0', 'CC-BY-4.0']);
/** Their package.json says nothing and the licence file beside it does. */
const SAID_ELSEWHERE: Readonly<Record<string, string>> = { 'busboy@1.6.0': 'MIT', 'streamsearch@1.1.0': 'MIT' };

export function licenceFindings(entry: LockedPackage): readonly Finding[] {
  const id = `${entry.name ?? entry.alias}@${entry.version ?? ''}`;
  const isDevelopment = entry.dev === true || entry.file !== 'package-lock.json';
  const licence = typeof entry.license === 'string' && entry.license !== '' ? entry.license : SAID_ELSEWHERE[id];
  const at = (rule: string, message: string): Finding => ({ rule, file: entry.file, line: entry.line, severity: 'error', message, fix: `Remove ${entry.alias}, or what brings it (npm explain ${entry.alias}), and choose a package under a permissive licence: ${[...PERMITTED].slice(0, 7).join(', ')}.` });
  if (licence === undefined) return [at('no-licence', `${id} names no licence, so that nobody has permission to use it.`)];
  const isPermitted = (name: string) => PERMITTED.has(name) || (isDevelopment && PERMITTED_FOR_DEVELOPMENT.has(name));
  const verdict = judgeExpression(licence, isPermitted);
  if (verdict === undefined) return [at('unknown-licence', `${id} has the licence ${JSON.stringify(licence)}, which is no SPDX expression: what it permits is unknown.`)];
  return verdict ? [] : [at('licence', `${id} is under ${licence}, which is not permitted for what is ${isDevelopment ? 'used in development' : 'shipped'}.`)];
}

/** Whether one may use it so: AND needs both, OR either. Nothing when it is no expression. */
export function judgeExpression(expression: string, isPermitted: (name: string) => boolean): boolean | undefined {
  const tokens = expression.match(/[()]|[^\s()]+/g) ?? [];
  let position = 0;
  const either = (): boolean | undefined => {
    let value = both();
    while (value !== undefined && tokens[position] === 'OR') {
      position += 1;
      const next = both();
      value = next === undefined ? undefined : value || next;
    }
    return value;
  };
  const both = (): boolean | undefined => {
    let value = single();
    while (value !== undefined && tokens[position] === 'AND') {
      position += 1;
      const next = single();
      value = next === undefined ? undefined : value && next;
    }
    return value;
  };
  const single = (): boolean | undefined => {
    const word = tokens[position++];
    if (word === '(') {
      const value = either();
      return tokens[position++] === ')' ? value : undefined;
    }
    if (word === undefined || !/^[A-Za-z0-9][A-Za-z0-9.-]*\+?$/.test(word) || /^(?:AND|OR|WITH|UNLICENSED|UNKNOWN|NONE|SEE)$/.test(word)) return undefined;
    if (tokens[position] !== 'WITH') return isPermitted(word.replace(/\+$/, ''));
    position += 1;
    // An exception adds permissions and takes none away.
    return tokens[position++] === undefined ? undefined : isPermitted(word.replace(/\+$/, ''));
  };
  const verdict = either();
  return position === tokens.length ? verdict : undefined;
}
