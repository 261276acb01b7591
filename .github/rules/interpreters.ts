// What must not reach an interpreter: text that becomes a program, a statement, markup or a format.
import ts from 'typescript';
import { linesThat, matching, type Rule, type Tree } from './tree.ts';

const production = /^app\/(?!testing\/|bench\/|probes\/|.*\/proofs\/).*(?<!\.test|\.proof)\.ts$/;
const migrations = 'app/data/migrate.ts';
/** For an operator, in a process of its own: one program of PostgreSQL's, without a shell. */
const backup = 'app/backup/backup.command.ts';
const inBrowser = /^app\/.*\/assets\/.*(?<!\.test)\.ts$/;

const startsProgram = /from 'node:(?:child_process|vm|repl|cluster|worker_threads)'|\beval\(|\bFunction\(|\b(?:setTimeout|setInterval)\(\s*['"`]/;
const rawSql = /\bsql\s*\.\s*(?:raw|lit)\b|\bCompiledQuery\s*\.\s*raw\([^,()]*\)/;
const builtQuery = /\.query\(\s*(?:`[^`]*\$\{(?!escapeIdentifier\()|'[^']*'\s*\+|[\w.]+\s*\+)/;
const setsMarkup = /\b(?:innerHTML|outerHTML|insertAdjacentHTML|srcdoc|createContextualFragment|setHTMLUnsafe|parseFromString)\b|\bdocument\.write/;
/** What a person may have named, and so put there (CWE-79 by clobbering): everything on `document` and `window` that is no function of theirs. */
const takesByName = /\b(?:window|globalThis|self|document)\s*(?:\[|\.\w+\s*=(?!=))|\bdocument\.(?:forms|all|images|links|anchors|embeds|scripts)\b|\bpostMessage\(|\bon(?:message|messageerror)\b|addEventListener\('message'/;
const script = /(?:text|application)\/(?:x-)?javascript|\bjsonp\b/i;

const without = (tree: Tree, pattern: RegExp, ...exempt: readonly string[]) => matching(tree, pattern).filter(([path]) => !exempt.includes(path));

const logLevels: ReadonlySet<string> = new Set(['fatal', 'error', 'warn', 'info', 'debug', 'trace']);

/** Calls of a log that give it more than fields and one message: the rest would be formatted into the message. */
function formattingCalls([path, text]: readonly [string, string]): readonly string[] {
  if (!/\blog\b/i.test(text)) return [];
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && isLogCall(node.expression) && formats(node.arguments)) found.push(`${path}:${file.getLineAndCharacterOfPosition(node.getStart()).line + 1} ${node.getText(file).slice(0, 80)}`);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

function isLogCall(callee: ts.Expression): boolean {
  return ts.isPropertyAccessExpression(callee) && logLevels.has(callee.name.text) && /(?:^|[.#])log(?:ger)?$/i.test(callee.expression.getText());
}

function formats([first, second, ...more]: readonly ts.Expression[]): boolean {
  if (more.length > 0) return true;
  // A lone message, or one beside its fields, is text of ours; one of several arguments could be a format.
  const message = second ?? first;
  if (message === undefined) return true;
  if (second === undefined) return !(ts.isStringLiteralLike(message) || ts.isObjectLiteralExpression(message));
  return !(ts.isStringLiteralLike(message) || ts.isTemplateExpression(message));
}

export const interpreterRules: readonly Rule[] = [
  {
    claim: 'the service starts no program and evaluates no text (CWE-78, CWE-95)',
    violations: (tree) => without(tree, production, backup).flatMap((file) => linesThat(startsProgram, file)),
    refuses: {
      'app/a.ts': "import { exec } from 'node:child_process';",
      'app/b.ts': 'const run = new Function(text);',
      'app/c.ts': 'eval(text);',
      'app/features/sample/assets/d.ts': "setTimeout('refresh()', 1000);",
      'app/e.ts': "import vm from 'node:vm';",
    },
    allows: { 'app/a.ts': "setTimeout(refresh, 1000); // evaluates isFunction(x)", 'app/a.test.ts': "import { spawnSync } from 'node:child_process';", 'app/probes/a.ts': "import { spawn } from 'node:child_process';" },
  },
  {
    claim: 'values get into SQL as parameters: only migrations are raw text (CWE-89)',
    violations: (tree) => without(tree, production, migrations).flatMap((file) => [...linesThat(rawSql, file), ...linesThat(builtQuery, file)]),
    refuses: {
      'app/data/a.ts': 'await sql.raw(text).execute(db);',
      'app/data/b.ts': 'await client.query(`select ${column} from a`);',
      'app/data/c.ts': "await client.query('select ' + column);",
      'app/data/d.ts': 'db.selectFrom(sql.lit(name));',
      'app/data/e.ts': 'db.executeQuery(CompiledQuery.raw(text));',
    },
    allows: { [migrations]: 'await sql.raw(migration.sql).execute(tx);', 'app/data/a.ts': 'await sql`select ${value}`.execute(db); await client.query(`listen ${escapeIdentifier(channel)}`); client.query(text, values); db.executeQuery(CompiledQuery.raw(text, [...values]));' },
  },
  {
    claim: 'pages and their scripts set text, never markup (CWE-79)',
    violations: (tree) => matching(tree, production).flatMap((file) => linesThat(setsMarkup, file)),
    refuses: { 'app/features/sample/assets/a.ts': 'element.innerHTML = name;', 'app/features/sample/assets/b.ts': "new DOMParser().parseFromString(text, 'text/html');", 'app/features/sample/assets/c.ts': "element.insertAdjacentHTML('beforeend', name);" },
    allows: { 'app/features/sample/assets/a.ts': 'element.textContent = name;' },
  },
  {
    claim: "a browser's script keeps nothing on window or document, takes nothing from them by a name, and listens to no other window",
    violations: (tree) => matching(tree, inBrowser).flatMap((file) => linesThat(takesByName, file)),
    refuses: {
      'app/features/sample/assets/a.ts': 'window.config = {};',
      'app/features/sample/assets/b.ts': "const form = document.forms['move'];",
      'app/features/sample/assets/c.ts': "window.addEventListener('message', take);",
      'app/features/sample/assets/d.ts': "parent.postMessage(state, '*');",
      'app/features/sample/assets/e.ts': 'const settings = window[name];',
    },
    allows: { 'app/features/sample/assets/a.ts': "const form = document.querySelector('form'); if (form instanceof HTMLFormElement && document.title === 'x') form.submit();", 'app/live/a.ts': "socket.on('message', take);" },
  },
  {
    claim: 'scripts come from the files of assets alone: none is made for a request (no JSONP)',
    violations: (tree) => without(tree, production, 'app/http/assets.ts').flatMap((file) => linesThat(script, file)),
    refuses: { 'app/http/a.ts': "ctx.type = 'text/javascript';", 'app/http/b.ts': 'ctx.body = jsonp(callback, rows);' },
    allows: { 'app/http/assets.ts': "['.js', 'text/javascript; charset=utf-8'],", 'app/http/a.ts': "ctx.type = 'application/json';" },
  },
  {
    claim: 'a log is given fields and one message of ours, never a format and its values (CWE-134)',
    violations: (tree) => matching(tree, production).flatMap(formattingCalls),
    refuses: { 'app/a.ts': "log.info('%s signed in', name);", 'app/b.ts': 'ctx.state.log.warn(name);', 'app/c.ts': "this.#log.error({ err }, 'failed: %s', name);", 'app/d.ts': 'log.info({ err }, name);' },
    allows: { 'app/a.ts': "log.info({ name }, 'signed in'); log.info('ready'); log.warn({ err }, `${part} failed`); logs.info(name, 1, 2); log.info({ a: 1 });" },
  },
];
