// Asks the OSV database about everything that is locked, with osv-scanner.
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { type Finding, type Gate, type Output, parseJson, type Tool, Unusable } from './gate.ts';
import { LOCK_FILE, readLock } from './lock-file.ts';

const scanner: Tool = { set: 'machine', program: 'osv-scanner', get: 'https://google.github.io/osv-scanner/installation' };
const NOTHING = 0;
const HOLES = 1;

export const gate: Gate = {
  claim: 'no locked package has a hole that is published in the OSV database',
  why: 'A published hole is what attackers try first, and scanners of the whole internet find who has it (CWE-1395).',
  remedy: 'Upgrade to the version that the finding names. Where there is none, waive it with the reason why the hole is out of reach, in <lock file>.waivers.',
  link: 'https://google.github.io/osv-scanner/output/',
  tools: [scanner],
  reads: /(?:^|\/)(?:package-lock\.json|go\.mod|requirements\.txt)(?:\.waivers)?$/,
  scope: 'tree',
  // New holes are published while nothing here changes.
  when: 'schedule',
  unseeded: 'what it finds is what is known that day; its test holds what turns it red',
  standIn: 'snyk_finds_nothing asks Snyk’s database, and Dependabot GitHub’s',
  async check({ files, read, run, scratch }) {
    const locks = files.filter((file) => !file.endsWith('.waivers'));
    for (const file of locks) if (LOCK_FILE.test(file)) readLock(file, read(file));
    // An osv-scanner.toml of the tree could have it pass holes by without a date.
    const config = path.join(scratch, 'osv-scanner.toml');
    await writeFile(config, '');
    const output = await run(scanner, ['scan', 'source', '--format', 'json', '--all-packages', '--config', config, ...locks.flatMap((file) => ['--lockfile', file])], { accept: [NOTHING, HOLES] });
    return holesIn(output, locks);
  },
};

const Report = z.looseObject({
  results: z.array(z.looseObject({
    source: z.looseObject({ path: z.string().min(1) }),
    packages: z.array(z.looseObject({
      package: z.looseObject({ name: z.string(), version: z.string(), ecosystem: z.string() }),
      groups: z.array(z.looseObject({ ids: z.array(z.string()).min(1), max_severity: z.string().optional() })).optional(),
      vulnerabilities: z.array(z.looseObject({
        id: z.string(),
        summary: z.string().optional(),
        affected: z.array(z.looseObject({ ranges: z.array(z.looseObject({ events: z.array(z.record(z.string(), z.string())) })).optional() })).optional(),
      })).optional(),
    })).min(1),
  })),
});

/** @throws Unusable when it is no whole report, or one of `files` is not in it. */
export function holesIn({ status, stdout }: Output, files: readonly string[]): readonly Finding[] {
  const report = Report.safeParse(parseJson(stdout, 'osv-scanner'));
  if (!report.success) throw new Unusable(`osv-scanner wrote a report of another form: ${z.prettifyError(report.error)}`);
  // Its paths are absolute, and those of folders end like that of the root: the longest that fits is meant.
  const longestFirst = files.toSorted((a, b) => b.length - a.length);
  const sources = report.data.results.map(({ source, packages }) => ({ file: longestFirst.find((file) => source.path === file || source.path.endsWith(`/${file}`)), packages }));
  // With --all-packages each lock file is there, whether it has holes or not.
  const unseen = files.filter((file) => !sources.some((source) => source.file === file));
  if (unseen.length > 0) throw new Unusable(`osv-scanner did not read ${unseen.join(', ')}`);
  const findings = sources.flatMap(({ file, packages }) => packages.flatMap(({ package: { name, version }, groups = [], vulnerabilities = [] }) => groups.map(({ ids, max_severity: score = '' }): Finding => {
    const hole = vulnerabilities.find(({ id }) => ids.includes(id));
    const fixed = [...new Set((hole?.affected ?? []).flatMap(({ ranges = [] }) => ranges.flatMap(({ events }) => events.flatMap((event) => event['fixed'] ?? []))))];
    return {
      rule: ids[0] ?? 'hole', file: file ?? files[0] ?? '', severity: Number(score) >= HIGH ? 'error' : 'warning',
      message: `${name} ${version} has ${ids.join(', ')}${score === '' ? '' : ` (CVSS ${score})`}: ${hole?.summary ?? 'no summary'}`,
      fix: fixed.length > 0 ? `Upgrade ${name} to ${fixed.join(' or ')} (npm explain ${name} says what brings it).` : `There is no fixed version: replace ${name}, or waive it with the reason why the hole is out of reach.`,
    };
  })));
  if (status === HOLES && findings.length === 0) throw new Unusable('osv-scanner ended as if it had found holes, and reports none');
  return findings;
}

/** CVSS v3: from here on it is "high". */
const HIGH = 7;
