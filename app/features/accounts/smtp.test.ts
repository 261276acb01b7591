import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { test, type TestContext } from 'node:test';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { freePorts } from '#app/testing/ports.ts';
import { createSmtpSender } from './smtp.ts';

interface Received {
  readonly from: string;
  readonly to: readonly string[];
  readonly text: string;
}

async function startServer(t: TestContext, options: SMTPServerOptions = {}): Promise<{ readonly port: number; readonly received: Received[] }> {
  const received: Received[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    ...options,
    onData(stream, { envelope }, done) {
      void text(stream).then((content) => {
        received.push({ from: envelope.mailFrom === false ? '' : envelope.mailFrom.address, to: envelope.rcptTo.map(({ address }) => address), text: content });
        done();
      }, done);
    },
  });
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  t.after(() => { server.close(); });
  return { port: (server.server.address() as AddressInfo).port, received };
}

const mail = { to: 'person@x.test', subject: 'Grüße', text: 'Hello,\n\na line.\n' };

test('a mail reaches the server, from whom the settings say', async (t) => {
  const { port, received } = await startServer(t);
  await createSmtpSender({ url: `smtp://127.0.0.1:${port}`, from: 'Us <us@x.test>', requireTls: false })(mail);
  const [one] = received;
  assert.deepEqual([one?.from, one?.to], ['us@x.test', ['person@x.test']]);
  assert.match(one?.text ?? '', /^From: Us <us@x\.test>\r$/m);
  assert.match(one?.text ?? '', /a line\./);
});

test('ASVS 1.3.11 (CWE-93): neither an address nor a subject makes a header or a second recipient of its own', async (t) => {
  const { port, received } = await startServer(t);
  const send = createSmtpSender({ url: `smtp://127.0.0.1:${port}`, from: 'us@x.test', requireTls: false });
  await send({ ...mail, subject: 'Hello\r\nBcc: thief@x.test' });
  assert.deepEqual(received[0]?.to, ['person@x.test']);
  assert.doesNotMatch(received[0].text, /^Bcc:/m);
  await send({ ...mail, to: 'person@x.test, thief@x.test' }).catch(() => undefined);
  assert.ok(received.every(({ to }) => !to.includes('thief@x.test')), JSON.stringify(received.map(({ to }) => to)));
});

test('CWE-319: where TLS is demanded, a server without it gets no mail', async (t) => {
  const { port, received } = await startServer(t);
  await assert.rejects(createSmtpSender({ url: `smtp://127.0.0.1:${port}`, from: 'us@x.test', requireTls: true })(mail));
  assert.deepEqual(received, []);
});

test('ASVS 12.3.2: a server whose certificate nobody vouches for gets no mail', async (t) => {
  const { port, received } = await startServer(t, { disabledCommands: [] });
  await assert.rejects(createSmtpSender({ url: `smtp://127.0.0.1:${port}`, from: 'us@x.test', requireTls: true })(mail), /certificate|self.signed|altname/i);
  assert.deepEqual(received, []);
});

test('CWE-610: a mail is text alone: neither a file nor an address is read into it', async (t) => {
  const { port, received } = await startServer(t);
  const send = createSmtpSender({ url: `smtp://127.0.0.1:${port}`, from: 'us@x.test', requireTls: false });
  const page = http.createServer((_request, response) => response.end('canary'));
  await once(page.listen(0, '127.0.0.1'), 'listening');
  t.after(() => page.close());
  for (const path of [import.meta.filename, `http://127.0.0.1:${(page.address() as AddressInfo).port}/`]) await assert.rejects(send({ ...mail, text: { path } as unknown as string }), path);
  assert.deepEqual(received, []);
});

test('a server that is not there is an error', async () => {
  const [port = 0] = await freePorts(1);
  await assert.rejects(createSmtpSender({ url: `smtp://127.0.0.1:${port}`, from: 'us@x.test', requireTls: false })(mail), /ECONNREFUSED/);
});
