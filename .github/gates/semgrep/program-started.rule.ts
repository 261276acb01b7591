// A program that the service starts: where one is started, a request soon says which, or with what (CWE-78).
import type { WeaknessRule } from './weakness.ts';

export const rule: WeaknessRule = {
  cwe: 78,
  message: 'The service starts another program: whatever reaches its arguments, through however many functions, can be a command or an option.',
  fix: 'Do it in the process, with a library. A program is started by a command (`*.command.ts`), which a person or a schedule runs and no request reaches.',
  // What runs while requests are answered. A command is started by the person who typed it, or by the schedule.
  only: /^app\/(?!.*\.command\.ts$)/,
  match: { 'pattern-either': [
    { 'pattern-regex': '[\'"`](?:(?:node:)?child_process|execa|zx|shelljs|cross-spawn|node-pty|sudo-prompt|child-process-promise)[\'"`]' },
    { pattern: 'process.binding(...)' }, { pattern: 'process._linkedBinding(...)' }, { pattern: 'process.dlopen(...)' },
  ] },
  refuses: [
    'import { execFile } from "node:child_process";\nconst history = (range) => execFile("git", ["log", range]);\nexport const f = ({ body }) => history(body.range);',
    'export const f = async (name) => (await import("child_process")).spawn("convert", [name]);',
    'export const f = (name) => process.getBuiltinModule("node:child_process").execFileSync("tar", [name]);',
    'import { $ } from "zx";\nexport const f = (name) => $`ls ${name}`;',
  ],
  allows: [
    'import { createGzip } from "node:zlib";\nexport const f = (stream) => stream.pipe(createGzip());',
    'export const f = (log) => { log.info("a child process ended"); };',
  ],
};
