// What runs a download that nobody read, and what takes TLS, checksums or the public registries out of one.
import type { Finding } from './gate.ts';
import { HOLDS_COMMANDS, STARTS_AS_SHELL } from './install-commands.ts';

/** Where environments and commands of other programs are written down. */
const HOLDS_SETTINGS = /(?:^|\/)(?:(?:docker-)?compose[\w.-]*\.ya?ml|\.env[\w.-]*|[\w.-]+\.(?:env|tf|tfvars|tftpl|tpl)|\.?devcontainer[\w./-]*\.json|settings\.json)$/;

const FETCH = String.raw`\b(?:curl|wget)\b`;
const SHELL = String.raw`(?:[\w.~/-]*\/)?(?:ba|z|da|k|a|fi)?sh\b`;
const INTERPRETER = String.raw`(?:[\w.~/-]*\/)?(?:node|deno|bun|python[\d.]*|perl|ruby|php)\b`;
/** Options that make standard input the data of a program that stands beside them. */
const HAS_PROGRAM = String.raw`(?!(?:\s+-[\w-]+)*\s+-(?:[a-z]*[cepnm]\b|-(?:eval|print|test|check)\b))`;
/** A file after the options is the program, but for those that are standard input. */
const HAS_FILE = String.raw`(?!(?:\s+-[\w-]+)*\s+(?!\/dev\/(?:stdin|fd)|-(?:\s|$))["'\w$~./])`;
const PREFIX = String.raw`(?:(?:sudo|doas|env|exec|command|nice|time|xargs)\s+(?:-\S+\s+|\w+=\S*\s+)*)*`;
const AS_SHELL = String.raw`${SHELL}(?:(?:\s+-\w+)*?\s+-\w*s\b|(?!(?:\s+-\w+)*\s+-\w*c\b)${HAS_FILE})`;

