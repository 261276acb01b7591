// The findings as one page that needs nothing else: no network, no script; light and dark, narrow, and on paper.
import { createHash } from 'node:crypto';
import { commandOf, countOf, type Entry, type FileFindings, type Line, type QuotedFinding, type RunRecord } from './report.ts';
import { STYLE } from './report-style.ts';
import { html, Markup } from './report-text.ts';

const SIGNS = { fail: '✖', 'not run': '–', pass: '✔' } as const;
const WORDS = { fail: 'fails', 'not run': 'not run', pass: 'holds' } as const;

/** The page has no other style, and no script, whatever is injected (CSP Level 3, 8.4). */
const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');

export function pageOf(entries: readonly Entry[], record: RunRecord): string {
  const { verdicts, now } = record;
  const [failing, missing, passing] = (['fail', 'not run', 'pass'] as const).map((status) => entries.filter(({ verdict }) => verdict.status === status)) as [Entry[], Entry[], Entry[]];
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-${STYLE_HASH}'">
<title>${headline(record)} · gates</title>
<style>${new Markup(STYLE)}</style>
</head>
<body>
<header>
<p class="kind">Gates · ${new Date(now).toISOString().slice(0, 16).replace('T', ' ')} UTC</p>
<h1 class="${failing.length > 0 ? 'fail' : missing.length > 0 ? 'missing' : 'pass'}">${headline(record)}</h1>
<ul class="counts">
<li class="fail"><b>${failing.length}</b> ${failing.length === 1 ? 'fails' : 'fail'}</li>
<li class="missing"><b>${missing.length}</b> not run</li>
<li class="pass"><b>${passing.length}</b> ${passing.length === 1 ? 'holds' : 'hold'}</li>
<li><b>${verdicts.reduce((sum, { findings }) => sum + findings.length, 0)}</b> findings</li>
</ul>
<p>A gate is one claim about this repository that is true or false. It <b>fails</b> when something contradicts the claim, or when it could not be checked to the end.
<b>Not run</b> is not green: nobody looked, and the reason says what was missing. All of it again: <code>npm run gates</code></p>
</header>
<main>
${overview(entries)}
${notes(record)}
${failing.length === 0 ? '' : html`<h2>What to mend</h2>${failing.map(failed)}`}
${missing.length === 0 ? '' : html`<h2>Not run</h2>${missing.map(notRun)}`}
${passing.length === 0 ? '' : html`<h2>What holds</h2>${passing.map(passed)}`}
</main>
</body>
</html>
`.text;
}

function headline({ verdicts }: RunRecord): string {
  const [failing, missing] = [countOf(verdicts, 'fail'), countOf(verdicts, 'not run')];
  if (failing > 0) return failing === 1 ? 'One claim does not hold' : `${failing} claims do not hold`;
  if (verdicts.length === 0) return 'No gate had anything to judge';
  if (missing > 0) return missing === verdicts.length ? 'Nothing was checked' : `What was checked holds; ${missing} of ${verdicts.length} not run`;
  return verdicts.length === 1 ? 'The one claim that was checked holds' : `All ${verdicts.length} claims hold`;
}

function overview(entries: readonly Entry[]): Markup {
  const longest = Math.max(1, ...entries.map(({ verdict }) => verdict.ms));
  return html`<div class="scroll"><table>
<thead><tr><th scope="col">result</th><th scope="col">claim</th><th scope="col" class="number">findings</th><th scope="col">seconds</th></tr></thead>
<tbody>${entries.map(
    ({ verdict }) => html`
<tr><td class="result ${classOf(verdict.status)}">${SIGNS[verdict.status]} ${WORDS[verdict.status]}</td><td><a href="#${verdict.gate}">${verdict.claim}</a><br><code>${verdict.gate}</code></td><td class="number">${verdict.status === 'not run' ? '' : verdict.findings.length}</td><td class="time"><progress max="${longest}" value="${verdict.ms}" aria-hidden="true"></progress>${(verdict.ms / 1000).toFixed(1)}</td></tr>`,
  )}
</tbody></table></div>`;
}

function notes({ remainder: { untouched, withoutPart } }: RunRecord): readonly Markup[] {
  return [
    ...(untouched > 0 ? [html`<p class="note">${untouched} more gates judge nothing that was changed, and were left out.</p>`] : []),
    ...withoutPart.map(({ name, part }) => html`<p class="note"><code>${name}</code> claims nothing here: there is no <code>${part}</code>.</p>`),
  ];
}

function failed(entry: Entry): Markup {
  return html`<section id="${entry.verdict.gate}" class="card fail">
${title(entry)}
${about(entry)}
${entry.files.map(fileOf)}
</section>`;
}

function notRun(entry: Entry): Markup {
  return html`<section id="${entry.verdict.gate}" class="card missing">
${title(entry)}
<p><b>Not run:</b> ${entry.verdict.reason}.</p>
${about(entry)}
</section>`;
}

function passed(entry: Entry): Markup {
  return html`<details id="${entry.verdict.gate}" class="card pass"><summary><span class="result pass">✔</span> ${entry.verdict.claim} <code>${entry.verdict.gate}</code></summary>
${about(entry)}
</details>`;
}

function title({ verdict }: Entry): Markup {
  const count = verdict.findings.length;
  return html`<h3><span class="result ${classOf(verdict.status)}">${SIGNS[verdict.status]}</span> ${verdict.claim}</h3>
<p class="kind"><code>${verdict.gate}</code>${verdict.status === 'fail' ? ` · ${count} ${count === 1 ? 'finding' : 'findings'}` : ''} · ${(verdict.ms / 1000).toFixed(1)} s</p>`;
}

function about(entry: Entry): Markup {
  const { why, remedy, link } = entry.gate;
  return html`<dl>
<dt>Why it matters</dt><dd>${why}</dd>
<dt>How to mend</dt><dd>${remedy} <a href="${link}" rel="noreferrer">Read on</a></dd>
<dt>Run it again</dt><dd><code class="command">${commandOf(entry.verdict)}</code></dd>
</dl>`;
}

function fileOf({ file, findings }: FileFindings): Markup {
  return html`<h4><code>${file}</code>${findings.length > 1 ? html` <span class="kind">${findings.length} findings</span>` : ''}</h4>
<ol class="findings">${findings.map(findingOf)}</ol>`;
}

function findingOf({ line, rule, severity, message, fix, excerpt }: QuotedFinding): Markup {
  return html`
<li><p class="message"><span class="severity ${severity}">${severity}</span> ${wordsOf(message)}</p>
${excerpt.length > 0 ? html`<pre>${excerpt.map((each) => lineOf(each, line))}</pre>` : ''}
<p class="fix"><b>What to do:</b> ${wordsOf(fix)}</p>
<p class="kind">${line === undefined ? 'the file as a whole' : `line ${line}`} · rule <code>${rule}</code></p></li>`;
}

function lineOf({ number, text }: Line, marked: number | undefined): Markup {
  const shown = html`<span class="at">${String(number).padStart(5)}</span> ${text}`;
  return number === marked ? html`<mark>${shown}</mark>\n` : html`${shown}\n`;
}

function classOf(status: Entry['verdict']['status']): string {
  return status === 'not run' ? 'missing' : status;
}

/** What stands between two backticks is code, as in Markdown; one that is left over is itself. */
function wordsOf(text: string): readonly (Markup | string)[] {
  return text.split(/(`[^`\n]+`)/).map((part, index) => (index % 2 === 1 ? html`<code>${part.slice(1, -1)}</code>` : part));
}
