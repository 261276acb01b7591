// An issuer that production trusts, and tokens of as many clerks as the limits of one ask for.
// Tested by bench.proof.ts: the service refuses whom it does not know.
import { makeCertificate } from '#app/testing/certificate.ts';
import { startIssuer as startTestIssuer } from '#app/testing/issuer.ts';
import { TENANT } from './bench-database.ts';

export interface Issuer {
  readonly origin: string;
  readonly audience: string;
  /** PEM, for who can't ask. */
  readonly publicKey: string;
  /** For NODE_EXTRA_CA_CERTS. */
  readonly certificateFile: string;
  /** Access tokens of so many clerks. */
  tokens(count: number): Promise<readonly string[]>;
  close(): void;
}

const AUDIENCE = 'https://bench.invalid/api';

export async function startIssuer(directory: string): Promise<Issuer> {
  const certificate = await makeCertificate(directory);
  const issuer = await startTestIssuer(certificate, undefined, 'RS256');
  const clerk = (index: number) => ({ id: `bench-clerk-${index}`, name: `Bench clerk ${index}`, tenantId: TENANT, roles: ['clerk'] });
  return {
    origin: issuer.origin,
    audience: AUDIENCE,
    publicKey: issuer.publicKey,
    certificateFile: certificate.file,
    tokens: (count) => Promise.all(Array.from({ length: count }, (_, index) => issuer.accessToken(clerk(index), AUDIENCE))),
    close() {
      issuer.close();
    },
  };
}
