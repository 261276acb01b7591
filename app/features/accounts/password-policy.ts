// Which passwords are taken: long enough, not a common one, not made of what anybody knows of the person (NIST SP 800-63B-4, 3.1.1.2).
import type { IsBreached } from './breached.ts';
import { normalisePassword } from './passwords.ts';

/** In code points. */
export const SHORTEST_ALONE = 15;
export const SHORTEST_WITH_SECOND_FACTOR = 8;
export const LONGEST = 128;

export type PasswordProblem = 'too-short' | 'too-long' | 'too-common' | 'too-personal' | 'breached';

export interface PasswordContext {
  /** Another factor is asked for besides. */
  readonly secondFactor: boolean;
  /** What others know of the person: address, name, organisation. */
  readonly known: readonly string[];
  readonly isBreached?: IsBreached;
}

/** Names of the service, its products and projects; the README lists them (ASVS 6.1.2). */
export const SERVICE_WORDS: readonly string[] = ['stockade'];
/** Shorter parts of a name are in many a good password. */
const SHORTEST_PART = 4;
let common: Promise<ReadonlySet<string>> | undefined;

export function countCodePoints(password: string): number {
  return Array.from(normalisePassword(password)).length;
}

/** Undefined where it is taken. */
export async function findPasswordProblem(password: string, { secondFactor, known, isBreached }: PasswordContext): Promise<PasswordProblem | undefined> {
  const length = countCodePoints(password);
  if (length > LONGEST) return 'too-long';
  const shortest = secondFactor ? SHORTEST_WITH_SECOND_FACTOR : SHORTEST_ALONE;
  if (length < shortest) return 'too-short';
  const folded = fold(password);
  if (Array.from(withoutKnown(folded, known)).length < SHORTEST_WITH_SECOND_FACTOR) return 'too-personal';
  if (isCommon(folded, await readCommon())) return 'too-common';
  // Last, since it asks others.
  return (await isBreached?.(password)) === true ? 'breached' : undefined;
}

/** As the list has it, with digits and signs around it, or over and over again. */
function isCommon(folded: string, list: ReadonlySet<string>): boolean {
  const core = trimDecoration(folded);
  const forms = [folded, core, shortestRepeated(folded), shortestRepeated(core)];
  return forms.some((form) => list.has(form) || list.has(trimDecoration(form))) || new Set(folded).size < 4;
}

function trimDecoration(text: string): string {
  const characters = Array.from(text);
  const isLetter = (character: string) => /\p{L}/u.test(character);
  const first = characters.findIndex(isLetter);
  return first === -1 ? '' : characters.slice(first, characters.findLastIndex(isLetter) + 1).join('');
}

/** `abcabcab` is `abc`; what repeats nothing stays whole. */
function shortestRepeated(text: string): string {
  let length = 1;
  while (!text.startsWith(text.slice(length))) length += 1;
  return text.slice(0, length);
}

function withoutKnown(folded: string, known: readonly string[]): string {
  const parts = [...known, ...SERVICE_WORDS].flatMap((text) => fold(text).split(/[^\p{L}\p{N}]+/u)).filter((part) => part.length >= SHORTEST_PART);
  // The longest first, so that none is left over from one that contains it.
  return parts.toSorted((left, right) => right.length - left.length).reduce((rest, part) => rest.replaceAll(part, ''), folded);
}

function fold(text: string): string {
  return normalisePassword(text).toLowerCase();
}

/** 49,233 of them; loaded by the first who chooses a password. */
function readCommon(): Promise<ReadonlySet<string>> {
  return (common ??= import('@zxcvbn-ts/language-common').then(({ dictionary }) => new Set(dictionary['passwords-common'])));
}
