// The two doors to the live stream: who is let in over SSE and over WebSocket, and from where a session starts.
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Context } from 'koa';
import type { Logger } from 'pino';
import { AppError, isRefusal, type Refusal } from '#app/errors.ts';
import type { Subject } from '#app/feature.ts';
import type { Hub } from '#app/live/hub.ts';
import type { LiveEvent } from '#app/live/outbox.ts';
import { readLastEventId, resume, type ResumeParts } from '#app/live/resume.ts';
import { Session, type SessionParts } from '#app/live/session.ts';
import { createSocketServer, isOriginAllowed, openSocket, refuseUpgrade, SOCKET_PATH } from '#app/live/socket.ts';
import { openSse } from '#app/live/sse.ts';
import type { Transport } from '#app/live/transport.ts';

const RETRY_AFTER_SECONDS = '5';

export interface EntranceParts {
  readonly hub: Hub;
  readonly resume: ResumeParts;
  readonly session: Omit<SessionParts, 'transport' | 'subject' | 'types' | 'onDelivered'>;
  readonly onDelivered: (kind: Transport['kind'], event: LiveEvent, live: boolean) => void;
  /** A session has been added. */
  readonly onOpen: (session: Session) => void;
  readonly isDraining: () => boolean;
  readonly allowedOrigin: string;
  readonly retryMs: number;
  readonly log: Logger;
}

export interface Entrance {
  readonly serveSse: (ctx: Context, subject: Subject) => void;
  readonly attachSocket: (server: Server, authenticate: (request: IncomingMessage) => Promise<Subject | Refusal>, headers?: Readonly<Record<string, string>>) => void;
}

type SocketRefusal = Pick<Refusal, 'status' | 'code' | 'detail'>;
type Admission = { readonly types: ReadonlySet<string> } | SocketRefusal;

export function createEntrance(parts: EntranceParts): Entrance {
  const sockets = createSocketServer();

  /** Browsers name no origin when a page reads a stream of its own origin; with a WebSocket they always do. */
  function admit(request: IncomingMessage, subject: Subject, originNeeded: boolean): Admission {
    if (parts.isDraining()) return { status: 503, code: 'draining', detail: 'This process is shutting down; connect again.' };
    if (parts.hub.full) return { status: 503, code: 'too-many-live-sessions', detail: 'This process has no room for another live session; try again.' };
    if (!isOriginAllowed(request.headers.origin, originNeeded, parts.allowedOrigin)) {
      return { status: 403, code: 'foreign-origin', detail: 'The live stream may be opened from this service’s own pages only.' };
    }
    return parts.hub.admit(subject);
  }

  function open(transport: Transport, request: IncomingMessage, subject: Subject, types: ReadonlySet<string>): void {
    const session = new Session({ ...parts.session, transport, subject, types, onDelivered: (event, live) => { parts.onDelivered(transport.kind, event, live); } });
    parts.hub.add(session);
    parts.onOpen(session);
    const after = readLastEventId(request.headers['last-event-id'], new URLSearchParams((request.url ?? '').split('?')[1] ?? ''));
    if (after === undefined) session.start();
    else if (after === 'malformed') session.resync('malformed');
    else {
      resume(session, after, parts.resume).catch((error: unknown) => {
        // The client comes back with the same position.
        parts.log.warn({ err: error }, 'a live session could not be resumed');
        session.reconnect(parts.retryMs);
      });
    }
  }

  async function upgrade(request: IncomingMessage, stream: Duplex, head: Buffer, authenticate: (request: IncomingMessage) => Promise<Subject | Refusal>, refuse: (refusal: SocketRefusal) => void): Promise<void> {
    if (request.url?.split('?')[0] !== SOCKET_PATH) {
      refuse({ status: 404, code: 'not-found', detail: 'There is no WebSocket here.' });
      return;
    }
    const subject = await authenticate(request);
    const admission = isRefusal(subject) ? subject : admit(request, subject, subject.credential.kind === 'session');
    if (isRefusal(subject) || !('types' in admission)) {
      if ('status' in admission) refuse(admission);
      return;
    }
    sockets.handleUpgrade(request, stream, head, (socket) => {
      open(openSocket(socket, stream), request, subject, admission.types);
    });
  }

  return {
    serveSse(ctx, subject) {
      const admission = admit(ctx.req, subject, false);
      if (!('types' in admission)) throw toError(admission);
      if (ctx.accepts('text/event-stream') === false) throw new AppError('The stream is text/event-stream.', { status: 406, code: 'not-acceptable' });
      // A client that left while it was being authenticated emits no further 'close'.
      if (ctx.res.destroyed || ctx.req.socket.destroyed) return;
      ctx.respond = false;
      if (ctx.method === 'HEAD') {
        ctx.res.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8', 'Cache-Control': 'no-store' }).end();
        return;
      }
      open(openSse(ctx.res, parts.retryMs), ctx.req, subject, admission.types);
    },
    attachSocket(server, authenticate, headers = {}) {
      server.on('upgrade', (request, stream, head) => {
        const refuse = (refusal: SocketRefusal) => {
          const requestId = refuseUpgrade(stream, request, refusal, headers);
          parts.log.info({ requestId, route: request.url?.split('?')[0] === SOCKET_PATH ? SOCKET_PATH : 'none', status: refusal.status, problem: refusal.code }, 'upgrade refused');
        };
        // Until ws takes over, nobody else listens.
        stream.on('error', () => stream.destroy());
        upgrade(request, stream, head, authenticate, refuse).catch((error: unknown) => {
          parts.log.error({ err: error }, 'a WebSocket upgrade failed');
          if (!stream.destroyed) refuse({ status: 500, code: 'internal-error', detail: 'The server failed to open the WebSocket.' });
        });
      });
    },
  };
}

function toError({ status, code, detail }: Pick<Refusal, 'status' | 'code' | 'detail'>): AppError {
  const headers = status === 503 || status === 429 ? { 'Retry-After': RETRY_AFTER_SECONDS } : {};
  return new AppError(detail, { status, code, expose: true, headers });
}
