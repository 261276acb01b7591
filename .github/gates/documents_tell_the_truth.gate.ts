// Follows what every Markdown file says is there: links, anchors, pictures, commands, paths.
import path from 'node:path';
import { commandFindings, type Commands, targetsOf } from './document-commands.ts';
import { type Finding, type Gate, Unusable } from './gate.ts';
import { readManifest } from './lock-file.ts';

export const gate: Gate = {
  claim: 'what a document names is there: links, anchors, pictures, commands and paths',
  why: 'A newcomer who follows a dead link or types a command that is gone stops trusting the rest, and in an emergency loses minutes.',
  remedy: 'Correct the document, or bring back what it names.',
  link: 'https://docs.github.com/en/get-started/writing-on-github/getting-started-with-writing-and-formatting-on-github/basic-writing-and-formatting-syntax#section-links',
  tools: [],
  reads: /\.md$/i,
  // A file that is moved away makes a document wrong that was not touched.
  settings: /./,
  scope: 'tree',
  when: 'change',
  check({ files, tree, read }) {
    if (!tree.includes('package.json')) throw new Unusable('there is no package.json');
    const scripts = readManifest('package.json', read('package.json')).scripts ?? {};
    const known = knownPaths(tree);
    const anchors = new Map(files.map((file) => [file, anchorsOf(read(file))]));
    const makefile = tree.find((file) => /^(?:GNU)?[Mm]akefile$/.test(file));
    const commands: Commands = { scripts, targets: makefile === undefined ? [] : targetsOf(read(makefile)), source: (file) => (tree.includes(file) ? read(file) : undefined) };
    return Promise.resolve(files.flatMap((file) => documentFindings(file, read(file), { known, anchors, commands })));
  },
};

export interface Known {
  /** Files and folders. */
  readonly known: ReadonlySet<string>;
  /** Of each document. */
  readonly anchors: ReadonlyMap<string, ReadonlySet<string>>;
  readonly commands: Commands;
}

export function knownPaths(tree: readonly string[]): ReadonlySet<string> {
  return new Set(['.', ...tree.flatMap((file) => file.split('/').map((_, index, parts) => parts.slice(0, index + 1).join('/')))]);
}

/** As GitHub makes them of headings: lower case, no punctuation, hyphens for spaces, a number for the second of a name. */
export function anchorsOf(text: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  const counts = new Map<string, number>();
  for (const line of withoutCode(text).split('\n')) {
    const heading = /^ {0,3}#{1,6}\s+(.*?)\s*#*\s*$/.exec(line)?.[1];
    for (const id of line.matchAll(/<[a-z]+\s[^>]*\b(?:id|name)="([^"]+)"/g)) anchors.add(id[1] ?? '');
    if (heading === undefined) continue;
    const slug = heading.replaceAll(/!?\[([^\]]*)\](?:\([^)]*\)|\[[^\]]*\])/g, '$1').replaceAll(/<[^>]+>/g, '').toLowerCase().replaceAll(/[^\p{L}\p{M}\p{N}\p{Pc} -]/gu, '').replaceAll(' ', '-');
    const count = counts.get(slug) ?? 0;
    counts.set(slug, count + 1);
    anchors.add(count === 0 ? slug : `${slug}-${count}`);
  }
  return anchors;
}

