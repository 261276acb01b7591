// The rules' own examples, which each semgrep must find before it is believed: a rule that finds them no more would let everything pass.
import { Unusable } from '../gate.ts';
import type { Hit, NamedRule } from './weakness.ts';

interface ExampleFile {
  readonly rule: string;
  readonly isRefused: boolean;
  readonly text: string;
  /** The first line of each example, from 1. */
  readonly starts: readonly number[];
}

export type Examples = ReadonlyMap<string, ExampleFile>;

/** By a name that no file of the tree has: what a rule refuses in one file, what it allows in another. */
export function examplesOf(rules: readonly NamedRule[]): Examples {
  return new Map<string, ExampleFile>(
    rules.flatMap(({ id, refuses, allows }) => [
      [`examples/${id}.refused`, { rule: id, isRefused: true, ...join(refuses) }] as const,
      [`examples/${id}.allowed`, { rule: id, isRefused: false, ...join(allows) }] as const,
    ]),
  );
}

function join(examples: readonly string[]): Pick<ExampleFile, 'text' | 'starts'> {
  const starts: number[] = [];
  let line = 1;
  for (const example of examples) {
    starts.push(line);
    line += example.split('\n').length;
  }
  return { text: `${examples.join('\n')}\n`, starts };
}

/** @throws Unusable */
export function checkExamples(hits: readonly Hit[], examples: Examples): void {
  const wrong = [...examples].flatMap(([file, { rule, isRefused, starts }]) => {
    const lines = hits.filter((hit) => hit.rule === rule && hit.file === file).map(({ line }) => line);
    const found = new Set(lines.map((line) => starts.findLastIndex((start) => start <= line)));
    return starts.flatMap((_, index) => (found.has(index) === isRefused ? [] : [`${rule} ${isRefused ? 'lets pass' : 'refuses'} its example ${index + 1}`]));
  });
  if (wrong.length > 0) throw new Unusable(`a rule is wrong about its own examples: ${wrong.join(', ')}`);
}
