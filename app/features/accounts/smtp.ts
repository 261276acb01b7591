// Hands mails to an SMTP server; in production under TLS that is verified.
import type { Transporter } from 'nodemailer';
import { AppError } from '#app/errors.ts';
import type { SendMail } from './mail.ts';

const TIMEOUT_MS = 20_000;

export function createSmtpSender({ url, from, requireTls }: { readonly url: string; readonly from: string; readonly requireTls: boolean }): SendMail {
  // Loaded with the first mail, not with the service.
  let transport: Promise<Transporter> | undefined;
  const open = async (): Promise<Transporter> => {
    const { createTransport } = await import('nodemailer');
    return createTransport({
      url,
      ...(requireTls ? { requireTLS: true } : {}),
      connectionTimeout: TIMEOUT_MS,
      greetingTimeout: TIMEOUT_MS,
      socketTimeout: TIMEOUT_MS,
      // A mail's parts are our own text alone (CWE-610).
      disableFileAccess: true,
      disableUrlAccess: true,
    });
  };
  return async ({ to, subject, text }) => {
    const opened = await (transport ??= open());
    await opened.sendMail({ from, to: { name: '', address: to }, subject, text }).catch((error: unknown) => {
      throw withoutAnswer(error);
    });
  };
}

/** Servers repeat what they were told, an address or a credential, and the error goes to the log (CWE-532). */
function withoutAnswer(error: unknown): unknown {
  if (!(error instanceof Error && 'response' in error && typeof error.response === 'string')) return error;
  const { command, responseCode } = error as Error & { readonly command?: string; readonly responseCode?: number };
  return new AppError(`The mail server answered ${responseCode ?? 'something'} to ${command ?? 'a command'}.`);
}
