// What several rules mean by the data of a request, in semgrep's words.

export type Pattern = Readonly<Record<string, unknown>>;

/** `names` are regular expressions, by metavariable, that hold for its whole text. */
export function where(pattern: string, names: Readonly<Record<string, string>>): Pattern {
  return { patterns: [{ pattern }, ...Object.entries(names).map(([metavariable, regex]) => ({ 'metavariable-regex': { metavariable: `$${metavariable}`, regex: `^(?:${regex})$` } }))] };
}

/** As `where`, and a name that stands for a constant counts as the constant, without its quotes. */
export function whereConstant(pattern: string, names: Readonly<Record<string, string>>): Pattern {
  return { patterns: [{ pattern }, ...Object.entries(names).map(([metavariable, regex]) => ({ 'metavariable-regex': { metavariable: `$${metavariable}`, regex: `^(?:${regex})$`, 'constant-propagation': true } }))] };
}

/** Where what is asked about is one metavariable of the pattern. */
export function focus(metavariable: string, patterns: readonly string[], names: Readonly<Record<string, string>> = {}): Pattern {
  return { patterns: [either(patterns), ...restrict(names), { 'focus-metavariable': `$${metavariable}` }] };
}

export function either(patterns: readonly (string | Pattern)[]): Pattern {
  return { 'pattern-either': patterns.map((pattern) => (typeof pattern === 'string' ? { pattern } : pattern)) };
}

export function restrict(names: Readonly<Record<string, string>>): readonly Pattern[] {
  return Object.entries(names).map(([metavariable, regex]) => ({ 'metavariable-regex': { metavariable: `$${metavariable}`, regex: `^(?:${regex})$` } }));
}

const CONTEXT = '(?:[\\w.]+\\.)?(?:ctx|context|koa|c|req|request|incoming)';

/** Everything that a client chooses: what Koa and Node tell of the request, and what a handler is given of it. */
export const REQUEST_DATA: readonly Pattern[] = [
  where('$CTX.$PART', { CTX: CONTEXT, PART: 'query|querystring|search|params|body|rawBody|headers|header|rawHeaders|url|originalUrl|href|path|host|hostname|origin|URL' }),
  where('$CTX.$GET(...)', { CTX: CONTEXT, GET: 'get|header' }),
  where('$CTX.cookies.get(...)', { CTX: CONTEXT }),
  where("given($CTX, '$WHAT')", { WHAT: 'input|body' }),
  { pattern: '$URL.searchParams' },
  // A handler's context, taken apart or not: `({ body }) => …`, `input.params`, `const { next } = query`.
  where('$INPUT.$FIELD', { INPUT: '(?:input|\\w*[iI]nput\\.)?(?:body|params|query|payload|input)', FIELD: '(?!where|select|orderBy|limit|execute|groupBy|innerJoin|leftJoin|compile|set|values|returning|offset|\\$)\\w+' }),
  { patterns: [either(['const {..., $Y, ...} = $INPUT;', 'const {..., $K: $Y, ...} = $INPUT;', 'let {..., $Y, ...} = $INPUT;']), ...restrict({ INPUT: '(?:\\w+\\.)?(?:body|params|query|payload)' }), { 'focus-metavariable': '$INPUT' }] },
  {
    patterns: [
      { pattern: '$Y' },
      { 'pattern-either': ['body', 'query', 'params'].flatMap((part) => [`({..., ${part}: {..., $Y, ...}, ...}) => $DO`, `async ({..., ${part}: {..., $Y, ...}, ...}) => $DO`, `{ ..., handle({..., ${part}: {..., $Y, ...}, ...}) { ... }, ... }`, `{ ..., async handle({..., ${part}: {..., $Y, ...}, ...}) { ... }, ... }`].map((inside) => ({ 'pattern-inside': inside }))) },
    ],
  },
  { patterns: [{ pattern: '$Y' }, { 'pattern-inside': 'const {..., $Y, ...} = $CTX;\n...' }, ...restrict({ Y: 'path|url|query|querystring|href|host|hostname|headers|originalUrl|params', CTX: CONTEXT })] },
];

