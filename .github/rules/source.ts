// What a TypeScript file imports and exports, read from its syntax tree.
import ts from 'typescript';

export interface Import {
  readonly specifier: string;
  /** 'type' leaves nothing behind at run time; 'dynamic' is loaded when it is reached. */
  readonly kind: 'value' | 'type' | 'dynamic';
  /** `import { type X } from 'y'`: erased to `import {} from 'y'`, so the module is loaded all the same. */
  readonly loadsAnyway: boolean;
}

export interface Source {
  readonly imports: readonly Import[];
  readonly hasDefaultExport: boolean;
  readonly hasReExport: boolean;
  /** Types and constants have none: nothing in them can go wrong at run time. */
  readonly hasLogic: boolean;
}

export function readSource(path: string, text: string): Source {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  return {
    imports: [...file.statements.flatMap(staticImport), ...nestedImports(file)],
    hasDefaultExport: file.statements.some(isDefaultExport),
    hasReExport: file.statements.some((statement) => ts.isExportDeclaration(statement) && statement.moduleSpecifier !== undefined),
    hasLogic: hasLogic(file),
  };
}

function staticImport(statement: ts.Statement): readonly Import[] {
  if (ts.isExportDeclaration(statement) && statement.moduleSpecifier && ts.isStringLiteral(statement.moduleSpecifier)) {
    return [{ specifier: statement.moduleSpecifier.text, kind: statement.isTypeOnly ? 'type' : 'value', loadsAnyway: false }];
  }
  if (!ts.isImportDeclaration(statement) || !ts.isStringLiteral(statement.moduleSpecifier)) return [];
  const specifier = statement.moduleSpecifier.text;
  const clause = statement.importClause;
  if (clause?.phaseModifier === ts.SyntaxKind.TypeKeyword) return [{ specifier, kind: 'type', loadsAnyway: false }];
  const named = clause?.namedBindings;
  const onlyTypes =
    clause !== undefined && clause.name === undefined && named !== undefined && ts.isNamedImports(named) && named.elements.every((element) => element.isTypeOnly);
  return [{ specifier, kind: onlyTypes ? 'type' : 'value', loadsAnyway: onlyTypes }];
}

function nestedImports(node: ts.Node): readonly Import[] {
  const found: Import[] = [];
  const visit = (child: ts.Node): void => {
    if (ts.isCallExpression(child) && child.expression.kind === ts.SyntaxKind.ImportKeyword) {
      const [target] = child.arguments;
      if (target && ts.isStringLiteralLike(target)) found.push({ specifier: target.text, kind: 'dynamic', loadsAnyway: false });
    }
    if (ts.isImportTypeNode(child) && ts.isLiteralTypeNode(child.argument) && ts.isStringLiteral(child.argument.literal)) {
      found.push({ specifier: child.argument.literal.text, kind: 'type', loadsAnyway: false });
    }
    ts.forEachChild(child, visit);
  };
  visit(node);
  return found;
}

function isDefaultExport(statement: ts.Statement): boolean {
  if (ts.isExportAssignment(statement)) return true;
  if (ts.isExportDeclaration(statement) && statement.exportClause && ts.isNamedExports(statement.exportClause)) {
    return statement.exportClause.elements.some((element) => element.name.text === 'default');
  }
  return ts.canHaveModifiers(statement) && (ts.getModifiers(statement) ?? []).some((modifier) => modifier.kind === ts.SyntaxKind.DefaultKeyword);
}

function hasLogic(node: ts.Node): boolean {
  if (ts.isTypeNode(node) || ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) return false;
  if (ts.isFunctionLike(node) || ts.isClassLike(node) || ts.isExpressionStatement(node)) return true;
  return ts.forEachChild(node, hasLogic) ?? false;
}
