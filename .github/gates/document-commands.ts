// The commands that a document names, held against package.json, the Makefile and what the programs themselves take.
// Tested by documents_tell_the_truth.gate.test.ts: they are one claim.

export interface Commands {
  /** Of package.json. */
  readonly scripts: Readonly<Record<string, string>>;
  /** Of the Makefile; none without one. */
  readonly targets: readonly string[];
  /** Of a program of this repository, its text. */
  readonly source: (file: string) => string | undefined;
}

export interface DeadCommand {
  readonly message: string;
  readonly fix: string;
}

/** npm's own (https://docs.npmjs.com/cli/v11/commands) and their short forms; test, start, stop and restart need a script. */
const BUILT_IN = new Set('access adduser audit author bugs c cache ci clean-install completion config create ddp dedupe deprecate diff dist-tag dist-tags docs doctor edit exec explain explore find find-dupes fund get help help-search home hlep i in info init innit install install-ci-test install-test issues it la link list ll ln login logout ls org outdated owner pack ping pkg prefix profile prune publish query r rb rebuild remove repo rm root run run-script s sbom search se set show shrinkwrap sit star stars t team token trust un undeprecate uninstall unlink unpublish unstar up update upgrade v version versions view why whoami x'.split(' '));

export function commandFindings(code: string, commands: Commands): readonly DeadCommand[] {
  return [...deadScripts(code, Object.keys(commands.scripts)), ...deadTargets(code, commands.targets), ...deadFlags(code, commands)];
}

function deadScripts(code: string, scripts: readonly string[]): readonly DeadCommand[] {
  return [...code.matchAll(/\bnpm (?:(run|run-script) )?(?:--?[a-z-]+(?:=\S+)? )*([a-z][\w-]*(?::[\w-]+)*)(?![\w/.:<*])/g)]
    // Of another folder, it is another package.json.
    .filter(({ 0: whole, 1: run, 2: name = '' }) => !scripts.includes(name) && !(run === undefined && BUILT_IN.has(name)) && !/ (?:--prefix|-C|--workspace|-w)\b/.test(whole))
    .map(([, , name = '']) => ({ message: `npm has no script ${name} here.`, fix: `Name one that is there: ${nearest(name, scripts)}` }));
}

function nearest(name: string, scripts: readonly string[]): string {
  return scripts.filter((script) => script.startsWith(name.slice(0, 2))).join(', ') || scripts.slice(0, 8).join(', ');
}

export function targetsOf(makefile: string): readonly string[] {
  return [...makefile.matchAll(/^([\w./ -]+?)\s*::?(?!=)/gm)].flatMap((match) => (match[1] ?? '').split(/\s+/));
}

function deadTargets(code: string, targets: readonly string[]): readonly DeadCommand[] {
  return [...code.matchAll(/(?:^|&&|;|\|\|)\s*(?:\$ )?(?:sudo )?make(?: -\S+| [A-Z_]+=\S+)* ([a-z][\w./-]*)(?=$|\s*(?:&&|;|#|[A-Z_]+=))/g)]
    .map(([, target = '']) => target)
    .filter((target) => !targets.includes(target))
    .map((target) => ({ message: targets.length === 0 ? `There is no Makefile, and so no target ${target}.` : `The Makefile has no target ${target}.`, fix: targets.length === 0 ? 'Name the script of package.json that does it.' : `Name one that is there: ${targets.join(', ')}` }));
}

const PROGRAM = /\bnode (?:--[\w=-]+ )*([\w./-]+\.ts)\b([^|;&\n]*)/;

/** Only of a program that refuses what it does not know: what it hands on is another's. */
function deadFlags(code: string, { scripts, source }: Commands): readonly DeadCommand[] {
  const called = [...code.matchAll(/\bnpm (?:run |run-script )?(?:--silent |-s )*([\w:-]+)(?: --silent)? -- ([^|;&\n#]*)/g)].map(([, name = '', parameters = '']) => ({ command: `npm run ${name}`, file: PROGRAM.exec(scripts[name] ?? '')?.[1], parameters }));
  const started = [...code.matchAll(new RegExp(PROGRAM.source, 'g'))].map(([, file = '', parameters = '']) => ({ command: file, file, parameters }));
  return [...called, ...started].flatMap(({ command, file, parameters }) => {
    const options = file === undefined ? undefined : optionsOf(source(file.replace(/^\.\//, '')) ?? '');
    if (options === undefined) return [];
    const flags = [...parameters.matchAll(/(?:^|\s)--([a-z][\w-]*)/g)].map(([, flag = '']) => flag);
    return flags.filter((flag) => !options.includes(flag)).map((flag) => ({ message: `${command} does not take --${flag}.`, fix: `It takes ${options.map((option) => `--${option}`).join(', ')}.` }));
  });
}

/** Nothing where they can't be read off. */
function optionsOf(text: string): readonly string[] | undefined {
  if (!/\bparseArgs\(/.test(text) || /\bstrict: false/.test(text)) return undefined;
  const named = [...text.matchAll(/["']?([\w-]+)["']?: \{ type: '(?:string|boolean)'/g)].map(([, option = '']) => option);
  return named.length === 0 ? undefined : [...named, ...[...text.matchAll(/["'`]--([a-z][\w-]*)/g)].map(([, option = '']) => option)];
}
