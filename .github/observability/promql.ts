// What a query asks for, read from the tree of Prometheus' own grammar: series, ranges, aggregations, and operations that can't match.
// Tested by promql.test.ts.
import type { SyntaxNode } from '@lezer/common';
import { parser } from '@prometheus-io/lezer-promql';

export interface Matcher {
  readonly label: string;
  readonly operator: string;
  readonly value: string;
}

export interface Selector {
  readonly metric: string;
  readonly matchers: readonly Matcher[];
  /** As it is written, `$__rate_interval` too; undefined for an instant. */
  readonly range: string | undefined;
  /** Functions and aggregations around it, the innermost first. */
  readonly within: readonly string[];
}

export interface Query {
  /** Where the grammar does not follow, as text. */
  readonly errors: readonly string[];
  readonly selectors: readonly Selector[];
  /** Labels that it groups by or matches sides on. */
  readonly groupings: readonly string[];
  /** Why a part of it can never give anything. */
  readonly impossible: readonly string[];
}

/** Grafana's own variables stand where the grammar wants a duration: one of the same length keeps every place. */
const duration = (variable: string): string => '5m'.padStart(variable.length, '0');

export function parseQuery(text: string): Query {
  const readable = text.replaceAll(/\$__(?:rate_interval|interval|range)\b|\$\{__(?:rate_interval|interval|range)\}/g, duration);
  const errors: string[] = [];
  const selectors: Selector[] = [];
  const groupings = new Set<string>();
  const impossible: string[] = [];
  const tree = parser.parse(readable);
  tree.iterate({
    enter(reference) {
      const { node } = reference;
      if (node.type.isError) errors.push(`at ${node.from}: ${text.slice(Math.max(0, node.from - 20), node.from + 20)}`);
      if (node.name === 'VectorSelector') selectors.push(selectorOf(node, text));
      if (node.name === 'GroupingLabels') for (const label of labelsIn(node, text)) groupings.add(label);
      if (node.name === 'FunctionCall') impossible.push(...lostBounds(node, text));
      if (node.name === 'AggregateExpr') impossible.push(...lostLabels(node, text));
      if (node.name === 'BinaryExpr') impossible.push(...unmatched(node, text));
    },
  });
  if (readable.trim() === '') errors.push('it is empty');
  return { errors, selectors, groupings: [...groupings], impossible: errors.length > 0 ? [] : impossible };
}

const textOf = (node: SyntaxNode, text: string): string => text.slice(node.from, node.to);
const unquoted = (literal: string): string => literal.slice(1, -1).replaceAll(/\\(.)/g, '$1');

function selectorOf(node: SyntaxNode, text: string): Selector {
  const matchers = node.getChild('LabelMatchers')?.getChildren('UnquotedLabelMatcher').map((matcher) => {
    const [label, operator, value] = [matcher.getChild('LabelName'), matcher.getChild('MatchOp'), matcher.getChild('StringLiteral')].map((part) => (part === null ? '' : textOf(part, text)));
    return { label: label ?? '', operator: operator ?? '', value: unquoted(value ?? '""') };
  }) ?? [];
  const identifier = node.getChild('Identifier');
  const named = matchers.find(({ label, operator }) => label === '__name__' && operator === '=');
  const range = node.parent?.name === 'MatrixSelector' ? node.parent.getChild('DurationExpr') : null;
  return { metric: identifier === null ? (named?.value ?? '') : textOf(identifier, text), matchers, range: range === null ? undefined : textOf(range, text), within: around(node, text) };
}

function around(node: SyntaxNode, text: string): readonly string[] {
  const found: string[] = [];
  for (let outer = node.parent; outer !== null; outer = outer.parent) {
    const name = outer.getChild('FunctionIdentifier') ?? outer.getChild('AggregateOp');
    if (name !== null && (outer.name === 'FunctionCall' || outer.name === 'AggregateExpr')) found.push(textOf(name, text).toLowerCase());
  }
  return found;
}

/** Labels of a result: those alone, or any but those. What was scraped has a job and an instance. */
interface Shape {
  readonly only?: ReadonlySet<string>;
  readonly without: ReadonlySet<string>;
  readonly scraped: boolean;
}

