// The lock files of Go's and Python's tools and of Terraform's providers, in the terms of lock_file_is_whole.
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

const LOCK = 'Run terraform init -upgrade in its folder, then terraform providers lock for each platform, and look at what it changes.';
const PROVIDERS = 'registry.terraform.io';
/** Of its content, and of the archives that its publisher signed; from a mirror there is the first alone. */
const HASH = /^(?:h1:[A-Za-z0-9+/]{43}=|zh:[0-9a-f]{64})$/;

/** @throws Unusable when there is no provider in it, or a line of another form. */
export function providerFindings(file: string, text: string): readonly Finding[] {
  const findings: Finding[] = [];
  const blocks = [...text.matchAll(/^provider "([^"]*)" \{\n([^]*?)^\}$/gm)];
  const rest = text.replaceAll(/^provider "[^"]*" \{\n[^]*?^\}$/gm, '').replaceAll(/^\s*#.*$/gm, '').trim();
  if (blocks.length === 0 || rest !== '') throw new Unusable(`${file} has not the form that terraform init writes`);
  for (const { index, 1: address = '', 2: body = '' } of blocks) {
    const at = (rule: string, message: string) => findings.push(finding(rule, file, text.slice(0, index).split('\n').length, message, LOCK));
    const hashes = [...body.matchAll(/^\s*"([^"]*)",?$/gm)].map(([, hash = '']) => hash);
    if (!address.startsWith(`${PROVIDERS}/`)) at('foreign-host', `${address} does not come from ${PROVIDERS}.`);
    if (!/^\s*version\s*=\s*"\d+\.\d+\.\d+(?:-[\w.]+)?"$/m.test(body)) at('inexact-version', `${address} has no exact version.`);
    if (!hashes.some((hash) => HASH.test(hash))) at('no-integrity', `${address} has no hash: Terraform runs whatever it is given.`);
    if (hashes.some((hash) => !HASH.test(hash))) at('weak-integrity', `${address} has a hash of another form.`);
  }
  return findings;
}
