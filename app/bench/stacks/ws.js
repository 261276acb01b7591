// A bare broadcast: whoever connects gets every message, at once and unchecked. BENCH_STORE=on stores the change before it is told.
import http from 'node:http';
import { WebSocketServer } from 'ws';
import { openStore, readText } from './store.js';

const store = process.env.BENCH_STORE === 'on' ? openStore() : undefined;
const tenantId = process.env.BENCH_TENANT;
const ITEM = /^\/api\/v1\/items\/([A-Z0-9-]+)\/movements$/;
/** As large as the service's own event. */
const made = { movement: {}, item: {}, padding: 'x'.repeat(Number(process.env.BENCH_EVENT_BYTES ?? 0)) };

const server = http.createServer(async (request, response) => {
  const [, sku = ''] = ITEM.exec(request.url) ?? [];
  const body = await readText(request);
  const moved = await store?.move({ tenantId, subjectId: 'nobody', sku, key: request.headers['idempotency-key'], body });
  const message = JSON.stringify({ id: 1, event: moved?.data ?? made });
  for (const client of sockets.clients) client.send(message);
  response.writeHead(201, { 'content-type': 'application/json' }).end(moved?.answer ?? '{}');
});
const sockets = new WebSocketServer({ server, perMessageDeflate: false });
server.listen(Number(process.env.PORT), '127.0.0.1', () => process.send?.('ready'));
