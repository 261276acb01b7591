// Events as clients see them: CloudEvents 1.0 in JSON structured mode, encoded once for all sessions of a transport.
import type { LiveEvent } from '#app/live/outbox.ts';
import { frameText } from '#app/live/text-frame.ts';

export interface CloudEvent {
  readonly specversion: '1.0';
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly subject: string;
  readonly time: string;
  readonly datacontenttype: 'application/json';
  /** Extension attributes are lower-case letters and digits (CloudEvents 1.0, 3.1). */
  readonly tenantid: string;
  readonly actor: string;
  /** The trace in which it happened: https://github.com/cloudevents/spec/blob/main/cloudevents/extensions/distributed-tracing.md */
  readonly traceparent?: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export function toCloudEvent(event: LiveEvent, source: string): CloudEvent {
  return {
    specversion: '1.0',
    id: event.id,
    source,
    type: event.type,
    subject: event.subject,
    time: event.time.toISOString(),
    datacontenttype: 'application/json',
    tenantid: event.tenantId,
    actor: event.actor,
    ...(event.traceparent !== undefined && { traceparent: event.traceparent }),
    data: event.data,
  };
}

export type TransportKind = 'sse' | 'websocket';

/** An event on its way out, with the bytes of each transport made at first use. */
export class Envelope {
  readonly event: LiveEvent;
  readonly position: number;
  readonly #source: string;
  readonly #encoded = new Map<TransportKind, Buffer>();

  constructor(event: LiveEvent, source: string) {
    this.event = event;
    this.position = event.position;
    this.#source = source;
  }

  /** As it goes over the wire. */
  encoded(kind: TransportKind): Buffer {
    let bytes = this.#encoded.get(kind);
    if (bytes === undefined) {
      const json = JSON.stringify(toCloudEvent(this.event, this.#source));
      bytes = kind === 'sse' ? Buffer.from(`id: ${this.position}\nevent: ${this.event.type}\ndata: ${json}\n\n`) : frameText(`{"id":${this.position},"event":${json}}`);
      this.#encoded.set(kind, bytes);
    }
    return bytes;
  }
}