/** Fenced blocks emptied, their lines kept. */
function withoutCode(text: string): string {
  return text.replaceAll(/^( {0,3})(```+|~~~+)[^]*?^\1\2[ \t]*$/gm, (block) => block.replaceAll(/[^\n]/g, ''));
}

const LINK = /!?\[(?:[^\][]|\[[^\]]*\])*\]\(\s*<?([^)\s>]+)>?(?:\s+["'(][^)]*)?\)|^\s{0,3}\[[^\]^]+\]:\s*<?(\S+?)>?(?:\s|$)|<(?:a|img|source)\b[^>]*?\b(?:href|src|srcset)\s*=\s*["']([^"']+)["']/g;
const TELLS_OF_THE_PAST = /(?:^|\/)CHANGELOG\.md$|\/decisions\//;
/** What a document may name and no clone has. */
const MADE_LATER = /^(?:node_modules|\.cache|\.data|\.git|coverage|\.env)(?:\/|$)|[*<>{}$…]|^\.?\/?$/;

export function documentFindings(file: string, text: string, { known, anchors, commands }: Known): readonly Finding[] {
  const prose = withoutCode(text);
  const folder = path.posix.dirname(file);
  const tops = new Set([...known].filter((each) => !each.includes('/')));
  const defined = new Set([...prose.matchAll(/^\s{0,3}\[([^\]]+)\]:/gm)].map((match) => labelOf(match[1] ?? '')));
  const isThere = (named: string): boolean => known.has(named) || known.has(path.posix.join(folder, named));
  return text.split('\n').flatMap((line, index) => {
    const at = (rule: string, message: string, fix: string): Finding => ({ rule, file, line: index + 1, severity: 'error', message, fix });
    const plain = prose.split('\n', index + 1).at(-1) ?? '';
    const text = plain.replaceAll(/`[^`]*`/g, (code) => (/\]\(/.test(code) ? '' : code));
    const links = [...text.matchAll(LINK)].map((match) => match[1] ?? match[2] ?? match[3] ?? '');
    const codes = plain === '' ? [line] : [...line.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? '');
    return [
      ...links.flatMap((target) => linkFinding(target, file, folder, known, anchors, at)),
      ...[...plain.replaceAll(/`[^`]*`/g, 'x').matchAll(REFERENCE)].map(([, words = '', label = '', note]) => note ?? (label === '' ? words : label)).filter((label) => !defined.has(labelOf(label))).map((label) => at('dead-link', `[${label}] is defined nowhere in this document.`, `Write a line [${label}]: with the address, or correct the name.`)),
      ...codes.flatMap((code) => commandFindings(code, commands).map(({ message, fix }) => at('dead-command', message, fix))),
      ...(TELLS_OF_THE_PAST.test(file) ? [] : [...codes.flatMap((code) => pathsIn(code, tops)).filter((named) => !isThere(named)), ...(plain === '' && MAKES_A_FILE.test(line) ? [] : spansOf(line, plain === '').flatMap((code) => foreignPathsIn(code, tops)).filter((named) => !isThere(named) && !isEndOf(named, known)))]).map((named) => at('dead-path', `${named} is not there.`, 'Write the path as it is now, or remove the sentence.')),
    ];
  });
}

type At = (rule: string, message: string, fix: string) => Finding;

function linkFinding(target: string, file: string, folder: string, known: ReadonlySet<string>, anchors: Known['anchors'], at: At): readonly Finding[] {
  if (/^(?:https?|mailto|tel):/i.test(target)) return URL.canParse(target) ? [] : [at('dead-link', `${target} is no address.`, 'Write the address as the browser shows it.')];
  if (/^[a-z][a-z0-9+.-]*:|^\/\//i.test(target)) return [at('dead-link', `${target} is not an address that a reader can open.`, 'Link to https, or to a file of this repository.')];
  const [written = '', anchor] = target.split('#', 2);
  const decoded = decode(written.split('?', 1)[0] ?? '');
  const named = decoded === '' ? file : (decoded.startsWith('/') ? path.posix.normalize(decoded.slice(1)) : path.posix.join(folder, decoded)).replace(/\/$/, '') || '.';
  if (!known.has(named)) return [at('dead-link', `${target} leads to ${named}, which is not there.`, 'Link to where it is now, or remove the link.')];
  const there = anchors.get(named);
  return anchor === undefined || anchor === '' || there === undefined || there.has(decode(anchor).toLowerCase()) ? [] : [at('dead-anchor', `${named} has no heading #${anchor}.`, `Link to one of its headings: ${[...there].slice(0, 8).map((each) => `#${each}`).join(', ')}`)];
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const REFERENCE = /(?<![\w\])])!?(?:\[([^\][^][^\][]*)\]\[([^\]]*)\]|\[(\^[\w-]+)\](?!:))/g;

function labelOf(text: string): string {
  return text.trim().toLowerCase().replaceAll(/\s+/g, ' ');
}

/** In a block of commands, what these write to need not be there. */
const MAKES_A_FILE = />|\s-o\b|--out|\b(?:mkdir|touch|cp|mv|tee|ln|git clone)\b/;
/** As a tutorial begins the name of what its reader makes. */
const TO_BE_MADE = /\b(?:creat\w*|add\w*|writ\w*|mak\w*|sav\w*|put\w*|new|call\w*|named?|into|becomes?|as|like|such|instead|no|not|gone|was|were|generat\w*|your)\W+(?:\w+\W+){0,3}$/i;

/** The spans of code of a line that do not name what is yet to be made. */
function spansOf(line: string, isBlock: boolean): readonly string[] {
  if (isBlock) return [line];
  return [...line.matchAll(/`([^`]+)`/g)].filter(({ index }) => !TO_BE_MADE.test(line.slice(0, index))).map((match) => match[1] ?? '');
}

/** Whatever has the form of a file in a folder that is not there either. */
function foreignPathsIn(code: string, tops: ReadonlySet<string>): readonly string[] {
  return [...code.matchAll(/(?<![\w@/.:#~$%-])(?:\.\/)?((?:[a-z][\w-]*\/)+[\w.-]+\.(?:tsx?|[cm]?jsx?|json|ya?ml|md|sh|tf|tfvars|hcl|rego|sql|toml|html|css|py|go|ps1))(?![\w/*<>{}$…([:@-])/g)]
    .map((match) => match[1] ?? '')
    .filter((named) => !tops.has(named.split('/', 1)[0] ?? '') && !MADE_LATER.test(named) && !/[NX]{2,}|YYYY/.test(named));
}

/** Documents shorten paths: the rest of one is as good. */
function isEndOf(named: string, known: ReadonlySet<string>): boolean {
  for (const each of known) if (each.endsWith(`/${named}`)) return true;
  return false;
}

/** What begins with a folder of this repository is a path of it. */
function pathsIn(code: string, tops: ReadonlySet<string>): readonly string[] {
  return [...code.matchAll(/(?<![\w@/.:#-])(?:\.\/)?((?:[\w.-]+\/)+[\w.-]*[\w])(?![\w/*<>{}$…([-])/g)]
    .map((match) => match[1] ?? '')
    .filter((named) => tops.has(named.split('/', 1)[0] ?? '') && !MADE_LATER.test(named));
}
