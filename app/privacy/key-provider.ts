// Envelope encryption: keys of the service's own (data keys) are wrapped by a key that stays with its provider.
import { hkdfSync } from 'node:crypto';
import type { Logger } from 'pino';
import { AppError } from '#app/errors.ts';
import { type Key, open, seal } from '#app/lib/keys.ts';

export type Context = Readonly<Record<string, string>>;

/** Wraps the service's own data keys (envelope encryption): what it wraps with never leaves it. */
export interface KeyProvider {
  /** Under which key `wrap` wraps now; kept beside the wrapped key. */
  readonly keyId: string;
  /** `context` is authenticated with it (AES-GCM's additional data; KMS's encryption context): another context can't be opened. It is no secret: KMS logs it. */
  wrap(dataKey: Uint8Array, context: Context): Promise<Buffer>;
  /** @throws AppError for what was changed, belongs elsewhere or was wrapped with a key that is gone. Unavailable provider: AppError 503 in bounded time. */
  unwrap(wrapped: Uint8Array, context: Context): Promise<Buffer>;
}

export type KeyProviderConfig =
  /** The current key first. Where they come from a file: those that it has now. */
  | { readonly kind: 'local'; readonly keys: readonly Key[]; readonly currentKeys?: (onProblem: (problem: string) => void) => readonly Key[] }
  /** Of AWS KMS; the current one first, each as ARN or `alias/…`. */
  | { readonly kind: 'kms'; readonly keyIds: readonly string[]; readonly region: string };

/** A service that does without AWS loads nothing of it. */
export async function createKeyProvider(config: KeyProviderConfig, { log }: { readonly log?: Pick<Logger, 'warn'> } = {}): Promise<KeyProvider> {
  if (config.kind === 'local') {
    const { keys, currentKeys = () => keys } = config;
    return createLocalKeyProvider(() => currentKeys((problem) => { log?.warn({ problem }, 'the file of a secret is of no use: its last good value stays in force'); }));
  }
  const { createKmsKeyProvider } = await import('#app/privacy/key-provider-kms.ts');
  return createKmsKeyProvider(config);
}

/** With keys that the environment gives, the current one first; a function is asked for them at each use. @throws TypeError without a key. */
export function createLocalKeyProvider(given: readonly Key[] | (() => readonly Key[])): KeyProvider {
  const keysNow = typeof given === 'function' ? given : () => given;
  let [of, derived] = [keysNow(), derive(keysNow())];
  const keys = () => {
    const now = keysNow();
    if (now !== of) [of, derived] = [now, derive(now)];
    return derived;
  };
  return {
    get keyId() { return keys()[0].id; },
    wrap: (dataKey, context) => Promise.resolve(seal(keys()[0], dataKey, canonical(context))),
    unwrap(wrapped, context) {
      const dataKey = open((name) => keys().find(({ id }) => id === name)?.secret, wrapped, canonical(context));
      return dataKey === undefined ? Promise.reject(unopenable()) : Promise.resolve(dataKey);
    },
  };
}

/** RFC 5869: the same key given for two things is still two keys. @throws TypeError without a key. */
function derive(keys: readonly Key[]): readonly [Key, ...Key[]] {
  const [current, ...others] = keys.map(({ id, secret }): Key => ({ id, secret: Buffer.from(hkdfSync('sha256', secret, '', 'stockade privacy wrap', 32)) }));
  if (current === undefined) throw new TypeError('A key provider needs a key.');
  return [current, ...others];
}

export function unopenable(cause?: unknown): AppError {
  return new AppError('A wrapped data key can\'t be opened: it was changed, belongs elsewhere, or its key is gone.', { code: 'data-key-unopenable', cause });
}

/** Equal for equal contexts, whatever the order they were written in. */
function canonical(context: Context): string {
  return JSON.stringify(Object.entries(context).toSorted(([one], [other]) => (one < other ? -1 : 1)));
}
