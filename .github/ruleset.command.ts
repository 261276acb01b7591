// `node .github/ruleset.command.ts [--apply]`: protects the default branch by ruleset.json, through the GitHub CLI of a person who may.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';

const FILE = path.join(import.meta.dirname, 'ruleset.json');

export interface Request {
  readonly method: 'POST' | 'PUT';
  readonly path: string;
}

/** One of that name is replaced; another name is another ruleset. */
export function requestFor(name: string, existing: readonly { readonly id: number; readonly name: string }[]): Request {
  const own = existing.find((ruleset) => ruleset.name === name);
  return own === undefined ? { method: 'POST', path: 'repos/{owner}/{repo}/rulesets' } : { method: 'PUT', path: `repos/{owner}/{repo}/rulesets/${own.id}` };
}

function askGitHub(parameters: readonly string[], input?: string): string {
  const { status, stdout, stderr, error } = spawnSync('gh', ['api', ...parameters], { encoding: 'utf8', input });
  if (error !== undefined) throw new Error(`the GitHub CLI can't be started (${error.message}): https://cli.github.com`);
  if (status !== 0) throw new Error(`gh api ${parameters.join(' ')}: ${stderr.trim()}`);
  return stdout;
}

if (import.meta.main) {
  try {
    const { values } = parseArgs({ options: { apply: { type: 'boolean', default: false } } });
    const text = readFileSync(FILE, 'utf8');
    const { name } = JSON.parse(text) as { readonly name: string };
    const { method, path: target } = requestFor(name, JSON.parse(askGitHub(['repos/{owner}/{repo}/rulesets?includes_parents=false'])) as { id: number; name: string }[]);
    console.log(`${method} ${target}\n${text}`);
    if (values.apply) askGitHub(['--method', method, target, '--input', '-'], text);
    console.log(values.apply ? 'applied' : 'a dry run: nothing was changed; --apply does it');
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}
