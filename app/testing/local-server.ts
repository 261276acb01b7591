// A server of a test: on a port of its own, and gone with the test.
// Tested by outbound.test.ts: every case there asks one.
import { once } from 'node:events';
import http, { type RequestListener } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import type { Certificate } from '#app/testing/certificate.ts';

export interface LocalServer {
  readonly origin: string;
  /** Path and query of each request, in order. */
  readonly asked: readonly string[];
}

/** Over TLS with a certificate. */
export async function serve(t: TestContext, answer: RequestListener, certificate?: Certificate): Promise<LocalServer> {
  const asked: string[] = [];
  const listener: RequestListener = (request, response) => {
    asked.push(request.url ?? '');
    answer(request, response);
  };
  const server = certificate === undefined ? http.createServer(listener) : https.createServer(certificate, listener);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return { origin: `${certificate === undefined ? 'http' : 'https'}://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}
