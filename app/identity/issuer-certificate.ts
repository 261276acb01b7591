// Until when the identity provider's certificate holds, read off the connections that are made to it anyway.
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { certificateEnd } from '#app/lib/certificate-end.ts';

export interface IssuerCertificate {
  /** In ms since 1970; undefined before the first connection, and without TLS. */
  readonly endMs: () => number | undefined;
  readonly stop: () => void;
}

/** Of Node's own fetch: https://undici.nodejs.org/#/docs/api/DiagnosticsChannel */
const CONNECTED = 'undici:client:connected';

/** With a certificate that was renewed, the next connection shows the new one. */
export function watchIssuerCertificate(issuer: string): IssuerCertificate {
  const { host } = new URL(issuer);
  let endMs: number | undefined;
  const onConnected = (message: unknown): void => {
    const { connectParams, socket } = message as { readonly connectParams: { readonly host: string }; readonly socket: unknown };
    if (connectParams.host === host) endMs = certificateEnd(socket) ?? endMs;
  };
  subscribe(CONNECTED, onConnected);
  return {
    endMs: () => endMs,
    stop: () => unsubscribe(CONNECTED, onConnected),
  };
}
