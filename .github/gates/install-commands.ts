// The command lines of CI, of the image and of scripts that install something past the lock files.
// Tested by install_scripts_stay_off.gate.test.ts: they are one claim.
import type { Finding } from './gate.ts';

export const HOLDS_COMMANDS = /(?:^|\/)(?:Dockerfile[\w.-]*|[\w.-]+\.(?:Dockerfile|sh|bash|zsh|fish|ps1|cmd|bat|mk)|(?:GNU)?[Mm]akefile|\.?[Jj]ustfile|[Tt]askfile\.ya?ml|Procfile|Vagrantfile|package\.json)$|^\.ci\/|^\.github\/(?:workflows|actions)\//;
/** A script need not have a name that says so. */
export const STARTS_AS_SHELL = /^#![^\n]*sh\b/;
/** Options of npm stand before and after its command. */
const NPM = String.raw`\bnpm(?:\.cmd)?(?:\s+-{1,2}[\w-]+(?:[= ][\w./$"{}-]+)?)*?\s+`;

const RULES: readonly (readonly [rule: string, pattern: RegExp, message: string, fix: string])[] = [
  ['scripts-on', /--no-ignore-scripts|--ignore-scripts[= ](?:false|0|no)|npm_config_ignore_scripts["']?\s*[:= ]\s*["']?(?:false|0|no)|--dangerously-allow-all-scripts|--allow-scripts/i, 'Install scripts are switched on for this command.', 'Remove the option; a package that needs its script is replaced.'],
  ['scripts-on', new RegExp(String.raw`${NPM}(?:rebuild|rb)\b`), 'npm rebuild runs the install scripts that were left out.', 'Remove the command.'],
  ['unlocked-install', new RegExp(String.raw`${NPM}(?:install|i|in|ins|inst|insta|instal|isnt|isnta|isntal|isntall|add|update|up|upgrade|udpate|install-test|it)(?=\s|$|["'&|;)])(?!\s+--package-lock-only)`), 'This installs versions that the lock file does not have to name.', 'Write npm ci; a tool of its own gets a manifest and a lock file in .github/tools.'],
  ['unlocked-install', /\b(?:yarn|pnpm|bun)(?:\s+(?:install|add|up|dlx|create|x)\b|\s*(?:$|&&|["']))|\bbunx\b/, 'Another package manager reads another lock file, or none.', 'Write npm ci.'],
  ['unlocked-install', /\bnpx\s+(?:-\S+\s+)*(?:--yes|-y|--package|-p|[\w@/.-]+@(?:\d|latest|next|[\^~]))|\bnpm\s+(?:exec|x)\b(?!.*--no\b)|\bnpm\s+(?:init|create)\s+\S/, 'This downloads a package and runs it at once, at whatever version.', 'Add the package to package.json, or to .github/tools, and run it from there.'],
  ['unlocked-install', /\bpip[\d.]*\s+(?:-\S+\s+)*install\b(?!.*--require-hashes)|\buv\s+pip\s+install\b(?!.*--require-hashes)|\b(?:pipx|uv\s+tool)\s+(?:install|run)\b|\buvx\s/, 'pip installs here without hashes.', 'Name it in .github/tools/python/requirements.in, and install by pip install --require-hashes -r.'],
  ['unlocked-install', /\bgo\s+install\s+\S+@(?:latest|master|main|upgrade)|\bcargo\s+install\b(?!.*--locked)|\bgem\s+install\b/, 'This installs whatever version is newest.', 'Add it to .github/tools/go/go.mod, whose go.sum has the hashes.'],
  ['launcher', /\bnpm\s+config\s+(?:set|edit)\b|\bnpm\s+set\s|--(?:registry|script-shell|node-options)[= ]|--trusted-host|--(?:extra-)?index-url|--find-links/i, 'This changes where packages come from, or what starts them.', 'Remove it; what one machine needs is set in that machine’s own home folder.'],
  ['auto-run-hook', /core\.hooksPath|\bhusky\s+install|\blefthook\s+install|\bpre-commit\s+install/, 'This sets up programs that run at git commands.', 'Remove it; npm run gates -- --changed is what a person starts before a commit.'],
];

export function commandFindings(file: string, text: string): readonly Finding[] {
  if (!HOLDS_COMMANDS.test(file) && !STARTS_AS_SHELL.test(text)) return [];
  const lines = text.split('\n');
  return lines.flatMap((first, index) => {
    if (isContinued(lines[index - 1]) || /^\s*(?:#|\/\/|- name:)/.test(first)) return [];
    const command = lines.slice(index, index + 1 + continuations(lines, index)).join(' ').replaceAll(/[\\`]\s+/g, ' ').replace(/\s#\s.*$/, '');
    return RULES.filter(([, pattern]) => pattern.test(command)).map(([rule, , message, fix]) => ({ rule, file, line: index + 1, severity: 'error' as const, message: `${message} (${command.trim().slice(0, 100)})`, fix }));
  });
}

function isContinued(line = ''): boolean {
  return /[\\`]\s*$/.test(line);
}

function continuations(lines: readonly string[], from: number): number {
  let count = 0;
  while (isContinued(lines[from + count])) count += 1;
  return count;
}