const ANYTHING: Shape = { without: new Set(), scraped: false };
const NOTHING: Shape = { only: new Set(), without: new Set(), scraped: false };
const SCRAPED = ['instance', 'job'];
const OPERANDS = new Set(['AggregateExpr', 'BinaryExpr', 'FunctionCall', 'MatrixSelector', 'NumberDurationLiteral', 'OffsetExpr', 'ParenExpr', 'StepInvariantExpr', 'StringLiteral', 'SubqueryExpr', 'UnaryExpr', 'VectorSelector']);

const has = ({ only, without }: Shape, label: string): boolean => (only?.has(label) ?? true) && !without.has(label);

function operandsOf(node: SyntaxNode): readonly SyntaxNode[] {
  const found: SyntaxNode[] = [];
  for (let child = node.firstChild; child !== null; child = child.nextSibling) if (OPERANDS.has(child.name)) found.push(child);
  return found;
}

const argumentsOf = (node: SyntaxNode): readonly SyntaxNode[] => operandsOf(node.getChild('FunctionCallBody') ?? node);

function labelsIn(node: SyntaxNode | null | undefined, text: string): readonly string[] {
  return node?.getChildren('LabelName').map((name) => textOf(name, text)) ?? [];
}

function shapeOf(node: SyntaxNode, text: string): Shape {
  switch (node.name) {
    case 'AggregateExpr': return shapeOfAggregate(node, text);
    case 'BinaryExpr': return shapeOfBinary(node, text);
    case 'FunctionCall': return shapeOfCall(node, text);
    case 'NumberDurationLiteral':
    case 'StringLiteral': return NOTHING;
    // A recording rule has a colon in its name, and the labels that its expression left.
    case 'VectorSelector': return { ...ANYTHING, scraped: !/:|^ALERTS/.test(selectorOf(node, text).metric) };
    default: {
      const [inner] = operandsOf(node);
      return inner === undefined ? ANYTHING : shapeOf(inner, text);
    }
  }
}

function shapeOfAggregate(node: SyntaxNode, text: string): Shape {
  const inner = argumentsOf(node).at(-1);
  const shape = inner === undefined ? ANYTHING : shapeOf(inner, text);
  const operator = node.getChild('AggregateOp');
  // These choose among series and leave them as they are.
  if (operator !== null && /^(?:topk|bottomk|limitk|limit_ratio)$/i.test(textOf(operator, text))) return shape;
  const modifier = node.getChild('AggregateModifier');
  if (modifier === null) return NOTHING;
  const labels = labelsIn(modifier.getChild('GroupingLabels'), text);
  if (modifier.getChild('By') !== null) return { only: new Set(labels.filter((label) => has(shape, label))), without: new Set(), scraped: false };
  return { ...shape, without: new Set([...shape.without, ...labels]) };
}

function shapeOfCall(node: SyntaxNode, text: string): Shape {
  const name = node.getChild('FunctionIdentifier');
  const called = name === null ? '' : textOf(name, text);
  if (/^(?:vector|scalar|time|pi)$/.test(called)) return NOTHING;
  if (/^(?:label_replace|label_join|absent|absent_over_time|info)$/.test(called)) return ANYTHING;
  const inner = argumentsOf(node).find((argument) => argument.name !== 'NumberDurationLiteral' && argument.name !== 'StringLiteral');
  const shape = inner === undefined ? NOTHING : shapeOf(inner, text);
  return called === 'histogram_quantile' ? { ...shape, without: new Set([...shape.without, 'le']) } : shape;
}

const isScalar = (node: SyntaxNode, text: string): boolean =>
  node.name === 'NumberDurationLiteral' || (node.name === 'FunctionCall' && /^(?:scalar|time|pi)\b/.test(textOf(node, text))) || (/^(?:BinaryExpr|ParenExpr|UnaryExpr)$/.test(node.name) && operandsOf(node).every((inner) => isScalar(inner, text)));

