// A Dockerfile as the policies read it: what the builder's own parser says of each instruction, with the line and the here-documents
// that it leaves out.
import { z } from 'zod';
import { Unusable } from './gate.ts';

/** What `conftest parse --combine --parser dockerfile` prints of a file. */
export const ParsedFiles = z.array(
  z.object({
    path: z.string(),
    contents: z.array(z.object({ Cmd: z.string(), SubCmd: z.string(), Flags: z.array(z.string()).nullable(), JSON: z.boolean(), Stage: z.int(), Value: z.array(z.string()).nullable() })).min(1),
  }),
);

export type Parsed = z.infer<typeof ParsedFiles>[number]['contents'];

interface Instruction {
  readonly line: number;
  readonly stage: number;
  readonly command: string;
  readonly flags: readonly string[];
  readonly values: readonly string[];
  readonly json: boolean;
  readonly text: string;
}

export interface DockerfileDocument {
  readonly file: string;
  readonly frontend: string;
  readonly instructions: readonly Instruction[];
  readonly ignore: { readonly file: string; readonly patterns: readonly string[] } | null;
}

interface Said {
  readonly line: number;
  readonly command: string;
  readonly text: string;
}

const DIRECTIVE = /^#\s*(syntax|escape|check)\s*=\s*(\S+)\s*$/i;
const HERE_DOCUMENT = /<<-?(["']?)([A-Za-z_]\w*)\1/g;

/** @throws Unusable when the text and what the parser saw in it are not the same. */
export function readDockerfile(file: string, source: string, parsed: Parsed, ignore: DockerfileDocument['ignore']): DockerfileDocument {
  const { said, frontend } = split(file, source);
  const instructions = parsed.filter(({ Cmd }) => Cmd !== 'comment');
  if (instructions.length !== said.length) throw new Unusable(`${file} has ${said.length} instructions, and the parser saw ${instructions.length}`);
  return {
    file,
    frontend,
    ignore,
    instructions: instructions.map(({ Cmd, SubCmd, Flags, JSON: json, Stage, Value }, index) => {
      const { line, command, text } = said[index] ?? { line: 0, command: '', text: '' };
      if (command !== Cmd) throw new Unusable(`${file}:${line} is ${command}, and the parser saw ${Cmd}`);
      const values = Value ?? [];
      // What ONBUILD defers is said as well.
      return { line, stage: Stage, command: Cmd === 'onbuild' ? SubCmd : Cmd, flags: Flags ?? [], values, json, text: json ? values.join(' ') : text };
    }),
  };
}

function split(file: string, source: string): { readonly said: readonly Said[]; readonly frontend: string } {
  const lines = source.replaceAll('\r\n', '\n').split('\n');
  const directives = directivesOf(lines);
  const continues = directives.get('escape') === '`' ? /`[ \t]*$/ : /\\[ \t]*$/;
  const said: Said[] = [];
  for (let index = 0; index < lines.length; index += 1) {
    if (isNothing(lines[index] ?? '')) continue;
    const start = index;
    const parts = [lines[index] ?? ''];
    while (index + 1 < lines.length && continues.test(parts.at(-1) ?? '')) {
      index += 1;
      // A comment in the middle of a command is not part of it, and does not end it.
      if (!isNothing(lines[index] ?? '')) parts.push(lines[index] ?? '');
    }
    const [, command = '', rest = ''] = /^\s*(\S+)\s*(.*)$/s.exec(parts.map((part) => part.replace(continues, ' ')).join('')) ?? [];
    const bodies: string[] = [];
    if (/^(?:run|copy|add)$/i.test(command)) {
      for (const [, , end = ''] of rest.matchAll(HERE_DOCUMENT)) {
        for (index += 1; (lines[index] ?? '').trim() !== end; index += 1) {
          if (index >= lines.length) throw new Unusable(`${file}:${start + 1} begins a here-document that does not end`);
          bodies.push(lines[index] ?? '');
        }
      }
    }
    said.push({ line: start + 1, command: command.toLowerCase(), text: [rest, ...bodies].join('\n') });
  }
  return { said, frontend: directives.get('syntax') ?? '' };
}

function isNothing(line: string): boolean {
  return line.trim() === '' || line.trimStart().startsWith('#');
}

/** They count before anything else, an ordinary comment included. */
function directivesOf(lines: readonly string[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const line of lines) {
    const [, name, value] = DIRECTIVE.exec(line) ?? [];
    if (name === undefined || value === undefined) break;
    found.set(name.toLowerCase(), value);
  }
  return found;
}
