// The findings as SARIF 2.1.0: one run, since GitHub takes no more than 20 in a file, and rules named <gate>/<rule>.
import { createHash } from 'node:crypto';
import type { Entry, QuotedFinding } from './report.ts';
import { setOf } from './tools.ts';

const SCHEMA = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json';
const BASE = '%SRCROOT%';

interface Found {
  readonly entry: Entry;
  readonly finding: QuotedFinding;
}

export function sarifOf(entries: readonly Entry[]): object {
  const found = entries.flatMap((entry) => entry.files.flatMap(({ findings }) => findings.map((finding) => ({ entry, finding }))));
  const rules = [...Map.groupBy(found, idOf)];
  const indexOf = new Map(rules.map(([id], index) => [id, index]));
  const fingerprints = fingerprinter();
  const isComplete = entries.every(({ verdict, files }) => verdict.status !== 'not run' && !files.some(({ findings }) => findings.some(({ rule }) => rule === 'unusable')));
  return {
    $schema: SCHEMA,
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'gates', rules: rules.map(([id, [first]]) => ruleOf(id, first)) } },
        automationDetails: { id: categoryOf(entries) },
        originalUriBaseIds: { [BASE]: { description: { text: 'The root of the repository.' } } },
        columnKind: 'utf16CodeUnits',
        invocations: [{ executionSuccessful: isComplete, toolExecutionNotifications: entries.filter(({ verdict }) => verdict.status === 'not run').map(({ verdict }) => ({ level: 'warning', message: { text: `Not run: ${verdict.gate} (${verdict.claim}): ${verdict.reason}` } })) }],
        results: found.map((each) => resultOf(each, indexOf.get(idOf(each)) ?? -1, fingerprints(each))),
      },
    ],
  };
}

/** GitHub keeps one analysis a category, and refuses several runs of one in an upload: each job of the matrix, which has the gates of one set of tools, is one. */
function categoryOf(entries: readonly Entry[]): string {
  const [only, ...others] = new Set(entries.map(({ gate }) => setOf(gate)));
  return only === undefined || others.length > 0 ? 'gates/' : `gates/${only}/`;
}

function idOf({ entry, finding }: Found): string {
  return `${entry.verdict.gate}/${finding.rule}`;
}

function ruleOf(id: string, first: Found | undefined): object {
  if (first === undefined) return { id };
  const { gate } = first.entry;
  return {
    id,
    name: first.finding.rule,
    shortDescription: { text: gate.claim },
    fullDescription: { text: gate.why },
    help: { text: `${gate.why}\n\n${gate.remedy}\n\n${gate.link}` },
    helpUri: gate.link,
    defaultConfiguration: { level: first.finding.severity },
  };
}

function resultOf({ entry, finding }: Found, ruleIndex: number, fingerprint: string): object {
  return {
    ruleId: idOf({ entry, finding }),
    ruleIndex,
    level: finding.severity,
    message: { text: `${finding.message} ${finding.fix}` },
    locations: [{ physicalLocation: { artifactLocation: { uri: encodeURI(finding.file).replaceAll(/[?#]/g, encodeURIComponent), uriBaseId: BASE }, ...(finding.line === undefined ? {} : { region: { startLine: finding.line } }) } }],
    partialFingerprints: { primaryLocationLineHash: fingerprint },
  };
}

/** The same for a line that only moved; what is found twice on equal lines is told apart by its order. */
function fingerprinter(): (found: Found) => string {
  const seen = new Map<string, number>();
  return ({ entry, finding }) => {
    const text = finding.excerpt.find(({ number }) => number === finding.line)?.text.trim() ?? '';
    const key = JSON.stringify([entry.verdict.gate, finding.rule, finding.file, text]);
    const count = (seen.get(key) ?? 0) + 1;
    seen.set(key, count);
    return `${createHash('sha256').update(key).digest('hex').slice(0, 32)}:${count}`;
  };
}
