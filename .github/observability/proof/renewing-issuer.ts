// An identity provider whose certificate is renewed while it runs: TLS ends before it, at a door that shows whichever certificate it has.
// Tested by prove-observability.ts: the service of its stack asks it for keys, and sees it renewed.
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import tls, { type TLSSocket } from 'node:tls';
import { type Certificate, makeCertificate } from '#app/testing/certificate.ts';
import { type Issuer, startIssuer } from '#app/testing/issuer.ts';
import { freePorts } from '#app/testing/ports.ts';

export interface RenewingIssuer extends Pick<Issuer, 'origin' | 'accessToken'> {
  /** For NODE_EXTRA_CA_CERTS: each that it may show. */
  readonly authorities: string;
  /** The next connection meets a certificate that ends tomorrow, or in three months; those that stand are cut. */
  show(which: 'expiring' | 'renewed'): void;
  close(): void;
}

export async function startRenewingIssuer(directory: string): Promise<RenewingIssuer> {
  const make = async (name: string, days: number): Promise<Certificate> => {
    await mkdir(path.join(directory, name), { recursive: true });
    return makeCertificate(path.join(directory, name), ['IP:127.0.0.1'], days);
  };
  const certificates = { expiring: await make('expiring', 1), renewed: await make('renewed', 90) };
  const authorities = path.join(directory, 'authorities.pem');
  await writeFile(authorities, Object.values(certificates).map(({ cert }) => cert.toString()).join('\n'));

  const [doorPort = 0, issuerPort = 0] = await freePorts(2);
  const origin = `https://127.0.0.1:${doorPort}`;
  const issuer = await startIssuer(certificates.renewed, undefined, undefined, { issuer: origin, host: '127.0.0.1', port: issuerPort });
  const sockets = new Set<TLSSocket>();
  const door = tls.createServer(certificates.renewed, (client) => {
    sockets.add(client);
    const behind = tls.connect({ host: '127.0.0.1', port: issuerPort, ca: certificates.renewed.cert });
    client.pipe(behind).pipe(client);
    client.on('error', () => undefined).once('close', () => {
      sockets.delete(client);
      behind.destroy();
    });
    behind.on('error', () => undefined).once('close', () => client.destroy());
  });
  await once(door.listen(doorPort, '127.0.0.1'), 'listening');
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    origin,
    authorities,
    accessToken: (of, audience, signedInAt) => issuer.accessToken(of, audience, signedInAt),
    show(which) {
      door.setSecureContext(certificates[which]);
      cut();
    },
    close() {
      door.close();
      cut();
      issuer.close();
    },
  };
}
