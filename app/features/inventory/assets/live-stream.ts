// The live stream as this page keeps it open: EventSource, and what EventSource does not do by itself.
// Tested by ../board.browser.test.ts: in a browser.

export type StreamState = 'live' | 'reconnecting' | 'offline' | 'ended';

export interface StreamHandlers {
  onEvent(type: string, text: string): void;
  /** What was missed can't be told: read everything again. */
  onResync(): void;
  onState(state: StreamState): void;
}

const [LEAST_DELAY_MS, MOST_DELAY_MS] = [1_000, 30_000];

export function openStream(path: string, types: readonly string[], position: string, handlers: StreamHandlers): void {
  let lastId = position;
  let failures = 0;
  const connect = () => {
    const source = new EventSource(`${path}?lastEventId=${encodeURIComponent(lastId)}`);
    const remember = (event: Event) => {
      if (event instanceof MessageEvent && event.lastEventId !== '') lastId = event.lastEventId;
    };
    source.addEventListener('open', () => {
      failures = 0;
      handlers.onState('live');
    });
    source.addEventListener('error', () => {
      if (source.readyState !== EventSource.CLOSED) {
        handlers.onState('reconnecting');
        return;
      }
      // An answer other than 200 ends an EventSource for good (503 while a process stops, 401 after sign-out).
      failures += 1;
      handlers.onState('offline');
      const delayMs = Math.min(MOST_DELAY_MS, LEAST_DELAY_MS * 2 ** failures);
      setTimeout(connect, delayMs / 2 + (Math.random() * delayMs) / 2);
    });
    for (const type of types) {
      source.addEventListener(type, (event) => {
        remember(event);
        if (event instanceof MessageEvent) handlers.onEvent(type, String(event.data));
      });
    }
    source.addEventListener('resync', (event) => {
      remember(event);
      handlers.onResync();
    });
    source.addEventListener('end', () => {
      source.close();
      handlers.onState('ended');
    });
  };
  connect();
}
