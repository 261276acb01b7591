// What a session needs of the wire that it speaks over, and what it may be told beside events.
import type { Envelope, TransportKind } from '#app/live/cloud-event.ts';

export type ResyncReason =
  /** `Last-Event-ID` is not a position. */
  | 'malformed'
  /** It lies beyond the newest event. */
  | 'unknown'
  /** Retention has removed events that the client hasn't seen. */
  | 'too-old'
  /** There are more events to catch up with than reading everything again costs. */
  | 'too-far'
  /** The client took events more slowly than they came. */
  | 'overflow'
  /** The server itself lost its place. */
  | 'gap';
export type EndReason = 'signed-out' | 'expired' | 'forbidden';

/** What a session is told beside events. `position` is where the client stands after it. */
export type Notice =
  | { readonly kind: 'position'; readonly position: number }
  | { readonly kind: 'resync'; readonly position: number; readonly reason: ResyncReason }
  | { readonly kind: 'reconnect'; readonly afterMs: number }
  | { readonly kind: 'end'; readonly reason: EndReason };

/** The wire. A write answers false when the peer takes no more for now; `onDrain` is called once it does again. */
export interface Transport {
  readonly kind: TransportKind;
  send(envelope: Envelope): boolean;
  notify(notice: Notice): boolean;
  /** False when the peer is known to be gone. */
  heartbeat(): boolean;
  /** Says goodbye and closes. */
  close(notice: Extract<Notice, { kind: 'reconnect' | 'end' }>): void;
  destroy(): void;
  onDrain(listener: () => void): void;
  onClose(listener: () => void): void;
}
