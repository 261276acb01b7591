// A key provider on AWS KMS: the wrapping key never leaves its hardware, each use of it is in CloudTrail.
// Tested by key-provider-kms.test.ts, and against moto by npm run probe -- kms.
import { DecryptCommand, EncryptCommand, KMSClient } from '@aws-sdk/client-kms';
import { AppError } from '#app/errors.ts';
import { inSpan, type SpanPart } from '#app/lib/span.ts';
import { type KeyProvider, unopenable } from '#app/privacy/key-provider.ts';

export interface KmsOptions {
  /** As ARN or `alias/…`, the current one first. */
  readonly keyIds: readonly string[];
  readonly region: string;
  /** In place of AWS's own. */
  readonly endpoint?: string;
  readonly deadlineMs?: number;
}

/** Over all attempts, and finding the credentials: a request waits for it. */
const DEADLINE_MS = 4_000;
const CONNECT_TIMEOUT_MS = 1_000;
const ANSWER_TIMEOUT_MS = 1_500;
const ATTEMPTS = 3;
const RETRY_AFTER_S = 5;

/** By which KMS says that it will never open. */
const FINAL = new Set(['InvalidCiphertextException', 'IncorrectKeyException', 'NotFoundException']);

/** Credentials come by the SDK's own chain: in ECS the task's role, which renews itself. @throws TypeError without a key. */
export function createKmsKeyProvider({ keyIds, region, endpoint, deadlineMs = DEADLINE_MS }: KmsOptions): KeyProvider {
  const [current] = keyIds;
  if (current === undefined) throw new TypeError('A key provider needs a key.');
  const client = new KMSClient({
    region,
    maxAttempts: ATTEMPTS,
    requestHandler: { connectionTimeout: CONNECT_TIMEOUT_MS, requestTimeout: ANSWER_TIMEOUT_MS, throwOnRequestTimeout: true },
    ...(endpoint === undefined ? {} : { endpoint }),
  });
  return {
    keyId: current,
    async wrap(dataKey, context) {
      const { CiphertextBlob } = await within(deadlineMs, 'Encrypt', (abortSignal) => client.send(new EncryptCommand({ KeyId: current, Plaintext: dataKey, EncryptionContext: context }), { abortSignal })).catch((error: unknown) => {
        throw unavailable(error);
      });
      if (CiphertextBlob === undefined) throw unavailable();
      return withName(current, CiphertextBlob);
    },
    async unwrap(wrapped, context) {
      const { name, blob } = splitName(wrapped);
      // Else whoever can write our rows could have KMS open them with a key of his.
      if (!keyIds.includes(name) || blob.length === 0) throw unopenable();
      const { Plaintext } = await within(deadlineMs, 'Decrypt', (abortSignal) => client.send(new DecryptCommand({ KeyId: name, CiphertextBlob: blob, EncryptionContext: context }), { abortSignal })).catch((error: unknown) => {
        throw error instanceof Error && FINAL.has(error.name) ? unopenable(error) : unavailable(error);
      });
      if (Plaintext === undefined) throw unavailable();
      return Buffer.from(Plaintext);
    },
  };
}

/** KMS's own blob names its key too, but not so that we could read it. */
function withName(name: string, blob: Uint8Array): Buffer {
  const bytes = Buffer.from(name);
  return Buffer.concat([Buffer.from([bytes.length]), bytes, blob]);
}

function splitName(wrapped: Uint8Array): { readonly name: string; readonly blob: Uint8Array } {
  const bytes = Buffer.from(wrapped);
  const start = 1 + (bytes[0] ?? 0);
  return { name: bytes.subarray(1, start).toString(), blob: bytes.subarray(start) };
}

function unavailable(cause?: unknown): AppError {
  return new AppError('The key provider does not answer. Try again.', { status: 503, code: 'key-provider-unavailable', expose: true, headers: { 'Retry-After': String(RETRY_AFTER_S) }, cause });
}

/** The signal alone would not do: the SDK does not heed it while it looks for credentials. */
async function within<T>(deadlineMs: number, operation: 'Encrypt' | 'Decrypt', ask: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    reject(new Error(`no answer within ${deadlineMs} ms`));
    controller.abort();
  }, deadlineMs);
  try {
    return await inSpan(() => calling(operation), () => Promise.race([ask(controller.signal), promise]));
  } finally {
    clearTimeout(timer);
  }
}

/** https://opentelemetry.io/docs/specs/semconv/cloud-providers/aws-sdk/ */
function calling(operation: string): SpanPart {
  return { name: `KMS/${operation}`, kind: 'client', attributes: { 'rpc.system.name': 'aws-api', 'rpc.method': `KMS/${operation}` } };
}
