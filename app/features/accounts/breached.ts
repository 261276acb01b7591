// Whether a password is one of a breach that became known: asks a service like Have I Been Pwned's, which is told five of forty digits.
import { createHash } from 'node:crypto';
import type { Logger } from 'pino';
import { Counter, type Registry } from 'prom-client';
import { traceOutgoing } from '#app/lib/outgoing.ts';
import { normalisePassword } from './passwords.ts';

export type IsBreached = (password: string) => Promise<boolean>;

/** A person waits for it, with a transaction open. */
const TIMEOUT_MS = 2_000;
/** Of the digest: behind each stand some thousand others (k-anonymity), so that nobody learns which was asked for. */
const TOLD_DIGITS = 5;

/**
 * Without an address nothing is breached. Where the service does not answer, neither, and log and metrics say so: it must not be
 * what keeps people from changing a password. https://haveibeenpwned.com/API/v3#PwnedPasswords
 */
export function createBreachCheck({ url, log, metrics }: { readonly url: string | undefined; readonly log: Logger; readonly metrics: Registry }): IsBreached {
  if (url === undefined) return () => Promise.resolve(false);
  const outcomes = new Counter({ name: 'stockade_accounts_breach_checks_total', help: 'New passwords that were looked up among breached ones, by outcome.', labelNames: ['outcome'], registers: [metrics] });
  for (const outcome of ['clear', 'breached', 'unknown']) outcomes.inc({ outcome }, 0);
  return async (password) => {
    // SHA-1 is what the service keeps them by; nothing depends on its strength.
    const digest = createHash('sha1').update(normalisePassword(password)).digest('hex').toUpperCase();
    const [told, kept] = [digest.slice(0, TOLD_DIGITS), digest.slice(TOLD_DIGITS)];
    try {
      const breached = (await ask(url + told)).some((line) => line.startsWith(`${kept}:`) && line !== `${kept}:0`);
      outcomes.inc({ outcome: breached ? 'breached' : 'clear' });
      return breached;
    } catch (error) {
      outcomes.inc({ outcome: 'unknown' });
      log.warn({ err: error }, 'a new password could not be looked up among breached ones');
      return false;
    }
  };
}

/** With padding, so that not even the length of the answer tells which was asked for; its lines count 0. */
async function ask(address: string): Promise<readonly string[]> {
  const response = await traceOutgoing({ name: 'breached passwords', told: false }, new URL(address), { headers: { 'add-padding': 'true', 'user-agent': 'stockade' }, redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS) }, (init) => fetch(address, init));
  if (!response.ok) throw new Error(`it answered ${response.status}`);
  return (await response.text()).split(/\r?\n/);
}
