// A shell, which reads commands in what it is given (CWE-78).
import type { WeaknessRule } from './weakness.ts';
import { where } from './patterns.ts';

export const rule: WeaknessRule = {
  cwe: 78,
  message: 'A command goes through a shell, or the request says what is started: a value in it becomes a command.',
  fix: 'Start the program itself: execFile(program, [argument, …]) without shell, and arguments that can not be read as options (after --).',
  // They have in them, as seeds, what they look for.
  except: /^\.github\/rules\//,
  match: { 'pattern-either': [
    { pattern: 'import {..., exec, ...} from "node:child_process"' }, { pattern: 'import {..., execSync, ...} from "node:child_process"' },
    { 'pattern-regex': 'import\\s*\\{[^}]*\\bexec(?:Sync)?\\b[^}]*\\}\\s*from\\s*[\'"](?:node:)?child_process[\'"]' },
    where('$CP.$EXEC(...)', { CP: 'child_process|childProcess|cp|child', EXEC: 'exec|execSync' }),
    { 'pattern-regex': '\\bshell\\s*:\\s*+(?!false\\b|undefined\\b|\\w+\\.endsWith\\(|process\\.platform === .win32.\\s*[,}])[^,}\\n]+' }, { 'pattern-regex': '\\b(?:child_process|childProcess|cp)\\.exec(?:Sync)?\\b' }, { 'pattern-regex': '\\{[^}]*\\bexec(?:Sync)?\\b[^}]*\\}\\s*=\\s*(?:await\\s+import|require)\\(\\s*[\'"](?:node:)?child_process[\'"]' },
    ...['exec', 'execSync'].flatMap((exec) => ['import * as $X from "node:child_process";\n...', 'import $X from "node:child_process";\n...', 'import * as $X from "child_process";\n...'].map((made) => ({ patterns: [{ pattern: `$X.${exec}(...)` }, { 'pattern-inside': made }] }))),
    { pattern: 'require("child_process").exec(...)' }, { pattern: '(await import("node:child_process")).exec(...)' },
    where('$RUN(..., {..., shell: $SHELL, ...})', { RUN: '(?:\\w+\\.)?(?:spawn|spawnSync|execFile|execFileSync|exec|run\\w*|promisify\\(execFile\\))', SHELL: 'true|[\'"`].*' }),
    where('$RUN($SH, [..., $C, ...], ...)', { RUN: '(?:\\w+\\.)?\\w*(?:spawn|spawnSync|execFile|execFileSync|run|execute)\\w*', SH: '[\'"`](?:/bin/|/usr/bin/env )?(?:sh|bash|zsh|dash|cmd|cmd\\.exe|powershell|pwsh)(?:\\.exe)?[\'"`]', C: '[\'"`](?:-\\w*c|/c|-Command)[\'"`]' }),
  ] },
  refuses: [
    'import { exec } from "node:child_process";\nexport const f = (name) => exec(`tar -xf ${name}`);',
    'import { execSync as run } from "child_process";\nexport const f = (name) => run("git log " + name);',
    'import * as cp from "node:child_process";\nexport const f = (name) => cp.execSync("convert " + name);',
    'export const f = (name) => spawn("convert", [name], { shell: true });',
    'export const f = (name) => execFile("sh", ["-c", `convert ${name}`]);',
    'export const f = (name) => execFileSync("/bin/bash", ["-lc", name], { encoding: "utf8" });',
  ],
  allows: [
    // npm is a script there, which only the shell starts.
    'export const f = (name) => execFile("npm", ["view", name], { shell: process.platform === "win32" });',
    'import { execFile } from "node:child_process";\nexport const f = (name) => execFile("convert", ["--", name]);',
    'export const f = (text) => /a(b)/.exec(text)?.[1];',
    'export const f = (file) => file.exec("begin immediate");',
  ],
};
