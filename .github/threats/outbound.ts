// Every place in the code from which a connection may leave the process, read from the syntax trees.
import ts from 'typescript';
import { matching, type Tree } from '../rules/tree.ts';

/** Exports of Node's own modules that open a connection, or start a program that may. */
const BUILT_IN: Readonly<Record<string, readonly string[]>> = {
  'node:net': ['connect', 'createConnection', 'Socket'],
  'node:tls': ['connect', 'TLSSocket'],
  'node:http': ['request', 'get', 'Agent', 'ClientRequest'],
  'node:https': ['request', 'get', 'Agent', 'globalAgent'],
  'node:http2': ['connect'],
  'node:dgram': ['*'],
  'node:dns': ['*'],
  'node:dns/promises': ['*'],
  'node:child_process': ['*'],
  'node:module': ['createRequire'],
};
const GLOBALS = new Set(['fetch', 'WebSocket', 'EventSource', 'XMLHttpRequest']);
/** RFC 2606 and RFC 6761: names that lead nowhere, and the machine itself. */
const NOWHERE = /^(?:127\.0\.0\.1|localhost|\[::1\]|(?:[\w-]+\.)*(?:test|example|invalid)|(?:[\w-]+\.)*example\.(?:com|org|net))$/;
const PROGRAM = /^(?:app\/(?!testing\/)|\.github\/tools\/).*(?<!\.test|\.proof|\.d)\.ts$/;
const ONLY_FOR_PROOFS = /\/(?:proofs|probes|bench|attacks)\//;

/** Files that a fork runs: the service, its commands, and what installs the tools. */
export function programs(tree: Tree): readonly (readonly [string, string])[] {
  return matching(tree, PROGRAM).filter(([path]) => !ONLY_FOR_PROOFS.test(path));
}

export type Packages = Readonly<Record<string, readonly string[]>>;

/** `<file>: <what>`; `packages` says by which exports each package connects. */
export function findConnections(tree: Tree, packages: Packages): readonly string[] {
  return programs(tree).flatMap(([path, text]) => {
    const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
    return [...new Set([...fromImports(file, { ...packages, ...BUILT_IN }), ...fromGlobals(file), ...fromAddresses(file)])].map((what) => `${path}: ${what}`);
  });
}

/** Packages that production loads, and nobody said whether they connect. */
export function findUnknownPackages(tree: Tree, packages: Packages): readonly string[] {
  const unknown = new Map(findPackages(tree).filter(({ name }) => !(name in packages)).map(({ path, name }) => [`${path.split('/', 3).join('/')} ${name}`, { path, name }]));
  return [...unknown.values()].map(({ path, name }) => `${path} loads ${name}, and no part says whether it connects`);
}

export function findPackages(tree: Tree): readonly { readonly path: string; readonly name: string }[] {
  return programs(tree).flatMap(([path, text]) =>
    importsOf(ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true))
      .filter(({ specifier }) => !/^(?:node:|#|\.)/.test(specifier))
      .map(({ specifier }) => ({ path, name: packageOf(specifier) })),
  );
}

const packageOf = (specifier: string): string => (specifier.startsWith('node:') ? specifier : specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/'));

interface Loaded {
  readonly specifier: string;
  /** Undefined where the whole module is at hand. */
  readonly names: readonly string[] | undefined;
  /** The whole module's name in this file. */
  readonly local: string | undefined;
}

function importsOf(file: ts.SourceFile): readonly Loaded[] {
  const found: Loaded[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
      const clause = node.importClause;
      const specifier = node.moduleSpecifier.text;
      const named = clause?.namedBindings;
      if (clause === undefined) found.push({ specifier, names: [], local: undefined });
      else if (clause.phaseModifier !== ts.SyntaxKind.TypeKeyword) {
        if (clause.name) found.push({ specifier, names: undefined, local: clause.name.text });
        if (named && ts.isNamespaceImport(named)) found.push({ specifier, names: undefined, local: named.name.text });
        const names = named && ts.isNamedImports(named) ? named.elements.filter(({ isTypeOnly }) => !isTypeOnly).map(({ name, propertyName }) => (propertyName ?? name).text) : [];
        if (names.length > 0) found.push({ specifier, names, local: undefined });
      }
    }
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      const [target] = node.arguments;
      if (target && ts.isStringLiteralLike(target)) found.push({ specifier: target.text, names: undefined, local: undefined });
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

function fromImports(file: ts.SourceFile, connecting: Packages): readonly string[] {
  return importsOf(file).flatMap(({ specifier, names, local }) => {
    const module = packageOf(specifier);
    const exports = connecting[module] ?? [];
    if (exports.length === 0) return [];
    const used = names ?? (local === undefined ? ['*'] : usesOf(file, local));
    return used.filter((name) => name === '*' || exports.includes('*') || exports.includes(name)).map((name) => (name === '*' || exports.includes('*') ? module : `${module} ${name}`));
  });
}

/** Which members are asked of a module; `*` where it is handed on as a whole. */
function usesOf(file: ts.SourceFile, local: string): readonly string[] {
  const found = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node) && node.text === local && !ts.isImportClause(node.parent) && !ts.isNamespaceImport(node.parent) && !ts.isQualifiedName(node.parent) && isReference(node)) {
      found.add(ts.isPropertyAccessExpression(node.parent) ? node.parent.name.text : '*');
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return [...found];
}

function fromGlobals(file: ts.SourceFile): readonly string[] {
  const imported = new Set(importsOf(file).flatMap(({ names }) => names ?? []));
  const found = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node) && GLOBALS.has(node.text) && !imported.has(node.text) && isReference(node)) found.add(node.text);
    if (ts.isPropertyAccessExpression(node) && GLOBALS.has(node.name.text) && node.expression.getText() === 'globalThis') found.add(node.name.text);
    if (ts.isPropertyAccessExpression(node) && node.name.text === 'getBuiltinModule') found.add('getBuiltinModule');
    ts.forEachChild(node, visit);
  };
  visit(file);
  return [...found];
}

/** A name that is read, and not one that is declared, or a member's. */
function isReference(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (ts.isTypeNode(parent) || ts.isImportSpecifier(parent) || ts.isTypeQueryNode(parent)) return false;
  return !('name' in parent && parent.name === node) || ts.isShorthandPropertyAssignment(parent);
}

/** Hosts that are written down. */
function fromAddresses(file: ts.SourceFile): readonly string[] {
  const found = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node)) {
      for (const [, scheme = '', host = ''] of node.text.matchAll(/\b([a-z]+:\/\/)(?:[^\s/@]*@)?([\w.-]+)/g)) if (!NOWHERE.test(host)) found.add(`${scheme}${host}`);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return [...found];
}

/** Settings that name another host, or the own address. */
export function findAddressSettings(tree: Tree): readonly string[] {
  const names = programs(tree).flatMap(([, text]) =>
    [...text.matchAll(/(?<![\w$])[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*_(?:URL|ISSUER|ORIGINS|ENDPOINT|HOST|REGION|KMS_KEY)(?![\w$])/g)].map(([name]) => name).filter((name) => !new RegExp(`\\bconst ${name}\\b`).test(text)),
  );
  return [...new Set(names)].sort();
}
