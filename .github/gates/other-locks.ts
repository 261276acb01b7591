// The lock files of Go's and Python's tools, in the terms of lock_file_is_whole.
// Tested by lock_file_is_whole.gate.test.ts: they are one claim.
import { type Finding, Unusable } from './gate.ts';

function finding(rule: string, file: string, line: number, message: string, fix: string): Finding {
  return { rule, file, line, severity: 'error', message, fix };
}

const TIDY = 'Run go mod tidy in its folder, and look at what it changes.';
const REQUIRE = /^\s*(?:require\s+)?([\w.~/-]+\.[\w.~/-]+)\s+(v\d\S*)(?:\s+\/\/.*)?$/;

/** @throws Unusable when go.mod names no module, or go.sum has a line of another form. */
export function goFindings(file: string, mod: string, sum: string): readonly Finding[] {
  if (!/^module \S+$/m.test(mod)) throw new Unusable(`${file} names no module`);
  const sumFile = file.replace(/mod$/, 'sum');
  const hashes = new Map<string, string>();
  const findings: Finding[] = [];
  for (const [index, line] of sum.split('\n').entries()) {
    if (line === '') continue;
    const [, module = '', version = '', sum256 = ''] = /^(\S+) (\S+) (h1:[A-Za-z0-9+/]{43}=)$/.exec(line) ?? [];
    if (sum256 === '') throw new Unusable(`${sumFile}:${index + 1} is no line of go.sum's form`);
    const key = `${module} ${version}`;
    if ((hashes.get(key) ?? sum256) !== sum256) findings.push(finding('two-hashes', sumFile, index + 1, `${key} has two hashes; a published version has one.`, TIDY));
    hashes.set(key, sum256);
  }
  for (const [index, line] of mod.split('\n').entries()) {
    if (/^\s*(?:replace\b|[\w./~-]+(?: v\S+)? =>)/.test(line)) findings.push(finding('not-from-registry', file, index + 1, `${line.trim()} puts other code in a module’s place.`, 'Depend on the module itself, at a released version.'));
    const [, module = '', version = ''] = REQUIRE.exec(line) ?? [];
    if (module !== '' && !hashes.has(`${module} ${version}/go.mod`) && !hashes.has(`${module} ${version}`)) findings.push(finding('no-integrity', file, index + 1, `go.sum has no hash of ${module} ${version}.`, TIDY));
    if (module !== '' && isTool(module, mod) && !hashes.has(`${module} ${version}`)) findings.push(finding('no-integrity', file, index + 1, `go.sum has no hash of the source of ${module} ${version}.`, TIDY));
  }
  return findings;
}

function isTool(module: string, mod: string): boolean {
  return mod.split('\n').some((line) => /^\s*(?:tool )?(\S+)$/.exec(line)?.[1]?.startsWith(module) === true);
}

const COMPILE = 'Change requirements.in and run pip-compile --generate-hashes as its first line says.';

/** @throws Unusable when there is no requirement in it. */
export function requirementFindings(file: string, text: string, source: string): readonly Finding[] {
  // pip continues a line that ends with a backslash; the line breaks stay countable.
  const logical = text.replaceAll(/\\\r?\n/g, '\u0000').split('\n');
  const findings: Finding[] = [];
  const names = new Set<string>();
  let line = 1;
  for (const raw of logical) {
    const start = line;
    line += 1 + (raw.match(/\0/g)?.length ?? 0);
    const content = raw.replaceAll('\u0000', ' ').replace(/(?:^|\s)#.*$/, '').trim();
    if (content === '') continue;
    const [, name = ''] = /^([A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?\s*(?:===?|[<>~!]=?|@|;|\s|$)/.exec(content) ?? [];
    names.add(normal(name));
    if (/^-/.test(content)) findings.push(...optionFindings(file, start, content));
    else if (/\s@\s|^(?:git|hg|svn|bzr)\+|^https?:|^\.{0,2}\//.test(content)) findings.push(finding('not-from-registry', file, start, `${content.slice(0, 80)} is no release of PyPI.`, COMPILE));
    else if (!/^[A-Za-z0-9][\w.-]*(?:\[[^\]]*\])?==[\w.!+-]+(?:\s|$|;)/.test(content)) findings.push(finding('inexact-version', file, start, `${name} has no exact version.`, COMPILE));
    else if (!/--hash=sha256:[0-9a-f]{64}(?:\s|$)/.test(content) || /--hash=(?!sha(?:256|384|512):[0-9a-f]{64,128}(?:\s|$))/.test(content)) findings.push(finding('no-integrity', file, start, `${name} has no whole SHA-256.`, COMPILE));
  }
  if (names.size === 0) throw new Unusable(`${file} has no requirement`);
  const wanted = source.split('\n').map((each) => /^([A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?(?:==([\w.]+))?/.exec(each.trim())).filter((match) => match !== null);
  return [...findings, ...wanted.filter(([, name = '', version]) => !names.has(normal(name)) || (version !== undefined && !new RegExp(`^${escape(name)}(?:\\[[^\\]]*\\])?==${escape(version)}(?:\\s|$)`, 'mi').test(text))).map(([wish]) => finding('disagreement', file, 1, `requirements.in asks for ${wish}, and ${file} does not have it.`, COMPILE))];
}

/** PEP 503. */
const normal = (name: string): string => name.toLowerCase().replaceAll(/[-_.]+/g, '-');
const escape = (text: string): string => text.replaceAll(/[.+*?()[\]{}|\\^$-]/g, String.raw`\$&`);

function optionFindings(file: string, line: number, option: string): readonly Finding[] {
  if (/^--(?:require-hashes|only-binary|no-binary)\b/.test(option)) return [];
  if (/^(?:-e|--editable)\b/.test(option)) return [finding('not-from-registry', file, line, `${option} installs a folder or a repository, without a hash.`, COMPILE)];
  return [finding('foreign-host', file, line, `${option.split(/[ =]/, 1)[0] ?? ''} has pip look elsewhere than the lock file says.`, 'Remove the line; where pip downloads from is the machine’s own setting.')];
}
