// The least there can be: node:http, the query, the answer. It knows nobody and protects nothing.
import http from 'node:http';
import { openStore, readText } from './store.js';

const store = openStore();
const tenantId = process.env.BENCH_TENANT;
const ITEM = /^\/api\/v1\/items\/([A-Z0-9-]+)(\/movements)?$/;

http
  .createServer((request, response) => {
    answer(request, response).catch((error) => response.writeHead(500).end(String(error)));
  })
  .listen(Number(process.env.PORT), '127.0.0.1', () => process.send?.('ready'));

async function answer(request, response) {
  const [, sku, movements] = ITEM.exec(request.url) ?? [];
  if (sku === undefined) {
    response.writeHead(404).end();
  } else if (request.method === 'POST' && movements !== undefined) {
    const moved = await store.move({ tenantId, subjectId: 'nobody', sku, key: request.headers['idempotency-key'], body: await readText(request) });
    response.writeHead(201, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(moved.answer) }).end(moved.answer);
  } else {
    const item = await store.readItem(tenantId, sku);
    if (item === undefined) return response.writeHead(404).end();
    const text = JSON.stringify(item);
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }).end(text);
  }
}
