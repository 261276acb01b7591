// Moving stock without leaving the page; without this script the form posts by itself.
// Tested by ../board.browser.test.ts: in a browser.

/** Takes over every move form below `root`, those that come later included. */
export function takeOverForms(root: HTMLElement): void {
  root.addEventListener('submit', (event) => {
    if (!(event.target instanceof HTMLFormElement) || !event.target.matches('form.move')) return;
    event.preventDefault();
    void send(event.target);
  });
}

async function send(form: HTMLFormElement): Promise<void> {
  const button = form.querySelector('button');
  const fields = new FormData(form);
  const text = (name: string) => {
    const value = fields.get(name);
    return typeof value === 'string' ? value.trim() : '';
  };
  if (button !== null) button.disabled = true;
  say(form, 'Moving…', 'busy');
  try {
    const response = await fetch(`/api/v1/items/${encodeURIComponent(form.dataset['sku'] ?? '')}/movements`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json, application/problem+json', 'idempotency-key': text('idempotencyKey') },
      body: JSON.stringify({ delta: Number(text('delta')), reason: text('reason'), ...(text('note') === '' ? {} : { note: text('note') }) }),
    });
    if (response.status === 401) {
      // The page itself leads to the way in, and back.
      location.reload();
      return;
    }
    if (response.status < 500) renewKey(form);
    if (response.ok) {
      form.reset();
      say(form, 'Moved.', 'done');
    } else {
      say(form, await readDetail(response), 'failed');
    }
  } catch {
    // The same key goes out again, so what did arrive is not done twice.
    say(form, 'No answer: check the connection and send it again.', 'failed');
  } finally {
    if (button !== null) button.disabled = false;
  }
}

async function readDetail(response: Response): Promise<string> {
  const problem: unknown = await response.json().catch(() => undefined);
  const { detail, errors } = (problem ?? {}) as { readonly detail?: string; readonly errors?: readonly { readonly detail: string }[] };
  return [detail ?? `The service answered ${response.status}.`, ...(errors ?? []).map((error) => error.detail)].join(' ');
}

/** The key is done with once there was an answer. `reset()` would bring back a hidden field's first value: set both. */
function renewKey(form: HTMLFormElement): void {
  const key = form.elements.namedItem('idempotencyKey');
  if (key instanceof HTMLInputElement) key.value = key.defaultValue = crypto.randomUUID();
}

function say(form: HTMLFormElement, text: string, state: 'busy' | 'done' | 'failed'): void {
  const message = form.querySelector<HTMLElement>('.form-message');
  if (message === null) return;
  message.dataset['state'] = state;
  message.textContent = text;
}
