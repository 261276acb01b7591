// The statements of a file of SQL, and those within them: the body of a function, of a `do`, and text that is executed.
// https://www.postgresql.org/docs/current/sql-syntax-lexical.html

export interface Statement {
  /** From 1, where it begins. */
  readonly line: number;
  /** In lower case, one blank between words, without comments. Bodies are left out. */
  readonly text: string;
  /** As `text`, and every string is empty. */
  readonly code: string;
}

export interface Script {
  readonly statements: readonly Statement[];
  /** A string, a comment or a name in quotes that does not end: what follows can't be judged. */
  readonly isWhole: boolean;
}

interface Token {
  readonly kind: 'blank' | 'string' | 'body' | 'name' | 'end' | 'other' | 'broken';
  readonly text: string;
  readonly inside: string;
  readonly line: number;
}

const TOKEN = new RegExp([
  String.raw`(?<blank>\s+|--[^\n]*)`,
  String.raw`(?<escaped>\b[eE]'(?:[^'\\]|\\[\s\S]|'')*')`,
  String.raw`(?<string>'(?:[^']|'')*')`,
  String.raw`(?<name>"(?:[^"]|"")*")`,
  String.raw`(?<![\w$])(?<body>\$(?<tag>(?:[A-Za-z_]\w*)?)\$[\s\S]*?\$\k<tag>\$)`,
  String.raw`(?<end>;)`,
  String.raw`(?<other>[\w$]+|[^\s\w])`,
].join('|'), 'gy');

/** Comments nest, which no regular expression can follow. */
function endOfComment(text: string, start: number): number | undefined {
  let depth = 0;
  for (let at = start; at < text.length; at += 1) {
    const pair = text.slice(at, at + 2);
    if (pair !== '/*' && pair !== '*/') continue;
    depth += pair === '/*' ? 1 : -1;
    at += 1;
    if (depth === 0) return at + 1;
  }
  return undefined;
}

function tokensOf(text: string, firstLine: number): readonly Token[] {
  const tokens: Token[] = [];
  let [at, line] = [0, firstLine];
  while (at < text.length) {
    const token = text.startsWith('/*', at) ? commentAt(text, at, line) : tokenAt(text, at, line);
    tokens.push(token);
    at += token.text.length;
    line += token.text.split('\n').length - 1;
  }
  return tokens;
}

function commentAt(text: string, at: number, line: number): Token {
  const end = endOfComment(text, at);
  return { kind: end === undefined ? 'broken' : 'blank', text: text.slice(at, end), inside: '', line };
}

function tokenAt(text: string, at: number, line: number): Token {
  TOKEN.lastIndex = at;
  const { 0: found = text.charAt(at), groups = {} } = TOKEN.exec(text) ?? {};
  const { blank, escaped, string, name, body, tag = '', end } = groups;
  if (blank !== undefined) return { kind: 'blank', text: found, inside: '', line };
  if (escaped !== undefined) return { kind: 'string', text: found, inside: found.slice(2, -1).replaceAll(/\\(.)|''/gs, (_, letter: string | undefined) => letter ?? "'"), line };
  if (string !== undefined) return { kind: 'string', text: found, inside: found.slice(1, -1).replaceAll("''", "'"), line };
  if (body !== undefined) return { kind: 'body', text: found, inside: found.slice(tag.length + 2, -(tag.length + 2)), line };
  if (name !== undefined) return { kind: 'name', text: found, inside: '', line };
  if (end !== undefined) return { kind: 'end', text: found, inside: '', line };
  return { kind: found === "'" || found === '"' ? 'broken' : 'other', text: found, inside: '', line };
}

/** Every statement, in order, and after each those that its strings and bodies hold. */
export function readScript(text: string, firstLine = 1): Script {
  const statements: Statement[] = [];
  let isWhole = true;
  for (const tokens of divide(tokensOf(text, firstLine))) {
    if (tokens.some(({ kind }) => kind === 'broken')) isWhole = false;
    const first = tokens.find(({ kind }) => kind !== 'blank');
    if (first === undefined) continue;
    const statement = { line: first.line, text: write(tokens, (inside) => `'${inside}'`), code: write(tokens, () => "''") };
    statements.push(statement);
    // A comment in the catalogue tells people something, and runs nowhere.
    if (/^comment on /.test(statement.code)) continue;
    for (const { kind, inside, line } of tokens) if (kind === 'body' || kind === 'string') statements.push(...readScript(inside, line).statements);
  }
  return { statements, isWhole };
}

/** Tables that the scripts make, and in which no row has this column: one that is copied from another may have it. */
export function tablesWithout(column: string, scripts: readonly string[]): ReadonlySet<string> {
  const codes = scripts.flatMap((script) => readScript(script).statements.map(({ code }) => code));
  const having = new Set(codes.flatMap((code) => new RegExp(String.raw`\balter table (?:if exists )?(?:only )?(?:\w+\.)?(\w+) .*\badd (?:column )?(?:if not exists )?${column}\b`).exec(code)?.[1] ?? []));
  return new Set(codes.flatMap((code) => {
    const [, name = '', rest = ''] = /\bcreate (?:unlogged )?table (?:if not exists )?(?:\w+\.)?(\w+) (\(.*)$/.exec(code) ?? [];
    return name === '' || having.has(name) || new RegExp(String.raw`\b(?:${column}|like|inherits|partition of)\b|\) as\b`).test(rest) ? [] : [name];
  }));
}

function divide(tokens: readonly Token[]): readonly (readonly Token[])[] {
  const parts: Token[][] = [[]];
  for (const token of tokens) {
    if (token.kind === 'end') parts.push([]);
    else parts.at(-1)?.push(token);
  }
  return parts;
}

function write(tokens: readonly Token[], quote: (inside: string) => string): string {
  const texts = tokens.map(({ kind, text, inside }) => {
    if (kind === 'blank') return ' ';
    if (kind === 'body') return ' $$ ';
    if (kind === 'string') return quote(inside.toLowerCase());
    return kind === 'name' ? text.slice(1, -1) : text.toLowerCase();
  });
  return texts.join('').replaceAll(/\s+/g, ' ').trim();
}
