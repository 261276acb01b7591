// The two ways a request can go wrong: a Refusal is an expected outcome and a value; an AppError is thrown.

/** What a client is told about one part of its input (RFC 9457 extension member `errors`). */
export interface FieldError {
  /** JSON Pointer into the body (`#/delta`), or the name of a parameter or header. */
  readonly pointer?: string;
  readonly parameter?: string;
  readonly header?: string;
  readonly detail: string;
}

/** An expected refusal, returned and never thrown; becomes an RFC 9457 problem. */
export interface Refusal {
  readonly refused: true;
  /** HTTP status, 400 to 499. */
  readonly status: number;
  /** Stable kebab-case code; the problem's `type` is `/problems/<code>`. */
  readonly code: string;
  readonly detail: string;
  readonly errors?: readonly FieldError[];
}

export function refuse(status: number, code: string, detail: string, errors?: readonly FieldError[]): Refusal {
  return { refused: true, status, code, detail, ...(errors ? { errors } : {}) };
}

export function isRefusal(value: unknown): value is Refusal {
  return typeof value === 'object' && value !== null && 'refused' in value && value.refused === true;
}

export interface AppErrorOptions {
  readonly status?: number;
  readonly code?: string;
  /** Whether the message may be shown to the client. Unknown errors leak nothing (CWE-209). */
  readonly expose?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
  readonly errors?: readonly FieldError[];
  readonly cause?: unknown;
}

/** A failure that ends the request: thrown by middleware and by parts that can't go on. */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly status: number;
  readonly code: string;
  readonly expose: boolean;
  readonly headers: Readonly<Record<string, string>>;
  readonly errors: readonly FieldError[];

  constructor(message: string, options: AppErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.status = options.status ?? 500;
    this.code = options.code ?? 'internal-error';
    this.expose = options.expose ?? this.status < 500;
    this.headers = options.headers ?? {};
    this.errors = options.errors ?? [];
  }
}