const UNREAD: readonly RegExp[] = [
  new RegExp(String.raw`${FETCH}[^\n]*(?<!\|)\|(?!\|)\s*${PREFIX}(?:${AS_SHELL}|${INTERPRETER}${HAS_PROGRAM}${HAS_FILE})`),
  new RegExp(String.raw`(?:${SHELL}|${INTERPRETER}|\beval\b|\bsource\b|(?:^|[\s;&|"'])\.)\s[^\n]*?(?:<\(|\$\$?\(|${'`'})\s*(?:sudo\s+)?${FETCH}(?![^\n]*(?:-w|--write-out)\b)`),
  /\b(?:iwr|irm|Invoke-WebRequest|Invoke-RestMethod|DownloadString)\b[^\n]*\|\s*(?:iex|Invoke-Expression)\b|\b(?:iex|Invoke-Expression)\b[^\n]*(?:iwr|irm|Invoke-|DownloadString|curl)/i,
];

const ASSIGNED = String.raw`["']?(?:[ \t]*(?:[:?+]?=|:)[ \t]*|\s*,?\s*["']?value["']?\s*[:=]\s*)["']?`;
/** Dockerfiles also part name and value by a space. */
const set = (name: string, value: string): RegExp => new RegExp(String.raw`(?<![\w-])(?:${name})(?:${ASSIGNED}|(?<=\bENV\s+\w+)[ \t]+["']?)${value}`, 'i');
const ANYTHING = String.raw`[^\s"'}#,-]`;

const TRUST = 'Remove it: who answers for the host can hand over anything. A server of your own gets a certificate, and its authority stands beside it.';
const PLACES = 'Remove it; what one machine needs is set in that machine’s own home folder.';
const RULES: readonly (readonly [rule: string, pattern: RegExp, message: string, fix: string])[] = [
  ['weak-transport', /\bcurl\b[^\n|]*?\s(?:--(?:proxy-)?insecure|-[#0-6aBfgGiIjJlLMnNOpqRsSvZ]*k[#0-6aBfgGiIjJklLMnNOpqRsSvZ]*[oXHdAuT]?)(?=\s|$|["'\\])|\bwget\b[^\n|]*--no-check-certificate|--no-verify-ssl\b|--insecure-skip-tls-verify|--tls-verify[= ]false|http\.(?:\S+\.)?sslVerify["']?[\s=]+["']?(?:false|0|no|off)\b|--(?:no-)?strict-ssl(?:[= ]false)?\b/i, 'TLS is not verified here.', TRUST],
  ['weak-transport', set('NODE_TLS_REJECT_UNAUTHORIZED|PYTHONHTTPSVERIFY|DOCKER_CONTENT_TRUST', String.raw`0\b`), 'TLS is not verified here.', TRUST],
  ['weak-transport', set('GIT_SSL_NO_VERIFY|GOINSECURE|PIP_TRUSTED_HOST|UV_INSECURE_HOST', String.raw`(?!(?:0|false|no)\b)${ANYTHING}`), 'TLS is not verified here.', TRUST],
  ['weak-transport', set('npm_config_strict_ssl|YARN_ENABLE_STRICT_SSL', String.raw`(?:false|0|no)\b`), 'TLS is not verified here.', TRUST],
  ['weak-transport', /\b(?:curl|wget)\b[^\n|]*\shttp:\/\/(?!(?:[\w-]+\.)*(?:localhost|local|internal|test|example)[:/\s"'])[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}/i, 'This is downloaded without TLS.', 'Write https.'],
  ['unchecked-download', set('GONOSUMDB|GONOSUMCHECK|GOPRIVATE|GOSUMDB', String.raw`(?!sum\.golang\.org\b)${ANYTHING}`), 'Go does not hold modules against their published hashes here.', TRUST],
  ['unchecked-download', set('GOFLAGS', String.raw`[^"'\n]*(?:-insecure|-mod=mod)`), 'Go does not hold modules against go.sum here.', TRUST],
  ['unchecked-download', /\b(?:sha\d+sum|shasum|gpg2?|cosign|minisign)\b[^\n|]*\|\|\s*(?:true|:|echo|exit\s+0)(?![\w-])|--allow-unauthenticated|AllowUnauthenticated|AllowInsecureRepositories|--force-yes|--allow-untrusted|--no-?gpg-?checks?\b|\btrusted=yes\b|Verify-Peer["'\s=]+false|--insecure-ignore-(?:tlog|sct)|--insecure-policy/i, 'What is downloaded here is installed although its checksum or signature is wrong.', 'Let the command fail: a wrong checksum is the one moment that it is there for.'],
  ['launcher', set('PIP_(?:EXTRA_)?INDEX_URL|PIP_FIND_LINKS|UV_(?:EXTRA_|DEFAULT_)?INDEX(?:_URL)?|GONOPROXY|YARN_\\w+|BUN_CONFIG_REGISTRY|npm_config_(?:registry|script_shell|node_options|userconfig|globalconfig|cafile|git|(?:https?_)?proxy)', String.raw`(?!https:\/\/(?:registry\.npmjs\.org|pypi\.org\/simple)\/?(?:["'\s]|$))${ANYTHING}`), 'This changes where packages come from, or what starts them.', PLACES],
  ['launcher', set('GOPROXY', String.raw`(?!(?:https:\/\/proxy\.golang\.org(?:,(?:direct|off))?|off)(?:["'\s]|$))${ANYTHING}`), 'This changes where modules come from.', PLACES],
];

export function downloadFindings(file: string, text: string): readonly Finding[] {
  if (!HOLDS_COMMANDS.test(file) && !HOLDS_SETTINGS.test(file) && !STARTS_AS_SHELL.test(text)) return [];
  const plain = withoutComments(text);
  const at = (rule: string, index: number, message: string, fix: string): Finding => ({ rule, file, line: text.slice(0, index).split('\n').length, severity: 'error', message, fix });
  const unread = new Set([...UNREAD.flatMap((pattern) => [...plain.matchAll(everywhere(pattern))].map(({ index }) => index)), ...ranDownloads(plain)]);
  return [
    ...[...unread].map((index) => at('unread-download', index, 'A program is downloaded here and run at once, whatever it is today.', 'Pin it: a package with a lock file, or a download that sha256sum -c holds against a hash that stands here.')),
    ...RULES.flatMap(([rule, pattern, message, fix]) => [...plain.matchAll(everywhere(pattern))].map(({ index, 0: found }) => at(rule, index, `${message} (${found.trim().slice(0, 80)})`, fix))),
  ];
}

const everywhere = (pattern: RegExp): RegExp => new RegExp(pattern.source, `${pattern.flags}g`);

/** Comments blanked, and lines that go on in the next joined to it; each character stays in its place, so that it keeps its line. */
function withoutComments(text: string): string {
  const blank = (found: string): string => ' '.repeat(found.length);
  return text.replaceAll(/^[ \t]*(?:#|\/\/).*$/gm, blank).replaceAll(/\s#\s[^\n"']*$/gm, blank).replaceAll(/\\\r?\n/g, blank);
}

/** Whatever verifies stands between the download and its first run. */
const VERIFIES = /\b(?:sha\d+sum|shasum|gpg2?|cosign|minisign|openssl\s+dgst)\b/;

function ranDownloads(text: string): readonly number[] {
  return [...text.matchAll(/\b(?:curl|wget)\s[^\n]*?(?=&&|;|\||$)/gm)].flatMap(({ index, 0: command }) => {
    const name = savedAs(command);
    const rest = text.slice(index + command.length);
    const run = new RegExp(String.raw`(?:^|[\s;&|"'(])(?:(?:${SHELL}|${INTERPRETER}|source|\.)\s+(?:-\S+\s+)*|chmod\s+\S+\s+|(?=\.?/|\$))["']?(?:\./)?${escape(name)}(?![\w./-])`, 'm').exec(rest);
    return name === '' || run === null || VERIFIES.test(rest.slice(0, run.index)) ? [] : [index];
  });
}

/** Empty where it goes to standard output. */
function savedAs(command: string): string {
  const isWget = command.startsWith('wget');
  const option = isWget ? /(?:\s-[a-zA-Z]*O|--output-document[= ])\s*["']?([^\s"']+)/ : /(?:\s-[a-zA-Z]*o\s|--output[= ])\s*["']?([^\s"']+)/;
  const named = (option.exec(command) ?? /(?<!\d)>\s*["']?([^\s"']+)/.exec(command))?.[1];
  const isNamedAsThere = isWget || /\s-[a-zA-Z]*O\b|--remote-name\b/.test(command);
  const name = named ?? (isNamedAsThere ? (/https?:\/\/[^\s"'?#]*\/([\w.-]+)/.exec(command)?.[1] ?? '') : '');
  return name === '-' || name === '/dev/null' ? '' : name.replace(/^\.\//, '');
}

const escape = (text: string): string => text.replaceAll(/[.$?*+{}()|[\]\\/-]/g, String.raw`\$&`);
