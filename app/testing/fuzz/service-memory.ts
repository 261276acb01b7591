// Reads another process's memory after a full collection, over Node's inspector: the service itself needs no door for it.
import { once } from 'node:events';
import { WebSocket } from 'ws';

export interface Memory {
  readonly residentBytes: number;
  readonly heapBytes: number;
}

const COLLECTIONS = 3;

/** `address` is the ws: URL that a process with --inspect writes to its standard error. */
export async function readMemory(address: string): Promise<Memory> {
  const socket = new WebSocket(address);
  await once(socket, 'open');
  let id = 0;
  const call = async (method: string, params: Readonly<Record<string, unknown>> = {}): Promise<Record<string, unknown>> => {
    id += 1;
    const own = id;
    const answered = new Promise<Record<string, unknown>>((resolve) => {
      const read = (data: Buffer): void => {
        const message = JSON.parse(data.toString('utf8')) as { readonly id?: number; readonly result?: Record<string, unknown> };
        if (message.id !== own) return;
        socket.off('message', read);
        resolve(message.result ?? {});
      };
      socket.on('message', read);
    });
    socket.send(JSON.stringify({ id: own, method, params }));
    return answered;
  };
  try {
    // The first leaves what finalisers release; the last finds it gone.
    for (let round = 0; round < COLLECTIONS; round += 1) await call('HeapProfiler.collectGarbage');
    const { result } = await call('Runtime.evaluate', { expression: 'process.memoryUsage()', returnByValue: true });
    const { rss, heapUsed } = (result as { readonly value: { readonly rss: number; readonly heapUsed: number } }).value;
    return { residentBytes: rss, heapBytes: heapUsed };
  } finally {
    socket.terminate();
  }
}
