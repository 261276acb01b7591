// What no route took: 405 with the methods that are there, OPTIONS, or nothing here.
// Tested by problem.test.ts: all that it answers is a problem.
import type { RouterContext } from '@koa/router';
import { refuse } from '#app/errors.ts';
import type { HttpMiddleware, HttpState } from '#app/http/context.ts';
import { asError } from '#app/http/problem.ts';

export function answerUnmatched(): HttpMiddleware {
  return (ctx) => {
    const { matched = [] } = ctx as unknown as Pick<RouterContext<HttpState>, 'matched'>;
    const methods = new Set(matched.flatMap((layer) => layer.methods));
    // This answers who asks by hand; a preflight finds its permission, if any, in what cross-origin.ts has added.
    const allow = [...methods, 'OPTIONS'].join(', ');
    if (ctx.method === 'OPTIONS' && (methods.size > 0 || ctx.path === '*')) {
      ctx.status = 204;
      ctx.set('Allow', methods.size > 0 ? allow : 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS');
      return;
    }
    if (methods.size > 0 && !methods.has(ctx.method)) {
      throw asError(refuse(405, 'method-not-allowed', `${ctx.method} is not served here; the Allow header says what is.`), { allow });
    }
    throw asError(refuse(404, 'not-found', 'There is nothing at this path.'));
  };
}