function shapeOfBinary(node: SyntaxNode, text: string): Shape {
  const [left, right] = operandsOf(node);
  if (left === undefined || right === undefined) return ANYTHING;
  if (isScalar(left, text)) return shapeOf(right, text);
  if (isScalar(right, text) || node.getChild('And') !== null || node.getChild('Unless') !== null) return shapeOf(left, text);
  // Either side's series come through.
  if (node.getChild('Or') !== null) return union(shapeOf(left, text), shapeOf(right, text));
  const clause = node.getChild('MatchingModifierClause');
  const [matched] = clause?.getChildren('GroupingLabels') ?? [];
  if (clause?.getChild('GroupRight')) return ANYTHING;
  if (clause?.getChild('GroupLeft')) return ANYTHING;
  if (clause?.getChild('On')) return { only: new Set(labelsIn(matched, text)), without: new Set(), scraped: false };
  const shape = shapeOf(left, text);
  return clause?.getChild('Ignoring') ? { ...shape, without: new Set([...shape.without, ...labelsIn(matched, text)]) } : shape;
}

function union(a: Shape, b: Shape): Shape {
  const without = new Set([...a.without].filter((label) => !has(b, label)));
  const scraped = a.scraped && b.scraped;
  return a.only === undefined || b.only === undefined ? { without, scraped } : { only: new Set([...a.only, ...b.only]), without, scraped };
}

/** pint's promql/impossible: `sum by (a) (sum (x))`. */
function lostLabels(node: SyntaxNode, text: string): readonly string[] {
  const inner = argumentsOf(node).at(-1);
  const modifier = node.getChild('AggregateModifier');
  if (inner === undefined || modifier === null || modifier.getChild('By') === null) return [];
  const shape = shapeOf(inner, text);
  return labelsIn(modifier.getChild('GroupingLabels'), text)
    .filter((label) => !has(shape, label))
    .map((label) => `nothing has the label ${label} any more in ${textOf(node, text)}`);
}

/** A quantile is found between the bounds of the buckets. */
function lostBounds(node: SyntaxNode, text: string): readonly string[] {
  const name = node.getChild('FunctionIdentifier');
  const buckets = argumentsOf(node).at(-1);
  if (name === null || buckets === undefined || textOf(name, text) !== 'histogram_quantile') return [];
  return has(shapeOf(buckets, text), 'le') ? [] : [`the label le is gone in ${textOf(node, text)}`];
}

/** pint's promql/vector_matching, as far as it shows without data. */
function unmatched(node: SyntaxNode, text: string): readonly string[] {
  const [left, right] = operandsOf(node);
  if (left === undefined || right === undefined || isScalar(left, text) || isScalar(right, text) || node.getChild('Or') !== null) return [];
  const [one, other] = [shapeOf(left, text), shapeOf(right, text)];
  const clause = node.getChild('MatchingModifierClause');
  const [matched] = clause?.getChildren('GroupingLabels') ?? [];
  if (clause?.getChild('On')) {
    return labelsIn(matched, text)
      .filter((label) => !has(one, label) || !has(other, label))
      .map((label) => `one side has no label ${label} to match on in ${textOf(node, text)}`);
  }
  const ignored = new Set(clause?.getChild('Ignoring') ? labelsIn(matched, text) : []);
  const [some, others] = [compared(one, ignored), compared(other, ignored)];
  const differ = one.only !== undefined && other.only !== undefined ? some.join() !== others.join() : lacks(one, other, ignored) || lacks(other, one, ignored);
  return differ ? [`labels ${named(one, some)} never equal ${named(other, others)} in ${textOf(node, text)}`] : [];
}

const compared = (shape: Shape, ignored: ReadonlySet<string>): readonly string[] => [...(shape.only ?? (shape.scraped ? SCRAPED : []))].filter((label) => !ignored.has(label) && has(shape, label)).sort();
const named = (shape: Shape, labels: readonly string[]): string => `{${[...labels, ...(shape.only === undefined ? ['…'] : [])].join(', ')}}`;

function lacks(one: Shape, scraped: Shape, ignored: ReadonlySet<string>): boolean {
  return scraped.scraped && SCRAPED.some((label) => !ignored.has(label) && has(scraped, label) && !has(one, label));
}
