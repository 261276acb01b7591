// oidc-provider, imported without its word on runtimes: it knows LTS releases by a field that distributions of Node leave empty.
// Tested by development-provider.test.ts: with the provider itself.
async function importQuietly() {
  /* eslint-disable no-console -- the library writes to the console on import and offers no other way to be quiet */
  const { warn } = console;
  console.warn = (...parts: unknown[]) => {
    if (!String(parts[0]).includes('Unsupported runtime')) warn(...parts);
  };
  try {
    return await import('oidc-provider');
  } finally {
    console.warn = warn;
  }
  /* eslint-enable no-console */
}

export const { Provider, errors, interactionPolicy } = await importQuietly();
