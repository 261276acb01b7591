// The pieces that the feature's pages are made of.
// Tested by sign-in.test.ts and accounts.browser.test.ts: on every page.
import { html, type Html } from '#app/lib/html.ts';
import { LONGEST, SHORTEST_ALONE, SHORTEST_WITH_SECOND_FACTOR, type PasswordProblem } from './password-policy.ts';

export interface Hidden {
  readonly [name: string]: string | undefined;
}

export function renderHidden(fields: Hidden): Html {
  return html`${Object.entries(fields).map(([name, value]) => value !== undefined && html`<input type="hidden" name="${name}" value="${value}">`)}`;
}

export function renderProblem(text: string | undefined): Html {
  return html`${text !== undefined && html`<p class="notice notice-error" role="alert" id="problem">${text}</p>`}`;
}

export function renderDone(text: string | undefined): Html {
  return html`${text !== undefined && html`<p class="notice notice-success" role="status">${text}</p>`}`;
}

/** A form that a passkey fills: the script asks the browser, and sends its answer. */
export function renderPasskeyForm({ action, kind, options, hidden, button, text }: { readonly action: string; readonly kind: 'create' | 'get'; readonly options: object; readonly hidden: Hidden; readonly button: string; readonly text: string }): Html {
  return html`<form class="stack" method="post" action="${action}" data-passkey="${kind}" data-options="${JSON.stringify(options)}">
<p>${text}</p>${renderHidden(hidden)}<input type="hidden" name="answer" value="">
<p class="notice notice-error" role="alert" hidden></p>
<button class="button" type="submit">${button}</button>
<noscript><p>Passkeys need JavaScript.</p></noscript>
</form>`;
}

export function explainPassword(problem: PasswordProblem, secondFactor: boolean): string {
  switch (problem) {
    case 'too-short':
      return `That is too short: take at least ${secondFactor ? SHORTEST_WITH_SECOND_FACTOR : SHORTEST_ALONE} characters.`;
    case 'too-long':
      return `That is too long: take at most ${LONGEST} characters.`;
    case 'too-common':
      return 'Many people have that password, so it is guessed first. Take another one.';
    case 'breached':
      return 'That password was in a breach of some other service, so it is guessed first. Take another one.';
    case 'too-personal':
      return 'There is too little in it but your name, your address or ours. Take another one.';
  }
}

export function renderNewPassword({ secondFactor, invalid }: { readonly secondFactor: boolean; readonly invalid: boolean }): Html {
  return html`<p><label for="password">New password</label>
<input id="password" name="password" type="password" autocomplete="new-password" required minlength="${secondFactor ? SHORTEST_WITH_SECOND_FACTOR : SHORTEST_ALONE}" aria-describedby="password-hint${invalid && ' problem'}"${invalid && html` aria-invalid="true"`}></p>
<p class="hint" id="password-hint">${secondFactor ? SHORTEST_WITH_SECOND_FACTOR : SHORTEST_ALONE} to ${LONGEST} characters, of any kind. A few words that belong to nobody else make a good one.</p>`;
}
