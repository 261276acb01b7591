// `npm run probe -- kms`: holds the key provider of AWS KMS to the contract of all key providers, against moto, which stands in
// for KMS: its API and its authenticated contexts are real, its hardware and its permissions are not there.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { CreateAliasCommand, CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { AppError } from '#app/errors.ts';
import { createKmsKeyProvider } from '#app/privacy/key-provider-kms.ts';
import { until } from '#app/testing/condition.ts';
import { keyProviderContract } from '#app/testing/key-provider-contract.ts';
import { freePorts } from '#app/testing/ports.ts';
import { startFlags } from '#app/testing/process.ts';
import { exitCodeOfNotRun, formatRows } from '#app/testing/report.ts';
import { installTools } from '../../.github/tools/install.ts';

const REGION = 'eu-central-1';
/** What the provider allows itself, and some. */
const LONGEST_MS = 5_000;

async function startMoto(directory: string): Promise<{ readonly endpoint: string; close(): Promise<void> }> {
  const [port = 0] = await freePorts(1);
  const endpoint = `http://127.0.0.1:${port}`;
  const server = spawn(path.join(directory, 'bin/moto_server'), ['--host', '127.0.0.1', '--port', String(port)], { stdio: ['ignore', 'ignore', 'pipe'] });
  const [ended, said] = [once(server, 'exit'), text(server.stderr)];
  const answers = () => fetch(`${endpoint}/moto-api/data.json`).then(({ ok }) => ok, () => false);
  await until('moto to answer', async () => server.exitCode !== null || (await answers()), 60_000);
  if (server.exitCode !== null) throw new Error(`moto ended: ${await said}`);
  return {
    endpoint,
    async close() {
      server.kill('SIGTERM');
      await ended;
    },
  };
}

/** Two keys: one named by its ARN, one by an alias. */
async function makeKeys(client: KMSClient): Promise<Readonly<Record<'old' | 'young', string>>> {
  const make = async () => (await client.send(new CreateKeyCommand({}))).KeyMetadata;
  const [old, young] = [await make(), await make()];
  if (old?.Arn === undefined || young?.KeyId === undefined) throw new Error('moto made no key');
  await client.send(new CreateAliasCommand({ AliasName: 'alias/young', TargetKeyId: young.KeyId }));
  return { old: old.Arn, young: 'alias/young' };
}

const tools = await installTools('python', { onProgress: (line) => process.stderr.write(`${line}\n`) });
if ('notRun' in tools) {
  console.log(`kms: not run, ${tools.notRun}`);
  process.exit(exitCodeOfNotRun(process.env['CI'] === 'true'));
}
// No account's: moto takes any.
for (const name of ['AWS_PROFILE', 'AWS_SESSION_TOKEN']) Reflect.deleteProperty(process.env, name);
Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'moto', AWS_SECRET_ACCESS_KEY: 'moto' });
const moto = await startMoto(tools.directory);
const rows: string[][] = [['', 'claim']];
let failures = 0;
try {
  const client = new KMSClient({ region: REGION, endpoint: moto.endpoint });
  const keys = await makeKeys(client);
  const create = (names: readonly ('old' | 'young')[]) => createKmsKeyProvider({ keyIds: names.map((name) => keys[name]), region: REGION, endpoint: moto.endpoint });
  const claims: typeof keyProviderContract = {
    ...keyProviderContract,
    'it works with the permissions of npm start, beside files of AWS that these don’t let it read': async () => {
      const home = await mkdtemp(path.join(tmpdir(), 'stockade-kms-'));
      try {
        await mkdir(path.join(home, '.aws'));
        await writeFile(path.join(home, '.aws/config'), '[default]\nregion = us-east-1\n');
        const program = `import { createKeyProvider } from '#app/privacy/key-provider.ts';
          const provider = await createKeyProvider(${JSON.stringify({ kind: 'kms', keyIds: [keys.old], region: REGION })});
          console.log((await provider.unwrap(await provider.wrap(Buffer.from('data key'), { a: 'b' }), { a: 'b' })).toString());`;
        const { stdout, stderr } = await promisify(execFile)(process.execPath, [...startFlags(), '--input-type=module', '--eval', program], { env: { ...process.env, HOME: home, AWS_ENDPOINT_URL: moto.endpoint } });
        assert.equal(stdout.trim(), 'data key', stderr);
      } finally {
        await rm(home, { recursive: true });
      }
    },
    'once KMS is gone, both are refused as 503 in time': async () => {
      const provider = create(['old']);
      const wrapped = await provider.wrap(Buffer.alloc(32), {});
      await moto.close();
      const from = performance.now();
      for (const ask of [() => provider.wrap(Buffer.alloc(32), {}), () => provider.unwrap(wrapped, {})]) await assert.rejects(ask, (error) => error instanceof AppError && error.status === 503);
      assert.ok(performance.now() - from < LONGEST_MS);
    },
  };
  for (const [claim, prove] of Object.entries(claims)) {
    const failure = await prove({ create }).then(() => undefined, (error: unknown) => error);
    if (failure !== undefined) {
      failures += 1;
      console.error(failure);
    }
    rows.push([failure === undefined ? '✔' : '✖', claim]);
  }
} finally {
  await moto.close();
}
console.log(formatRows(rows));
console.log(`${rows.length - 1} claims, ${failures} that did not hold`);
if (failures > 0) process.exitCode = 1;
