// The feature's settings, all that begin with ACCOUNTS_. Without keys production has no local accounts.
import { createHash } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { z } from 'zod';
import { AppError } from '#app/errors.ts';
import { type Key, parseKeys } from '#app/lib/keys.ts';

export interface AccountSettings {
  /** The current one first. */
  readonly keys: readonly Key[];
  readonly argon2: { readonly memoryKib: number; readonly passes: number };
  readonly hashesAtOnce: number;
  /** Undefined: mails are shown at the development mailbox. */
  readonly smtpUrl: string | undefined;
  readonly mailFrom: string;
  /** Up to where the first digits of a digest follow. Undefined: new passwords are held against the list of common ones alone. */
  readonly breachedPasswordsUrl: string | undefined;
}

function integer(least: number, most: number) {
  const message = `must be a whole number from ${least} to ${most}`;
  return z
    .string()
    .regex(/^\d{1,9}$/, message)
    .transform(Number)
    .refine((value) => value >= least && value <= most, message);
}

const schema = z.strictObject({
  ACCOUNTS_KEYS: z
    .string()
    .transform((text) => parseKeys(text))
    .refine((keys) => keys !== undefined, 'must be "<id>:<32 random bytes as base64url>", parted by commas, the current one first')
    .optional(),
  // OWASP Password Storage Cheat Sheet: argon2id with 19 MiB and two passes, or 46 MiB and one; nothing below.
  ACCOUNTS_ARGON2_MEMORY_KIB: integer(19_456, 1_048_576).default(19_456),
  ACCOUNTS_ARGON2_PASSES: integer(1, 20).default(2),
  // The event loop keeps a core for itself.
  ACCOUNTS_HASHES_AT_ONCE: integer(1, 64).default(Math.max(1, Math.min(3, availableParallelism() - 1))),
  // Nothing after the host: nodemailer takes options from there, even such as turn TLS off.
  ACCOUNTS_SMTP_URL: z.string().refine((text) => /^smtps?:\/\/[^\s?#]+$/.test(text) && URL.canParse(text) && new URL(text).hostname !== '', 'must be a URL that starts with smtp:// or smtps://, without a query').optional(),
  // Five digits of each new password's digest go there.
  ACCOUNTS_BREACHED_PASSWORDS_URL: z.union([z.literal('off'), z.string().refine((text) => URL.canParse(text) && isOwnOrEncrypted(new URL(text)) && text.endsWith('/'), 'must be an https:// URL that ends with a slash, or "off"')]).optional(),
  ACCOUNTS_MAIL_FROM: z.string().min(3).max(254).regex(/@/, 'must be an address').optional(),
});

const BREACHED_PASSWORDS_URL = 'https://api.pwnedpasswords.com/range/';

function isOwnOrEncrypted({ protocol, hostname }: URL): boolean {
  return protocol === 'https:' || (protocol === 'http:' && hostname === '127.0.0.1');
}

/** What must never guard anything: it is in the repository for all to read. */
const DEVELOPMENT_KEYS: readonly Key[] = [{ id: 'development', secret: createHash('sha256').update('local accounts in development').digest() }];

/** Undefined where accounts are off. @throws AppError that lists every problem, and no value. */
export function parseAccountSettings(given: Readonly<Record<string, string>>, production: boolean): AccountSettings | undefined {
  const present = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== ''));
  if (production && Object.keys(present).length === 0) return undefined;
  const parsed = schema.safeParse(present);
  const problems = (parsed.error?.issues ?? []).map((issue) => (issue.code === 'unrecognized_keys' ? `${issue.keys.join(', ')} is no setting` : `${issue.path.join('.')} ${issue.message}`));
  if (production) {
    for (const name of ['ACCOUNTS_KEYS', 'ACCOUNTS_SMTP_URL', 'ACCOUNTS_MAIL_FROM']) if (present[name] === undefined) problems.push(`${name} is required in production where there are local accounts: set it, or no setting that begins with ACCOUNTS_`);
  }
  if (parsed.success && parsed.data.ACCOUNTS_ARGON2_PASSES === 1 && parsed.data.ACCOUNTS_ARGON2_MEMORY_KIB < 47_104) problems.push('ACCOUNTS_ARGON2_PASSES may be 1 from ACCOUNTS_ARGON2_MEMORY_KIB=47104 on');
  if (!parsed.success || problems.length > 0) throw new AppError(`The settings of local accounts have problems: ${problems.join('; ')}`);
  const { data } = parsed;
  return {
    keys: data.ACCOUNTS_KEYS ?? DEVELOPMENT_KEYS,
    argon2: { memoryKib: data.ACCOUNTS_ARGON2_MEMORY_KIB, passes: data.ACCOUNTS_ARGON2_PASSES },
    hashesAtOnce: data.ACCOUNTS_HASHES_AT_ONCE,
    smtpUrl: data.ACCOUNTS_SMTP_URL,
    breachedPasswordsUrl: findBreachedPasswordsUrl(data.ACCOUNTS_BREACHED_PASSWORDS_URL, production),
    mailFrom: data.ACCOUNTS_MAIL_FROM ?? 'Stockade <no-reply@stockade.test>',
  };
}

/** Development asks nobody unless it is told to, so that it needs no network. */
function findBreachedPasswordsUrl(given: string | undefined, production: boolean): string | undefined {
  if (given === 'off') return undefined;
  return given ?? (production ? BREACHED_PASSWORDS_URL : undefined);
}
