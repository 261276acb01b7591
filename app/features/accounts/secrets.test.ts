// CWE-532, ASVS 16.2.5: the keys and the mail server's password, marked, are in nothing that the process says.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { until } from '#app/testing/condition.ts';
import { freePorts } from '#app/testing/ports.ts';
import { startMain } from '#app/testing/process.ts';
import { createCanaries } from '#app/testing/secret-canaries.ts';

test('secrets from files and from the environment are used and not said, also where the mail server repeats what it was told', async (t) => {
  const canaries = createCanaries();
  const heard: string[] = [];
  const server = net.createServer((socket) => {
    socket.on('error', () => undefined);
    socket.write('220 hostile\r\n');
    socket.on('data', (data) => {
      const line = data.toString().trim();
      heard.push(line);
      if (line.startsWith('EHLO')) socket.write('250-hostile\r\n250 AUTH PLAIN\r\n');
      else socket.write(`535 no: ${line}\r\n`);
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const directory = await mkdtemp(path.join(tmpdir(), 'stockade-accounts-'));
  t.after(async () => {
    server.close();
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  });
  const file = path.join(directory, 'keys');
  await writeFile(file, `young:${canaries.key('the key')},old:${canaries.key('the older key')}\n`);
  const smtp = Object.assign(new URL(`smtp://mailer@127.0.0.1:${(server.address() as AddressInfo).port}`), { password: canaries.text('the password') }).href;
  const [port, providerPort, adminPort] = await freePorts(3);
  const started = startMain({ PORT: String(port), PROVIDER_PORT: String(providerPort), ADMIN_PORT: String(adminPort), DATA_DIRECTORY: directory, LOG_LEVEL: 'trace', ACCOUNTS_KEYS_FILE: file, ACCOUNTS_SMTP_URL: smtp });
  t.after(() => started.child.kill('SIGKILL'));
  await started.sees(/Stop with Ctrl\+C/);
  const origin = `http://127.0.0.1:${String(port)}`;
  const asked = await fetch(`${origin}/accounts/reset-request`, { method: 'POST', redirect: 'manual', headers: { origin, 'content-type': 'application/x-www-form-urlencoded' }, body: new URLSearchParams({ organisation: 'acme', email: 'mia@acme.example' }) });
  await asked.body?.cancel();
  await until('the password to be sent', () => heard.some((line) => canaries.findIn(line).includes('the password')), 30_000);
  await until('the failure to be said', () => started.stdout().includes('The mail server answered 535 to AUTH PLAIN.'), 30_000);
  started.child.kill('SIGTERM');
  await started.ended();
  assert.deepEqual(canaries.findIn(started.stdout() + started.stderr()), []);
});
