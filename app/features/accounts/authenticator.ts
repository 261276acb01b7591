// One-time passwords of an authenticator app (RFC 6238): six digits, thirty seconds, each once.
import { Secret, TOTP } from 'otpauth';
import { encode } from 'uqr';
import { html, type Html } from '#app/lib/html.ts';

const PERIOD_S = 30;
const DIGITS = 6;
/** 160 bits (RFC 4226, 4). */
const SECRET_BYTES = 20;
/** A code of the step before or after is taken too: clocks differ, and people are slow (RFC 6238, 5.2). */
const STEPS_OFF = 1;
export const CODE_FORM = /^\d{6}$/;

/** Base32, as authenticators want it. */
export function createSecret(): string {
  return new Secret({ size: SECRET_BYTES }).base32;
}

/** The time step whose code it is, or undefined. */
export function findStep(secret: string, code: string, now: Date): number | undefined {
  if (!CODE_FORM.test(code)) return undefined;
  const off = toTotp(secret).validate({ token: code, timestamp: now.getTime(), window: STEPS_OFF });
  return off === null ? undefined : Math.floor(now.getTime() / 1_000 / PERIOD_S) + off;
}

export function codeAt(secret: string, now: Date): string {
  return toTotp(secret).generate({ timestamp: now.getTime() });
}

/** Of the otpauth address, which an authenticator reads. */
export function renderQrCode(secret: string, { email, issuer }: { readonly email: string; readonly issuer: string }): Html {
  const { data, size } = encode(toTotp(secret, { label: email, issuer }).toString(), { border: 4 });
  const path = data.flatMap((row, y) => row.flatMap((dark, x) => (dark ? [`M${x} ${y}h1v1h-1z`] : []))).join('');
  return html`<svg class="qr" viewBox="0 0 ${size} ${size}" role="img" aria-label="QR code of the key below"><path d="${path}"/></svg>`;
}

function toTotp(secret: string, named: { readonly label?: string; readonly issuer?: string } = {}): TOTP {
  return new TOTP({ ...named, secret: Secret.fromBase32(secret), algorithm: 'SHA1', digits: DIGITS, period: PERIOD_S });
}
