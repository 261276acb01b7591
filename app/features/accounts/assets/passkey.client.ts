// Asks the browser for a passkey, and sends its answer with the form.
// Tested by ../accounts.browser.test.ts: in a browser.
const form = document.querySelector<HTMLFormElement>('form[data-passkey]');
if (form !== null) {
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void answer(form);
  });
}

async function answer(form: HTMLFormElement): Promise<void> {
  const [button, field, problem] = [form.querySelector('button'), form.querySelector<HTMLInputElement>('input[name=answer]'), form.querySelector<HTMLElement>('[role=alert]')];
  if (button === null || field === null || problem === null) return;
  button.disabled = true;
  problem.hidden = true;
  try {
    const credential = await ask(form);
    field.value = JSON.stringify(credential.toJSON());
    form.submit();
  } catch (error) {
    problem.textContent = explain(error);
    problem.hidden = false;
    button.disabled = false;
  }
}

async function ask(form: HTMLFormElement): Promise<PublicKeyCredential> {
  const { passkey, options = '' } = form.dataset;
  const credential =
    passkey === 'create'
      ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(JSON.parse(options) as PublicKeyCredentialCreationOptionsJSON) })
      : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(JSON.parse(options) as PublicKeyCredentialRequestOptionsJSON) });
  if (!(credential instanceof PublicKeyCredential)) throw new Error('The browser gave no passkey.');
  return credential;
}

function explain(error: unknown): string {
  const name = error instanceof Error ? error.name : '';
  if (name === 'InvalidStateError') return 'This device has a passkey for your account already.';
  if (name === 'NotAllowedError') return 'That was cancelled, took too long, or there is no passkey for this site here. Try again.';
  return 'This browser could not use a passkey here.';
}
