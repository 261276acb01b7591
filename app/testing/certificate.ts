// A certificate for servers of tests on 127.0.0.1: production accepts an issuer over TLS only.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { text } from 'node:stream/consumers';

export interface Certificate {
  readonly key: Buffer;
  readonly cert: Buffer;
  /** For NODE_EXTRA_CA_CERTS. */
  readonly file: string;
}

/** Signed by itself, for a day, and for 127.0.0.1 or what is named as OpenSSL does. @throws Error where there is no openssl. */
export async function makeCertificate(directory: string, names: readonly string[] = ['IP:127.0.0.1'], days = 1): Promise<Certificate> {
  const [keyFile, file] = [path.join(directory, 'key.pem'), path.join(directory, 'certificate.pem')];
  const tool = spawn('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', String(days), '-subj', '/CN=127.0.0.1', '-addext', `subjectAltName=${names.join(',')}`, '-keyout', keyFile, '-out', file], { stdio: ['ignore', 'ignore', 'pipe'] });
  const [said, [code]] = await Promise.all([text(tool.stderr), once(tool, 'close') as Promise<[number | null]>]);
  if (code !== 0) throw new Error(`openssl made no certificate: ${said.trim()}`);
  return { key: await readFile(keyFile), cert: await readFile(file), file };
}
