// The look of the report's page. Colours are dark enough on light, and light enough on dark, for 4.5:1 (WCAG 2.2, 1.4.3).

export const STYLE = `
:root { color-scheme: light dark; --page: #fbfbfa; --card: #fff; --text: #1c1e21; --dim: #5c6168; --edge: #dcdee2; --code: #f1f2f4; --fail: #b3121d; --missing: #7a5200; --pass: #176b35; --mark: #ffe9b8; --link: #0b57b8; }
@media (prefers-color-scheme: dark) { :root { --page: #14161a; --card: #1c1f24; --text: #e6e8ea; --dim: #a0a7b0; --edge: #363b43; --code: #262a31; --fail: #ff8a8a; --missing: #e8b75a; --pass: #74d093; --mark: #4c3a10; --link: #8ab8ff; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1rem 4rem; max-width: 62rem; background: var(--page); color: var(--text); font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { margin: 0 0 1rem; font-size: 2rem; line-height: 1.2; }
h2 { margin: 2.5rem 0 1rem; font-size: 1.3rem; }
h3 { margin: 0; font-size: 1.1rem; }
h4 { margin: 1.5rem 0 .5rem; font-size: 1rem; }
p { margin: .5rem 0; }
a { color: var(--link); }
code, pre { font: .875em/1.5 ui-monospace, monospace; }
.kind, .note, td code { color: var(--dim); font-size: .9rem; }
.kind { margin: .15rem 0; }
h1.fail, .result.fail, .counts .fail b { color: var(--fail); }
h1.missing, .result.missing, .counts .missing b { color: var(--missing); }
h1.pass, .result.pass, .counts .pass b { color: var(--pass); }
.result { white-space: nowrap; font-weight: 600; }
.counts { display: flex; flex-wrap: wrap; gap: .5rem; padding: 0; margin: 0 0 1rem; list-style: none; }
.counts li { padding: .3rem .8rem; border: 1px solid var(--edge); border-radius: 2rem; background: var(--card); }
.scroll { overflow-x: auto; border: 1px solid var(--edge); border-radius: .6rem; background: var(--card); margin-top: 1.5rem; }
table { border-collapse: collapse; width: 100%; }
th, td { padding: .5rem .75rem; text-align: left; vertical-align: top; }
th { font-size: .85rem; font-weight: 600; color: var(--dim); white-space: nowrap; }
h4 .kind { font-weight: 400; }
tbody tr { border-top: 1px solid var(--edge); }
.number { text-align: right; }
.time { white-space: nowrap; font-variant-numeric: tabular-nums; }
.time progress { width: 4rem; height: .6em; margin-right: .5em; border: 0; border-radius: .2em; appearance: none; background: var(--code); overflow: hidden; }
.time progress::-webkit-progress-bar { background: var(--code); }
.time progress::-webkit-progress-value { background: var(--dim); }
.time progress::-moz-progress-bar { background: var(--dim); }
.card { margin: 1rem 0; padding: 1rem 1.25rem; border: 1px solid var(--edge); border-left: .3rem solid var(--edge); border-radius: .6rem; background: var(--card); }
.card.fail { border-left-color: var(--fail); }
.card.missing { border-left-color: var(--missing); }
details.card { margin: .5rem 0; padding: .6rem 1rem; border-left-color: var(--pass); }
summary { cursor: pointer; }
summary code { color: var(--dim); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .3rem 1rem; margin: .75rem 0 0; }
dt { color: var(--dim); }
dd { margin: 0; }
.command { padding: .15rem .4rem; border-radius: .3rem; background: var(--code); }
.findings { margin: 0; padding: 0; list-style: none; }
.findings > li { padding: .75rem 0; border-top: 1px solid var(--edge); }
.severity { padding: .05rem .5rem; border: 1px solid currentColor; border-radius: 2rem; font-size: .8rem; color: var(--dim); }
.severity.error { color: var(--fail); }
.severity.warning { color: var(--missing); }
pre { margin: .5rem 0; padding: .5rem 0; border-radius: .4rem; background: var(--code); overflow-x: auto; overflow-wrap: normal; }
pre mark { display: inline-block; min-width: 100%; background: var(--mark); color: inherit; }
.at { color: var(--dim); user-select: none; }
@media (max-width: 40rem) { body { padding: 1rem .75rem 3rem; } h1 { font-size: 1.5rem; } dl { grid-template-columns: 1fr; } dd { margin-bottom: .4rem; } th, td { padding: .4rem .5rem; } th:last-child, td:last-child { display: none; } .card { padding: .75rem .9rem; } }
@media print { :root { color-scheme: light; --page: #fff; --card: #fff; --text: #000; --dim: #444; --edge: #bbb; --code: #f4f4f4; --fail: #b3121d; --missing: #7a5200; --pass: #176b35; --mark: #ffe9b8; --link: #000; } body { max-width: none; padding: 0; } details::details-content { content-visibility: visible; display: block; } pre { white-space: pre-wrap; } .findings > li, h4 { break-inside: avoid; } h4 { break-after: avoid; } a[href^="http"]::after { content: " (" attr(href) ")"; } }
`;
