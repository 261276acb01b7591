// Reads a request's body: bounded, UTF-8, JSON or a form's fields, and nothing that two readers could read differently.
import type { IncomingMessage } from 'node:http';
import { MIMEType } from 'node:util';
import { AppError, type Refusal, refuse } from '#app/errors.ts';
import { findJsonFault } from '#app/lib/json-text.ts';
import { parseFields } from '#app/http/fields.ts';

export const BODY_LIMIT_BYTES = 64 * 1024;
const MAX_DEPTH = 32;

export type BodyType = 'application/json' | 'application/x-www-form-urlencoded';

export interface Body {
  /** As it came, for the fingerprint of an idempotent request. */
  readonly bytes: Buffer;
  readonly value: unknown;
}

const NO_BODY: Body = { bytes: Buffer.alloc(0), value: undefined };

/** `undefined` as the type: the route takes no body, and any byte is refused. */
export async function readBody(request: IncomingMessage, type: BodyType | undefined, limitBytes = BODY_LIMIT_BYTES): Promise<Body | Refusal> {
  if (!hasBody(request)) return type === undefined ? NO_BODY : refuse(400, 'missing-body', `Send a body of type ${type}.`);
  if (type === undefined) return refuse(400, 'unexpected-body', 'This operation takes no body.');
  const unreadable = checkHeaders(request, type);
  if (unreadable) return unreadable;
  const bytes = await readBytes(request, limitBytes);
  if (bytes === undefined) return refuse(413, 'body-too-large', `The body must not be larger than ${limitBytes} bytes.`);
  // RFC 9110, 6.5.1: ours mean nothing, and what merges them into the headers would read another request than we did.
  if (request.rawTrailers.length > 0) return refuse(400, 'unexpected-trailers', 'Send every field before the body.');
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return refuse(400, 'malformed-body', 'The body is not UTF-8.');
  }
  const value = type === 'application/json' ? parseJson(text) : parseFields(text);
  return 'refused' in value ? value : { bytes, value: value.value };
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] !== undefined && headers['content-length'] !== '0');
}

function checkHeaders({ headers }: IncomingMessage, type: BodyType): Refusal | undefined {
  if (headers['content-encoding'] !== undefined && headers['content-encoding'] !== 'identity') {
    return refuse(415, 'unsupported-content-encoding', 'Send the body without a content coding.');
  }
  const given = parseMediaType(headers['content-type']);
  if (given?.essence !== type) return refuse(415, 'unsupported-media-type', `Send a body of type ${type}.`);
  const charset = given.params.get('charset');
  if (charset !== null && charset.toLowerCase() !== 'utf-8') return refuse(415, 'unsupported-media-type', 'Send the body in UTF-8.');
  return undefined;
}

function parseMediaType(field: string | undefined): MIMEType | undefined {
  if (field === undefined) return undefined;
  try {
    return new MIMEType(field);
  } catch {
    return undefined;
  }
}

/** `undefined` when there is more than the limit; what follows is thrown away as it comes, so that the answer arrives. */
function readBytes(request: IncomingMessage, limitBytes: number): Promise<Buffer | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > limitBytes) return Promise.resolve(undefined);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const settle = (act: () => void): void => {
      request.off('data', onData).off('end', onEnd).off('error', onError).off('close', onError);
      act();
    };
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      if (size <= limitBytes) chunks.push(chunk);
      else {
        settle(() => {
          request.on('error', () => undefined).resume();
          resolve(undefined);
        });
      }
    };
    const onEnd = (): void => {
      settle(() => {
        resolve(Buffer.concat(chunks, size));
      });
    };
    const onError = (cause?: Error): void => {
      settle(() => {
        // Nobody is left to read it; a 4xx, since nothing failed on this side.
        reject(new AppError('The client went away while it sent its body.', { status: 400, code: 'request-aborted', cause }));
      });
    };
    request.on('data', onData).once('end', onEnd).once('error', onError).once('close', onError);
  });
}

function parseJson(text: string): { readonly value: unknown } | Refusal {
  const fault = findJsonFault(text, MAX_DEPTH);
  if (fault) {
    return refuse(400, 'malformed-body', `The body is not acceptable JSON: ${fault.detail} (position ${fault.position})`);
  }
  return { value: JSON.parse(text) as unknown };
}
