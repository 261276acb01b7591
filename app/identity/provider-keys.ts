// The development provider's keys: made once and kept, so that tokens and sign-ins outlive a restart.
import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { AppError } from '#app/errors.ts';

const FILE_NAME = 'provider-keys.json';
const RSA_BITS = 2048;

const keysSchema = z.strictObject({
  signing: z.strictObject({
    kty: z.literal('RSA'),
    kid: z.string().min(1),
    use: z.literal('sig'),
    alg: z.literal('RS256'),
    n: z.string(),
    e: z.string(),
    d: z.string(),
    p: z.string(),
    q: z.string(),
    dp: z.string(),
    dq: z.string(),
    qi: z.string(),
  }),
  cookies: z.array(z.string().min(32)).min(1),
});

export type ProviderKeys = z.infer<typeof keysSchema>;

/** Without a directory the keys live as long as the process. */
export async function loadProviderKeys(directory: string | undefined): Promise<ProviderKeys> {
  if (directory === undefined) return makeKeys();
  const file = path.join(directory, FILE_NAME);
  const kept = await readKeys(file);
  if (kept !== undefined) return kept;
  const keys = makeKeys();
  await writeKeys(file, keys);
  return keys;
}

function makeKeys(): ProviderKeys {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: RSA_BITS });
  return keysSchema.parse({
    signing: { ...privateKey.export({ format: 'jwk' }), kid: randomUUID(), use: 'sig', alg: 'RS256' },
    cookies: [randomBytes(32).toString('base64url')],
  });
}

async function readKeys(file: string): Promise<ProviderKeys | undefined> {
  let text: string;
  try {
    // eslint-disable-next-line security/detect-non-literal-fs-filename -- the operator's own data directory
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return keysSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new AppError(`${file} does not hold the development provider's keys: delete it, and new ones are made`, { cause: error });
  }
}

/** CWE-377, CWE-732: whole or not at all, and for this account alone. */
async function writeKeys(file: string, keys: ProviderKeys): Promise<void> {
  const draft = `${file}.${randomUUID()}`;
  /* eslint-disable security/detect-non-literal-fs-filename -- the operator's own data directory */
  await mkdir(path.dirname(file), { recursive: true });
  try {
    await writeFile(draft, `${JSON.stringify(keys, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
    await rename(draft, file);
  } finally {
    await rm(draft, { force: true });
  }
  /* eslint-enable security/detect-non-literal-fs-filename */
}
