// The headers that tell a browser what it must not do with our answers.
import type { IncomingMessage, ServerResponse } from 'node:http';
import helmet from 'helmet';
import type { Next } from 'koa';
import type { HttpContext, HttpMiddleware } from '#app/http/context.ts';

export interface SecurityHeadersOptions {
  readonly publicUrl: string;
  /** Signing out posts a form whose answer redirects to the provider, and Chromium applies `form-action` to redirects. */
  readonly issuerOrigin: string;
}

const NO_FEATURES = ['accelerometer', 'autoplay', 'camera', 'display-capture', 'encrypted-media', 'fullscreen', 'geolocation', 'gyroscope', 'magnetometer', 'microphone', 'midi', 'payment', 'picture-in-picture', 'publickey-credentials-get', 'screen-wake-lock', 'usb', 'xr-spatial-tracking']
  .map((feature) => `${feature}=()`)
  .join(', ');

export function securityHeaders({ publicUrl, issuerOrigin }: SecurityHeadersOptions): HttpMiddleware {
  const overTls = publicUrl.startsWith('https://');
  const protect = adaptConnect(
    helmet({
      contentSecurityPolicy: {
        useDefaults: false,
        directives: {
          defaultSrc: ["'none'"],
          scriptSrc: ["'self'"],
          styleSrc: ["'self'"],
          imgSrc: ["'self'"],
          connectSrc: ["'self'"],
          formAction: ["'self'", issuerOrigin],
          frameAncestors: ["'none'"],
          baseUri: ["'none'"],
          requireTrustedTypesFor: ["'script'"],
          trustedTypes: ["'none'"],
          ...(overTls ? { upgradeInsecureRequests: [] } : {}),
        },
      },
      crossOriginEmbedderPolicy: true,
      // With `no-referrer` browsers send `Origin: null` on a form's POST, which origin.ts would have to refuse.
      referrerPolicy: { policy: 'same-origin' },
      // Browsers ignore it without TLS (RFC 6797, 8.1).
      strictTransportSecurity: overTls ? { maxAge: 63_072_000, includeSubDomains: true } : false,
      xFrameOptions: { action: 'deny' },
    }),
  );
  return (ctx, next) => {
    ctx.set('Permissions-Policy', NO_FEATURES);
    // Answers are personal unless a route says otherwise.
    ctx.set('Cache-Control', 'no-store');
    return protect(ctx, next);
  };
}

type ConnectMiddleware = (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void) => void;

function adaptConnect(middleware: ConnectMiddleware): (ctx: HttpContext, next: Next) => Promise<void> {
  return async (ctx, next) => {
    await new Promise<void>((resolve, reject) => {
      middleware(ctx.req, ctx.res, (error) => {
        if (error === undefined) resolve();
        else reject(error instanceof Error ? error : new Error('A connect middleware failed.', { cause: error }));
      });
    });
    await next();
  };
}
