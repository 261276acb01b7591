// Until when the certificates hold that a peer has shown: behind a load balancer or in a private network nobody else sees them.
// Tested by ../data/server-tls.test.ts and ../identity/issuer-certificate.test.ts: by servers that speak TLS.
import { TLSSocket } from 'node:tls';
import { Gauge, type Registry } from 'prom-client';

/** Of the chain the first to end, in ms since 1970; undefined without TLS, and where an earlier session was resumed, which shows none. */
export function certificateEnd(socket: unknown): number | undefined {
  if (!(socket instanceof TLSSocket)) return undefined;
  const ends: number[] = [];
  for (let certificate = socket.getPeerX509Certificate(); certificate !== undefined; certificate = certificate.issuerCertificate) ends.push(certificate.validToDate.getTime());
  return ends.length === 0 ? undefined : Math.min(...ends);
}

/** Absent for a peer that has shown none. */
export function measureCertificates(metrics: Registry, ends: Readonly<Record<string, () => number | undefined>>): void {
  new Gauge({
    name: 'stockade_certificate_expiry_timestamp_seconds',
    help: 'When the first certificate ends of those that the peer has shown at the last connection, in seconds since 1970.',
    labelNames: ['peer'],
    registers: [metrics],
    collect() {
      for (const [peer, endMs] of Object.entries(ends)) {
        const end = endMs();
        if (end !== undefined) this.set({ peer }, end / 1_000);
      }
    },
  });
}
