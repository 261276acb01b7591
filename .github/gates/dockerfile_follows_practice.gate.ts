// Lints every Dockerfile, and the shell in it, with hadolint.
import { z } from 'zod';
import { type Finding, type Gate, parseJson, type Severity, type Tool, Unusable } from './gate.ts';

const hadolint: Tool = { set: 'python', program: 'hadolint' };
const SETTINGS = '.github/gates/hadolint.yaml';
const Report = z.array(z.object({ code: z.string().regex(/^(?:DL|SC)\d{4}$/), file: z.string().min(1), line: z.int().positive(), level: z.enum(['error', 'warning', 'info', 'style']), message: z.string().min(1) }));
const SEVERITIES: Readonly<Record<z.infer<typeof Report>[number]['level'], Severity>> = { error: 'error', warning: 'warning', info: 'note', style: 'note' };
/** It could not read the file, and so says nothing else of it. */
const PARSE_ERROR = 'DL1000';

export const gate: Gate = {
  claim: 'Dockerfiles and the shell in them have none of the known mistakes',
  why: 'A pipe that hides a failure, an unpinned package or an unquoted variable builds an image that works today, and another one tomorrow.',
  remedy: 'Each rule has a page of its own with the right form; DL rules are about the Dockerfile, SC rules about its shell.',
  link: 'https://github.com/hadolint/hadolint#rules',
  tools: [hadolint],
  reads: /(?:^|\/)(?:(?:Dockerfile|Containerfile)(?:\.(?!dockerignore$)[\w.-]+)?|[\w.-]+\.(?:dockerfile|Dockerfile|containerfile))$/,
  settings: /^\.github\/gates\/hadolint\.yaml$/,
  scope: 'file',
  when: 'change',
  unparsable: { file: 'app/Dockerfile', text: 'FROM\n' },
  async check({ run, files }) {
    const { stdout } = await run(hadolint, ['--no-fail', '--no-color', '--disable-ignore-pragma', '--config', SETTINGS, '--format', 'json', ...files]);
    return findingsOf(stdout, files);
  },
};

/** @throws Unusable when it read something else than `files`, or could not read one */
export function findingsOf(output: string, files: readonly string[]): readonly Finding[] {
  const report = Report.safeParse(parseJson(output, 'hadolint'));
  if (!report.success) throw new Unusable(`hadolint printed a report of another form: ${z.prettifyError(report.error)}`);
  for (const { code, file, line, message } of report.data) {
    if (!files.includes(file)) throw new Unusable(`hadolint speaks of ${file}, which it was not given`);
    if (code === PARSE_ERROR) throw new Unusable(`hadolint can't read ${file}:${line}: ${message}`);
  }
  return report.data.map(({ code, file, line, level, message }) => ({ rule: code, file, line, severity: SEVERITIES[level], message, fix: remedyOf(code) }));
}

function remedyOf(code: string): string {
  const page = code.startsWith('SC') ? `https://www.shellcheck.net/wiki/${code}` : `https://github.com/hadolint/hadolint/wiki/${code}`;
  return `Write it as the message says; ${page} has the wrong and the right form side by side.`;
}
