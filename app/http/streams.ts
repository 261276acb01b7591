// Answers that are written while they are read: of one moment, in bounded memory, and cut off rather than ended when they fail.
// Tested by streams.test.ts and privacy-feature.test.ts.
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { AppError } from '#app/errors.ts';
import type { Streamed } from '#app/feature.ts';
import { given, type HttpContext } from '#app/http/context.ts';
import type { RouteParts } from '#app/http/operation-routes.ts';

/** Each has a connection to the database for as long as its client reads. */
export const MOST_STREAMS = 2;
let open = 0;
/** Koa's pipeline alone holds most of the ten after which Node warns of a leak; log, metrics and traces wait for the end as well. */
const LISTENERS = 20;

/** What fails before the first byte is a problem as any other. @throws AppError 503 where too many are under way. */
export async function sendStream(ctx: HttpContext, write: Streamed['stream'], parts: Pick<RouteParts, 'dbOf' | 'inSnapshot' | 'peopleOf'>): Promise<void> {
  if (open >= MOST_STREAMS) throw new AppError('Others are taking their data along. Try again.', { status: 503, code: 'streams-busy', expose: true, headers: { 'Retry-After': '5' } });
  const subject = given(ctx, 'subject');
  const chunks = parts.inSnapshot(parts.dbOf(subject, { readOnly: true }), (db) => write({ db, people: parts.peopleOf(db, subject.tenantId) }));
  const body = Readable.from(chunks, { objectMode: false });
  open += 1;
  body.once('close', () => (open -= 1));
  const begun = once(body, 'readable');
  // Koa destroys the response with it: without its last chunk no client takes it for whole (RFC 9112, 8).
  body.on('error', (error) => {
    if (ctx.res.headersSent) ctx.state.log.error({ err: error }, 'a streamed answer was cut off');
  });
  await begun;
  ctx.res.setMaxListeners(LISTENERS);
  ctx.body = body;
  // The empty answer before it took this away, and the end of the connection would be the end of the answer. HTTP/1.0 has nothing else.
  if (ctx.req.httpVersion !== '1.0') ctx.set('Transfer-Encoding', 'chunked');
}
