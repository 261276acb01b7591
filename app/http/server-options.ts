// The limits of a connection's requests, in one place, with their reasons; how long it may be idle is in ../config.ts.
// Tested by ../server.test.ts: by a slow client.
import type { ServerOptions } from 'node:http';

export const SERVER_OPTIONS: ServerOptions = {
  // Request line and all headers; answered with 431. Node's own default, stated so that an upgrade can't move it.
  maxHeaderSize: 16 * 1024,
  // Slow headers (slow loris, CWE-400): 10 s are plenty for 16 KiB.
  headersTimeout: 10_000,
  // The whole request, body included: 64 KiB at a modem's 48 kbit/s. A route that takes more has to ask for it in parts.
  requestTimeout: 11_000,
  // How often both are looked at: the sum, 13 s, bounds how long a slow client stays. Who reads slowly: slow-readers.ts.
  connectionsCheckingInterval: 2_000,
  // Node answers a missing Host by itself, without a problem; request-target.ts does it.
  requireHostHeader: false,
  insecureHTTPParser: false,
  // Anything else that asks for an upgrade (h2c) is answered as the plain request that it also is; in HTTP/1.0 there is none (RFC 9110, 7.8).
  shouldUpgradeCallback: ({ headers, httpVersion }) => httpVersion === '1.1' && headers.upgrade?.toLowerCase() === 'websocket',
};

/** Longer-lived connections would keep a client on one process for ever. */
export const MAX_REQUESTS_PER_SOCKET = 10_000;
