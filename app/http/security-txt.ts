// /.well-known/security.txt: where to report a vulnerability (RFC 9116).
import { refuse } from '#app/errors.ts';
import type { HttpMiddleware } from '#app/http/context.ts';
import { asError } from '#app/http/problem.ts';

export const SECURITY_TXT_PATH = '/.well-known/security.txt';
const DAY_MS = 24 * 60 * 60_000;
/** The file should be looked at within a year (2.5.5). It is made anew with each day, so that it holds for as long as somebody runs the service. */
const VALID_DAYS = 180;

export interface SecurityTxt {
  /** A mailto:, https: or tel: URI. */
  readonly contact: string;
  readonly publicUrl: string;
  readonly now: Date;
}

export function writeSecurityTxt({ contact, publicUrl, now }: SecurityTxt): string {
  const today = Math.floor(now.getTime() / DAY_MS) * DAY_MS;
  const lines = [`Contact: ${contact}`, `Expires: ${new Date(today + VALID_DAYS * DAY_MS).toISOString()}`, 'Preferred-Languages: en', `Canonical: ${publicUrl}${SECURITY_TXT_PATH}`];
  return lines.map((line) => `${line}\n`).join('');
}

/** Without a contact there is none: the address of someone who does not answer is worse. */
export function serveSecurityTxt({ contact, publicUrl, clock }: { readonly contact: string | undefined; readonly publicUrl: string; readonly clock: () => Date }): HttpMiddleware {
  return (ctx) => {
    if (contact === undefined) throw asError(refuse(404, 'no-security-contact', 'This service names no security contact: whoever runs it sets SECURITY_CONTACT.'));
    ctx.status = 200;
    ctx.set({ 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'public, max-age=86400' });
    ctx.body = writeSecurityTxt({ contact, publicUrl, now: clock() });
  };
}
