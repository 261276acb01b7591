// Compares package.json with what the code imports, and what production imports with what production installs.
import { isBuiltin } from 'node:module';
import path from 'node:path';
import { readSource } from '../rules/source.ts';
import { type Finding, type Gate, Unusable } from './gate.ts';
import { lineOf, type Manifest, readManifest } from './lock-file.ts';

export const gate: Gate = {
  claim: 'every dependency is used, and the service imports none that production does not install',
  why: 'An unused package is code that somebody else can change and nobody needs; an undeclared one vanishes with the next upgrade of what brought it, or is registered by somebody else.',
  remedy: 'npm uninstall what is not used; npm install --save-exact what is imported.',
  link: 'https://owasp.org/www-project-top-10-ci-cd-security-risks/CICD-SEC-03-Dependency-Chain-Abuse',
  tools: [],
  reads: /^package\.json$|^(?:app(?!\/bench\/stacks\/)|\.github)\/.*\.(?:[cm]?[jt]s)$|^[\w.-]+\.[cm]?[jt]s$|^tsconfig\.json$/,
  scope: 'tree',
  when: 'change',
  unparsable: { file: 'package.json', text: '{ "dependencies": {' },
  check({ files, read }) {
    if (!files.includes('package.json')) throw new Unusable('there is no package.json');
    const text = read('package.json');
    const sources = files.filter((file) => /\.[cm]?[jt]s$/.test(file)).map((file) => [file, read(file)] as const);
    if (sources.length === 0) throw new Unusable('there is no source');
    return Promise.resolve(usageFindings(text, readManifest('package.json', text), sources));
  },
};

/** Used without an import: started by a script, or loaded by its name alone. */
const STARTED: Readonly<Record<string, string>> = { eslint: 'npm run lint', typescript: 'npm run types', snyk: 'the gate of its name' };
const isDevelopmentFile = (file: string): boolean => !file.startsWith('app/') || /\.(?:test|proof|attack)\.ts$|^app\/(?:.*\/)?(?:testing|proofs|probes|bench|attacks)\//.test(file);

export function packageOf(specifier: string): string | undefined {
  if (isBuiltin(specifier) || /^(?:[./#]|file:|data:|https?:)/.test(specifier)) return undefined;
  return specifier.split('/').slice(0, specifier.startsWith('@') ? 2 : 1).join('/');
}

export function usageFindings(text: string, manifest: Manifest, sources: readonly (readonly [file: string, text: string])[]): readonly Finding[] {
  const { dependencies = {}, devDependencies = {}, optionalDependencies = {}, scripts = {} } = manifest;
  const at = (rule: string, file: string, line: number, message: string, fix: string): Finding => ({ rule, file, line, severity: 'error', message, fix });
  const used = new Set<string>();
  const findings: Finding[] = [];
  const imports = sources.flatMap(([file, source]) => [...readSource(file, source).imports, ...required(file, source)].map((each) => ({ ...each, file, source })));
  // What is loaded by import() alone, when it is wanted, may need what production does not have.
  const targets = (wanted: string) => new Set(imports.filter(({ kind, file }) => kind === wanted && !isDevelopmentFile(file)).map(({ file, specifier }) => path.posix.join(specifier.startsWith('#') ? '.' : path.posix.dirname(file), specifier.replace(/^#/, ''))));
  const [atOnce, later] = [targets('value'), targets('dynamic')];
  const isProduction = (file: string) => !isDevelopmentFile(file) && (atOnce.has(file) || !later.has(file));
  for (const { specifier, kind, file, source } of imports) {
    const name = packageOf(specifier);
    if (name === undefined) continue;
    used.add(name);
    // A type alone has its package of types.
    used.add(`@types/${name.replace(/^@/, '').replace('/', '__')}`);
    const line = lineOf(source, `'${specifier}'`);
    if (!(name in dependencies) && !(name in devDependencies) && !(name in optionalDependencies) && !(kind === 'type' && `@types/${name}` in devDependencies)) findings.push(at('undeclared', file, line, `${name} is imported and package.json does not name it: what is loaded is whatever something else happened to bring.`, `npm install --save-exact ${name}, if it is wanted; else remove the import.`));
    else if (kind === 'value' && isProduction(file) && name in devDependencies) findings.push(at('development-in-production', file, line, `The service imports ${name}, which is a devDependency: production does not install it, and the service does not start.`, `Move ${name} to dependencies (with its reason in a decision record), or load it by import() where only development gets.`));
  }
  const isStarted = (name: string) => name in STARTED || Object.values(scripts).some((script) => new RegExp(String.raw`(?:^|&& |/)${name.replaceAll(/[^\w-]/g, String.raw`\$&`)}(?: |$)`).test(script));
  const everywhere = sources.map(([, source]) => source).join('\n');
  for (const name of [...Object.keys(dependencies), ...Object.keys(devDependencies)]) {
    if (used.has(name) || name === '@types/node' || isStarted(name) || isNamed(name, everywhere)) continue;
    findings.push(at('unused', 'package.json', lineOf(text, `"${name}"`), `Nothing imports or starts ${name}.`, `npm uninstall ${name}`));
  }
  return findings;
}

/** A test has such calls in the texts that it tests. */
function required(file: string, source: string): readonly { readonly specifier: string; readonly kind: 'dynamic' }[] {
  if (/\.(?:test|rule)\.ts$/.test(file)) return [];
  return [...source.matchAll(/\b(?:require|require\.resolve|import\.meta\.resolve)\(\s*['"]([^'"]+)['"]\s*\)/g)].map((match) => ({ specifier: match[1] ?? '', kind: 'dynamic' as const }));
}

/** A file of it is read by its path, as a page's script is. */
function isNamed(name: string, sources: string): boolean {
  return sources.includes(`node_modules/${name}/`) || sources.includes(`'${name}/`);
}
