// The development provider's style sheet: light and dark, contrast of at least 4.5 to 1, targets of at least 44 px.
export const PROVIDER_STYLE = `
:root {
  color-scheme: light dark;
  --ground: #f3f5f7; --card: #ffffff; --text: #16202b; --quiet: #4a5865; --line: #76838f;
  --accent: #0b5cad; --on-accent: #ffffff; --hover: #e6f0fa; --notice: #fff3cf; --on-notice: #4a3500;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #10161c; --card: #1a232c; --text: #eef2f5; --quiet: #b4c0cb; --line: #7d8b98;
    --accent: #7cbcff; --on-accent: #08213a; --hover: #24323f; --notice: #3b2f0a; --on-notice: #ffe7a3;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text); font: 1rem/1.5 system-ui, sans-serif; }
.notice { margin: 0; padding: .75rem 1rem; background: var(--notice); color: var(--on-notice); text-align: center; }
main { max-width: 44rem; margin: 2rem auto; padding: clamp(1rem, 4vw, 2.5rem); background: var(--card); border-radius: 1rem; }
h1 { margin: 0 0 .5rem; font-size: 1.75rem; line-height: 1.2; text-wrap: balance; }
p { margin: 0 0 1rem; }
code { overflow-wrap: anywhere; }
fieldset { margin: 1.5rem 0 0; padding: 0; border: 0; min-width: 0; }
legend { padding: 0; margin-bottom: .5rem; font-weight: 600; }
.people { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(15rem, 100%), 1fr)); gap: .75rem; }
.choices { display: flex; flex-wrap: wrap; gap: .75rem; }
button {
  min-height: 2.75rem; padding: .6rem 1rem; border: 1px solid var(--line); border-radius: .6rem;
  background: var(--card); color: var(--text); font: inherit; cursor: pointer;
}
button:hover { background: var(--hover); border-color: var(--accent); }
button:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.primary, .primary:hover { background: var(--accent); border-color: var(--accent); color: var(--on-accent); font-weight: 600; }
.primary:hover { text-decoration: underline; }
.person { display: flex; flex-direction: column; align-items: flex-start; text-align: start; }
.name { font-weight: 600; }
.role { color: var(--quiet); }
@media (forced-colors: active) { main { border: 1px solid; } }
`;
