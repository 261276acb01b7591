// Koa by itself: the query and the answer, without a router. It knows nobody and protects nothing.
import Koa from 'koa';
import { openStore, readText } from './store.js';

const store = openStore();
const tenantId = process.env.BENCH_TENANT;
const ITEM = /^\/api\/v1\/items\/([A-Z0-9-]+)(\/movements)?$/;
const app = new Koa({ env: 'production' });

app.use(async (ctx) => {
  const [, sku, movements] = ITEM.exec(ctx.path) ?? [];
  if (sku === undefined) return;
  if (ctx.method === 'POST' && movements !== undefined) {
    const moved = await store.move({ tenantId, subjectId: 'nobody', sku, key: ctx.get('idempotency-key'), body: await readText(ctx.req) });
    ctx.status = 201;
    ctx.type = 'application/json';
    ctx.body = moved.answer;
  } else {
    const item = await store.readItem(tenantId, sku);
    if (item !== undefined) ctx.body = item;
  }
});
app.listen(Number(process.env.PORT), '127.0.0.1', () => process.send?.('ready'));
