// Stands in for what RDS puts before PostgreSQL: it asks for a password, takes only a token that AWS IAM's key signed for this
// host and user, not yet expired, and lets the server behind it do the rest. With a certificate it takes nothing without TLS.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import tls from 'node:tls';
import type { Certificate } from '#app/testing/certificate.ts';

export interface RdsFront {
  readonly port: number;
  /** Tokens that were shown, and why one was refused; empty where it was taken. */
  readonly shown: readonly { readonly token: string; readonly refusal: string }[];
  close(): void;
}

export interface RdsOptions {
  /** A PostgreSQL that trusts. */
  readonly upstreamPort: number;
  readonly region: string;
  /** By access key id. */
  readonly secretOf: (accessKeyId: string) => string | undefined;
  readonly clock: () => Date;
  /** As `rds.force_ssl` and TLS 1.3 have it. */
  readonly certificate?: Certificate;
  /** Where it listens and what clients call it, in place of a free port of this machine. */
  readonly place?: { readonly host: string; readonly port: number; readonly name: string };
  /** Who log in by their passwords, which the server behind asks for: RDS's master. */
  readonly byPassword?: readonly string[];
}

const CLEARTEXT_PASSWORD = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 3]);
const LONGEST_S = 900;
/** SSLRequest, https://www.postgresql.org/docs/current/protocol-message-formats.html */
const TLS_PLEASE = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);

export async function startRdsFront({ upstreamPort, certificate, place, byPassword = [], ...options }: RdsOptions): Promise<RdsFront> {
  const shown: { token: string; refusal: string }[] = [];
  const sockets = new Set<Socket>();
  const server = net.createServer((client) => {
    sockets.add(client);
    client.on('error', () => undefined).once('close', () => sockets.delete(client));
    void serve(client).catch(() => client.destroy());
  });
  await once(server.listen(place?.port ?? 0, place?.host ?? '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;

  const serve = async (arrived: Socket): Promise<void> => {
    const client = certificate === undefined ? arrived : await encrypt(arrived, certificate);
    const startup = await readMessage(client, 0);
    const user = /(?:^|\0)user\0([^\0]*)\0/.exec(startup.subarray(8).toString())?.[1] ?? '';
    if (byPassword.includes(user)) {
      join(client, startup);
      return;
    }
    client.write(CLEARTEXT_PASSWORD);
    const answer = await readMessage(client, 1);
    const token = answer.subarray(5, -1).toString();
    const refusal = refusalOf(token, { ...options, host: `${place?.name ?? '127.0.0.1'}:${port}`, user });
    shown.push({ token, refusal });
    if (refusal !== '') {
      client.end(failure(`PAM authentication failed for user "${user}"`));
      return;
    }
    join(client, startup);
  };
  const join = (client: Socket, startup: Buffer): void => {
    const upstream = net.connect(upstreamPort, '127.0.0.1').on('error', () => client.destroy()).once('close', () => client.destroy());
    client.once('close', () => upstream.destroy());
    upstream.write(startup);
    client.pipe(upstream).pipe(client);
  };
  return {
    port,
    shown,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

async function encrypt(client: Socket, { key, cert }: Certificate): Promise<Socket> {
  if (!(await readMessage(client, 0)).equals(TLS_PLEASE)) throw new Error('A client that asks for no TLS.');
  client.write('S');
  const secured = new tls.TLSSocket(client, { isServer: true, key, cert, minVersion: 'TLSv1.3' });
  return secured.on('error', () => client.destroy());
}

/** AWS Signature Version 4 in the query, as RDS documents it for the service `rds-db`, written down a second time. */
function refusalOf(token: string, { host, user, region, secretOf, clock }: Pick<RdsOptions, 'region' | 'secretOf' | 'clock'> & { readonly host: string; readonly user: string }): string {
  if (!token.startsWith(`${host}/?`)) return 'another host';
  const parameters = new URL(`https://${token}`).searchParams;
  const of = (name: string) => parameters.get(name) ?? '';
  if (of('Action') !== 'connect' || of('DBUser') !== user) return 'another action or user';
  if (of('X-Amz-Algorithm') !== 'AWS4-HMAC-SHA256' || of('X-Amz-SignedHeaders') !== 'host') return 'another algorithm';
  const [accessKeyId = '', day = '', ...scope] = of('X-Amz-Credential').split('/');
  if (scope.join('/') !== `${region}/rds-db/aws4_request`) return 'another scope';
  const signedAt = of('X-Amz-Date');
  const from = Date.parse(signedAt.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  const expires = Number(of('X-Amz-Expires'));
  if (!signedAt.startsWith(day) || !(expires > 0 && expires <= LONGEST_S)) return 'another time';
  if (clock().getTime() > from + expires * 1_000) return 'expired';
  const accessKey = secretOf(accessKeyId);
  if (accessKey === undefined) return 'another key';
  const query = [...parameters].filter(([name]) => name !== 'X-Amz-Signature').map((pair) => pair.map(encode).join('=')).toSorted().join('&');
  const request = ['GET', '/', query, `host:${host}\n`, 'host', sha256('')].join('\n');
  const text = ['AWS4-HMAC-SHA256', signedAt, [day, ...scope].join('/'), sha256(request)].join('\n');
  const key = [day, ...scope].reduce<Buffer>((last, part) => hmac(last, part), Buffer.from(`AWS4${accessKey}`));
  const [wanted, given] = [hmac(key, text), Buffer.from(of('X-Amz-Signature'), 'hex')];
  return given.length === wanted.length && timingSafeEqual(given, wanted) ? '' : 'another signature';
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const hmac = (key: Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
const encode = (text: string): string => encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);

/** One whole message of PostgreSQL's protocol; its length follows a type of so many bytes. */
async function readMessage(socket: Socket, typeBytes: 0 | 1): Promise<Buffer> {
  let bytes = Buffer.alloc(0);
  socket.resume();
  for (;;) {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    bytes = Buffer.concat([bytes, chunk]);
    if (bytes.length >= typeBytes + 4 && bytes.length >= typeBytes + bytes.readInt32BE(typeBytes)) {
      socket.pause();
      return bytes;
    }
  }
}

function failure(message: string): Buffer {
  const fields = Buffer.from(`SFATAL\0VFATAL\0C28000\0M${message}\0\0`);
  const head = Buffer.alloc(5);
  head.write('E');
  head.writeInt32BE(fields.length + 4, 1);
  return Buffer.concat([head, fields]);
}
