// A small raw client of Server-Sent Events for tests: sees ids, comments and retry, and can stop reading.
import { type IncomingHttpHeaders, request, type RequestOptions } from 'node:http';
import { until } from '#app/testing/condition.ts';

export interface SseEvent {
  /** The last event ID when the event was dispatched. */
  readonly id: string;
  readonly event: string;
  readonly data: string;
}

export class SseParser {
  readonly events: SseEvent[] = [];
  lastEventId = '';
  retryMs: number | undefined;
  comments = 0;
  #rest = '';
  #id: string | undefined;
  #event = '';
  #data: string[] = [];

  /** Takes text in any pieces (WHATWG HTML, 9.2.6; lines end with LF, as this server writes them). */
  feed(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#line(line);
  }

  #line(line: string): void {
    if (line === '') {
      this.#dispatch();
      return;
    }
    const colon = line.indexOf(':');
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === '') this.comments += 1;
    else if (field === 'id') this.#id = value;
    else if (field === 'event') this.#event = value;
    else if (field === 'data') this.#data.push(value);
    else if (field === 'retry') this.retryMs = Number(value);
  }

  #dispatch(): void {
    this.lastEventId = this.#id ?? this.lastEventId;
    if (this.#data.length > 0) this.events.push({ id: this.lastEventId, event: this.#event === '' ? 'message' : this.#event, data: this.#data.join('\n') });
    this.#event = '';
    this.#data = [];
    this.#id = undefined;
  }
}

export interface SseClient {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly parser: SseParser;
  readonly events: readonly SseEvent[];
  /** Bytes of body received. */
  readonly received: number;
  readonly closed: boolean;
  /** The body as text, where it is no stream. */
  readonly text: string;
  /** Stops reading, so that the connection fills up. */
  pause(): void;
  resume(): void;
  /** Waits until so many events are there. */
  count(least: number): Promise<readonly SseEvent[]>;
  close(): void;
}

export function connectSse(url: string, headers: Readonly<Record<string, string>> = {}, options: RequestOptions = {}): Promise<SseClient> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { agent: false, ...options, headers: { accept: 'text/event-stream', ...headers } });
    outgoing.on('error', reject);
    outgoing.on('response', (response) => {
      const parser = new SseParser();
      let received = 0;
      let text = '';
      let closed = false;
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        received += Buffer.byteLength(chunk);
        if (response.statusCode === 200) parser.feed(chunk);
        else text += chunk;
      });
      response.on('error', () => undefined);
      response.on('close', () => (closed = true));
      outgoing.removeListener('error', reject).on('error', () => undefined);
      resolve({
        status: response.statusCode ?? 0,
        headers: response.headers,
        parser,
        events: parser.events,
        get received() {
          return received;
        },
        get closed() {
          return closed;
        },
        get text() {
          return text;
        },
        pause: () => response.pause(),
        resume: () => response.resume(),
        count: (least) => until(`${least} events`, () => parser.events.length >= least && parser.events),
        close: () => response.destroy(),
      });
    });
    outgoing.end();
  });
}
