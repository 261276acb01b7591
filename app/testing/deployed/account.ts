// What stands in for AWS around a task: the address that hands a task its role's credentials, and KMS with one key. Both are real
// in what they ask for: KMS opens only with the key, the context and the role's own credentials.
// Used by deployed.proof.ts, which ends when it is wrong.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import http, { type RequestListener } from 'node:http';
import https from 'node:https';
import { text } from 'node:stream/consumers';
import type { Certificate } from '#app/testing/certificate.ts';

export interface Account {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** What ECS puts into the environment of a container whose task has a role. */
  readonly taskEnvironment: Readonly<Record<string, string>>;
  /** Requests that KMS answered, by operation; refused ones with a `!` before it. */
  readonly asked: readonly string[];
  close(): void;
}

export interface AccountOptions {
  readonly certificate: Certificate;
  /** Of the key in KMS. */
  readonly keyArn: string;
  readonly kmsAddress: string;
}

/** https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html */
const CREDENTIALS_ADDRESS = '169.254.170.2';
const CREDENTIALS_PATH = '/v2/credentials/of-the-task';
const LIFETIME_MS = 6 * 60 * 60_000;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export async function startAccount({ certificate, keyArn, kmsAddress }: AccountOptions): Promise<Account> {
  const [accessKeyId, secretAccessKey, token] = [`ASIA${randomBytes(8).toString('hex').toUpperCase()}`, randomBytes(30).toString('base64'), randomBytes(60).toString('base64')];
  const key = randomBytes(32);
  const asked: string[] = [];
  const credentials = http.createServer((request, response) => {
    if (request.url !== CREDENTIALS_PATH) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ RoleArn: 'arn:aws:iam::123456789012:role/task', AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, Token: token, Expiration: new Date(Date.now() + LIFETIME_MS).toISOString() }));
  });
  const answer: RequestListener = (request, response) => {
    const operation = String(request.headers['x-amz-target']).replace(/^TrentService\./, '');
    const isRole = String(request.headers.authorization).includes(`Credential=${accessKeyId}/`) && request.headers['x-amz-security-token'] === token;
    void text(request).then((body) => {
      const result = isRole ? useKey(operation, JSON.parse(body) as KmsRequest, keyArn, key) : { __type: 'AccessDeniedException' };
      const refused = '__type' in result;
      asked.push(`${refused ? '!' : ''}${operation}`);
      response.writeHead(refused ? 400 : 200, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(result));
    });
  };
  const kms = https.createServer(certificate, answer);
  await Promise.all([once(credentials.listen(80, CREDENTIALS_ADDRESS), 'listening'), once(kms.listen(443, kmsAddress), 'listening')]);
  return {
    accessKeyId,
    secretAccessKey,
    taskEnvironment: { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: CREDENTIALS_PATH },
    asked,
    close() {
      for (const server of [credentials, kms]) {
        server.close();
        server.closeAllConnections();
      }
    },
  };
}

interface KmsRequest {
  readonly KeyId?: string;
  readonly Plaintext?: string;
  readonly CiphertextBlob?: string;
  readonly EncryptionContext?: Readonly<Record<string, string>>;
}

function useKey(operation: string, { KeyId: keyId, Plaintext: plain = '', CiphertextBlob: blob = '', EncryptionContext: context = {} }: KmsRequest, keyArn: string, key: Buffer): Readonly<Record<string, string>> {
  if (keyId !== keyArn) return { __type: 'NotFoundException' };
  const bound = Buffer.from(JSON.stringify(Object.entries(context).toSorted(([one], [other]) => (one < other ? -1 : 1))));
  if (operation === 'Encrypt') {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(bound);
    const sealed = Buffer.concat([nonce, cipher.update(plain, 'base64'), cipher.final()]);
    return { KeyId: keyArn, CiphertextBlob: Buffer.concat([sealed, cipher.getAuthTag()]).toString('base64') };
  }
  if (operation !== 'Decrypt') return { __type: 'UnsupportedOperationException' };
  const bytes = Buffer.from(blob, 'base64');
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES }).setAAD(bound).setAuthTag(bytes.subarray(-TAG_BYTES));
    return { KeyId: keyArn, Plaintext: Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]).toString('base64') };
  } catch {
    return { __type: 'InvalidCiphertextException' };
  }
}