/** A string that is made of a constant and something else. */
export const MADE_STRINGS: readonly Pattern[] = ['`...${$X}...`', '$A + $B', '$A.concat(...)', '[...].join(...)', '$A.join(...)', '$A.replace(...)', '$A.replaceAll(...)', 'format(...)', 'util.format(...)'].map((pattern) => ({ pattern }));

/** A template or a sum whose beginning is a constant of this form. */
export function beginsWith(regex: string): readonly Pattern[] {
  return [
    { patterns: [{ 'pattern-regex': `\`${regex}[^\`]*\`` }, { pattern: '`...${$X}...`' }] },
    { patterns: [{ pattern: '$A + $B' }, { 'metavariable-regex': { metavariable: '$A', regex: `^['"]${regex}` } }] },
  ];
}

const NOT_LISTED = ['!$ALLOWED.has($Y)', '!$ALLOWED.includes($Y)', '$ALLOWED.has($Y) === false', '$ALLOWED.includes($Y) === false', '$ALLOWED.indexOf($Y) < 0', '$ALLOWED.indexOf($Y) === -1'];
const LISTED = ['$ALLOWED.has($Y)', '$ALLOWED.includes($Y)'];
const LEAVES = ['return ...;', '{ ... return ...; }', 'throw ...;', '{ ... throw ...; }', 'continue;', '{ ... continue; }'];
/** No list: what the request itself brings along, or a single text. */
const isList = restrict({ ALLOWED: '(?!\\[[\'"]|.*\\b(?:ctx|request|query|body|params|headers)\\b).*' });

/** What was looked up in a list is one of ours where the answer decides, and so is what a table of ours has for it. */
export const CHECKED: readonly Pattern[] = [
  // Whoever is not in it is sent away: from there on, it is.
  {
    patterns: [
      either(LISTED),
      either(NOT_LISTED.flatMap((refused) => LEAVES.map((leave) => ({ 'pattern-inside': `if (<... ${refused} ...>) ${leave}` }))).concat(LISTED.map((listed) => ({ 'pattern-inside': `assert(<... ${listed} ...>, ...)` })), LISTED.map((listed) => ({ 'pattern-inside': `const $OK = <... ${listed} ...>;\n...\nif (<... !$OK ...>) $LEAVE` })))),
      ...isList,
      { 'focus-metavariable': '$Y' },
    ],
    'by-side-effect': true,
  },
  // The same after `name === undefined || !LIST.has(name)`, of which a flow of data knows only that it may not have been asked.
  { patterns: [{ pattern: '$Y' }, either(NOT_LISTED.slice(0, 2).flatMap((refused) => LEAVES.slice(0, 4).flatMap((leave) => [`if ($ELSE || ${refused}) ${leave}\n...`, `if (${refused} || $ELSE) ${leave}\n...`])).map((pattern) => ({ 'pattern-inside': pattern }))), ...isList] },
  // Only whoever is in it comes so far.
  ...LISTED.map((listed) => ({ patterns: [either([`if (<... ${listed} ...>) $THEN`, `if (<... ${listed} ...>) $THEN\nelse $ELSE`]), { 'pattern-not': `if (<... !${listed} ...>) $THEN` }, { 'pattern-not': `if (<... !${listed} ...>) $THEN\nelse $ELSE` }, ...isList, { 'focus-metavariable': '$THEN' }] })),
  ...LISTED.flatMap((listed) => [{ patterns: [{ pattern: `${listed} ? $A : $B` }, { 'pattern-not': `${listed} ? $A : $Y` }, ...isList] }, { patterns: [{ pattern: `${listed} && $A` }, ...isList] }]),
  where('$TABLE.get(...)', { TABLE: '(?i)(?!(?:.*\\.)?(?:ctx|context|c|koa|req|request|headers?|response|cookies|searchParams|params|query|body|form|formData|https?|axios|got|\\w*(?:client|router|store|cache|storage|repository|database|session|registry)|redis|kv|db|app|given|input)$|.*URLSearchParams\\(|.*searchParams$)[\\w.#]+' }),
  where('$TABLE[$NAME]', { TABLE: '[A-Z][A-Z0-9_]*' }),
  { pattern: 'Number(...)' }, { pattern: 'Number.parseInt(...)' }, { pattern: 'parseInt(...)' }, { pattern: '$X.length' },
];
