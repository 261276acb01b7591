// The live part: what committed changes become for every open session, in every process.
import { type IncomingMessage, type Server } from 'node:http';
import { type Context } from 'koa';
import { type Logger } from 'pino';
import { type Registry } from 'prom-client';
import { type LiveConfig } from '#app/config.ts';
import { type OpenDatabase } from '#app/data/database.ts';
import { type Refusal } from '#app/errors.ts';
import { type Action, type EventType, type Subject } from '#app/feature.ts';

export interface LiveParts {
  readonly database: OpenDatabase;
  readonly config: LiveConfig;
  /** CloudEvents `source`: the public URL. */
  readonly source: string;
  readonly events: Readonly<Record<string, EventType>>;
  readonly can: (subject: Subject, action: Action) => boolean;
  readonly revalidate: (subject: Subject) => Promise<Subject | undefined>;
  /** The origin whose pages may open a WebSocket with a cookie. */
  readonly allowedOrigin: string;
  readonly log: Logger;
  readonly metrics: Registry;
  readonly clock: () => Date;
}

export interface Live {
  /** Call after a commit that appended events; coalesced, never throws, returns at once. */
  wake(): void;
  /** Checks the access of every live session again, in every process; call when a session ended or roles changed. */
  recheck(): void;
  /** Where the stream is now. A page reads it BEFORE its data and subscribes with `?lastEventId=`: then it misses nothing. */
  position(): number;
  readonly sessionCount: number;
  /** Answers `GET /api/v1/stream`; returns once the stream is open. */
  serveSse(ctx: Context, subject: Subject): Promise<void>;
  /** Serves WebSocket upgrades at /api/v1/socket, and answers any other upgrade with 404. */
  attachSocket(server: Server, authenticate: (request: IncomingMessage) => Promise<Subject | Refusal>): void;
  /** Tells sessions to reconnect with jitter, then closes them; new ones are refused. */
  drain(): Promise<void>;
  close(): Promise<void>;
}

export function createLive(_parts: LiveParts): Promise<Live> {
  return Promise.reject(new Error('app/live is being written'));
}
