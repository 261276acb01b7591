// Valkey or Redis, for what processes count together. It may go away at any time: nothing waits for it.
// Tested by shared-store.test.ts and rate-limit.test.ts: with a real server.
import { createClient } from '@redis/client';
import type { Logger } from 'pino';

export interface SharedStore {
  /** For the library that counts; its types know no client. */
  readonly client: object;
  readonly isReady: () => boolean;
  /** Called at each change between ready and away. */
  readonly onChange: (listener: (ready: boolean) => void) => void;
  readonly close: () => Promise<void>;
}

/** A limit is asked at every request: a store that is slower than this counts as away. */
const ANSWER_WITHIN_MS = 100;
const CONNECT_WITHIN_MS = 1_000;
const [FIRST_RETRY_MS, LAST_RETRY_MS] = [50, 1_000];

export interface SharedStoreOptions {
  readonly log: Logger;
  /** Where the address comes from a file: as it is there now. Its login is followed, its host is not. */
  readonly currentUrl?: ((onProblem: (problem: string) => void) => string) | undefined;
}

/** Connects in the background. */
export function openSharedStore(url: string, { log, currentUrl = () => url }: SharedStoreOptions): SharedStore {
  const client = createClient({
    url: withoutLogin(url),
    // Asked at each connection. One that stands keeps its login.
    credentialsProvider: { type: 'async-credentials-provider', credentials: () => Promise.resolve(loginOf(currentUrl((problem) => { log.warn({ problem }, 'the file of a secret is of no use: its last good value stays in force'); }))) },
    // Waiting for a store that is away would make its outage ours.
    disableOfflineQueue: true,
    commandOptions: { timeout: ANSWER_WITHIN_MS },
    socket: { connectTimeout: CONNECT_WITHIN_MS, reconnectStrategy: (retries: number) => Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(retries, 10)) * (0.5 + Math.random() / 2) },
  });
  const listeners: ((ready: boolean) => void)[] = [];
  let ready = false;
  const change = (now: boolean) => {
    if (now === ready) return;
    ready = now;
    for (const listener of listeners) listener(now);
  };
  client.on('ready', () => { change(true); });
  client.on('end', () => { change(false); });
  client.on('error', (error: unknown) => {
    log.debug({ err: error }, 'the shared store failed');
    change(false);
  });
  // It goes on trying by itself; only closing ends that.
  client.connect().catch((error: unknown) => { log.debug({ err: error }, 'the shared store was given up'); });
  return {
    client,
    isReady: () => ready,
    onChange: (listener) => void listeners.push(listener),
    close() {
      client.destroy();
      return Promise.resolve();
    },
  };
}

/** One in the address would win. */
function withoutLogin(url: string): string {
  return Object.assign(new URL(url), { username: '', password: '' }).href;
}

function loginOf(url: string): { readonly username?: string; readonly password?: string } {
  const { username, password } = new URL(url);
  return { ...(username !== '' && { username: decodeURIComponent(username) }), ...(password !== '' && { password: decodeURIComponent(password) }) };
}
