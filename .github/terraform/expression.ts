// The part of GitHub's expressions that deploy.yml and preview.yml use for their steps, so that a test can run these as they are written:
// https://docs.github.com/en/actions/reference/workflows-and-actions/expressions. Tested by workflow-steps.test.ts.

/** From a whole name (`vars.AWS_REGION`) to its value; a name that is not there is empty, as with GitHub. */
export type Context = Readonly<Record<string, string>>;

type Value = string | boolean;

const TOKEN = /\s*(?:(?<text>'(?:[^']|'')*')|(?<mark>&&|\|\||==|!=|!|\(|\))|(?<name>[a-zA-Z_][\w.-]*))/y;

/** @throws Error at what is not known here, so that no test runs something else than what is written. */
export function evaluate(expression: string, context: Context): Value {
  const tokens = tokensOf(expression);
  const value = either();
  if (tokens.length > 0) throw new Error(`Not understood in ${expression}: ${tokens.join(' ')}`);
  return value;

  function either(): Value {
    let left = both();
    while (take('||')) {
      const right = both();
      left = isTrue(left) ? left : right;
    }
    return left;
  }

  function both(): Value {
    let left = comparison();
    while (take('&&')) {
      const right = comparison();
      left = isTrue(left) ? right : left;
    }
    return left;
  }

  function comparison(): Value {
    const left = operand();
    if (take('==')) return operand() === left;
    if (take('!=')) return operand() !== left;
    return left;
  }

  function operand(): Value {
    if (take('!')) return !isTrue(operand());
    if (take('(')) {
      const inner = either();
      if (!take(')')) throw new Error(`A bracket is open in ${expression}`);
      return inner;
    }
    const token = tokens.shift() ?? '';
    if (token.startsWith("'")) return token.slice(1, -1).replaceAll("''", "'");
    if (!/^[a-zA-Z_]/.test(token)) throw new Error(`Not understood in ${expression}: ${token}`);
    return context[token] ?? '';
  }

  function take(mark: string): boolean {
    if (tokens[0] !== mark) return false;
    tokens.shift();
    return true;
  }
}

/** Text with `${{ … }}` in it. */
export function interpolate(text: string, context: Context): string {
  return text.replaceAll(/\$\{\{(.*?)\}\}/g, (_, expression: string) => String(evaluate(expression, context)));
}

export const isTrue = (value: Value): boolean => value !== '' && value !== false;

function tokensOf(expression: string): string[] {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  for (let at = 0; at < expression.trimEnd().length; at = TOKEN.lastIndex) {
    const groups = TOKEN.exec(expression)?.groups;
    if (groups === undefined) throw new Error(`Not understood in ${expression}: ${expression.slice(at)}`);
    tokens.push(groups['text'] ?? groups['mark'] ?? groups['name'] ?? '');
  }
  return tokens;
}
