// What a server listens by: plain HTTP, or TLS with a key and a certificate of this process alone, made at its start (decision 26).
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import http, { type RequestListener, type Server, type ServerOptions } from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';

/** As PEM. */
export interface ListenerIdentity {
  readonly key: string;
  readonly cert: string;
}

const TLS_OPTIONS = {
  minVersion: 'TLSv1.3',
  ALPNProtocols: ['http/1.1'],
} as const satisfies https.ServerOptions;

/** As long as headers may take; Node's own is two minutes (CWE-400). */
const HANDSHAKE_MS = 10_000;
const DAY_MS = 86_400_000;
const ECDSA_WITH_SHA256 = '1.2.840.10045.4.3.2';
const COMMON_NAME = '2.5.4.3';

/**
 * For a load balancer, which encrypts towards its targets and believes any certificate of theirs: so nothing has to be stored, handed out or
 * rotated. https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-target-groups.html#target-group-routing-configuration
 */
export async function makeIdentity(now: Date): Promise<ListenerIdentity> {
  // Only a process that speaks TLS pays for the reading of them.
  const [{ AsnConvert }, x509] = await Promise.all([import('@peculiar/asn1-schema'), import('@peculiar/asn1-x509')]);
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const signatureAlgorithm = new x509.AlgorithmIdentifier({ algorithm: ECDSA_WITH_SHA256 });
  const name = new x509.Name([new x509.RelativeDistinguishedName([new x509.AttributeTypeAndValue({ type: COMMON_NAME, value: new x509.AttributeValue({ utf8String: 'one process of the service' }) })])]);
  const tbsCertificate = new x509.TBSCertificate({
    version: x509.Version.v3,
    // Positive, and of 63 bits at least (RFC 5280, 4.1.2.2).
    serialNumber: Uint8Array.of(1, ...randomBytes(16)).buffer,
    signature: signatureAlgorithm,
    issuer: name,
    validity: new x509.Validity({ notBefore: new Date(now.getTime() - DAY_MS), notAfter: new Date(now.getTime() + 365 * DAY_MS) }),
    subject: name,
    subjectPublicKeyInfo: AsnConvert.parse(publicKey.export({ type: 'spki', format: 'der' }), x509.SubjectPublicKeyInfo),
  });
  const signature = sign('sha256', Buffer.from(AsnConvert.serialize(tbsCertificate)), privateKey);
  const certificate = AsnConvert.serialize(new x509.Certificate({ tbsCertificate, signatureAlgorithm, signatureValue: Uint8Array.from(signature).buffer }));
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    cert: `-----BEGIN CERTIFICATE-----\n${Buffer.from(certificate).toString('base64')}\n-----END CERTIFICATE-----\n`,
  };
}

/** From the socket of requests, over TLS, to the connection beneath it. */
const wires = new WeakMap<Duplex, Socket>();

/** Not listening yet. With an identity it speaks TLS 1.3 and nothing else. */
export function createListener(options: ServerOptions, identity: ListenerIdentity | undefined, listener: RequestListener, handshakeMs = HANDSHAKE_MS): Server {
  if (identity === undefined) return http.createServer(options, listener);
  const server = https.createServer({ ...options, ...TLS_OPTIONS, ...identity, handshakeTimeout: handshakeMs }, listener);
  const byPeer = new Map<string, Socket>();
  server.on('connection', (wire: Socket) => {
    const peer = peerOf(wire);
    byPeer.set(peer, wire);
    wire.once('close', () => {
      if (byPeer.get(peer) === wire) byPeer.delete(peer);
    });
  });
  server.on('secureConnection', (socket) => {
    const wire = byPeer.get(peerOf(socket));
    if (wire === undefined) socket.destroy();
    else wires.set(socket, wire);
  });
  return server;
}

function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${String(remoteAddress)} ${String(remotePort)}`;
}

/** The connection itself, beneath the TLS, if any: this is what can be reset. */
export function wireOf(socket: Socket): Socket {
  return wires.get(socket) ?? socket;
}

/** Whether requests can come through it: over TLS not before the handshake. */
export function isOpen(server: Server, socket: Duplex): boolean {
  return !isTls(server) || wires.has(socket);
}

/** Calls back with the socket that requests come through, once they can. */
export function onOpen(server: Server, listener: (socket: Socket) => void): void {
  server.on(isTls(server) ? 'secureConnection' : 'connection', listener);
}

export function isTls(server: Server): boolean {
  return server instanceof tls.Server;
}
