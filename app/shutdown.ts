// The end of the process in order: unready → stop accepting → tell live sessions → drain → close, under one deadline.
import type { Server, ServerResponse } from 'node:http';
import net, { type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import type { Logger } from 'pino';
import { isTls, onOpen, wireOf } from '#app/http/listener.ts';

export interface ShutdownStep {
  readonly name: string;
  run(): Promise<unknown>;
}

export interface ShutdownOptions {
  readonly deadlineMs: number;
  readonly log: Logger;
}

/** Runs the steps one after the other; a failed one is logged and doesn't stop the next. Returns what was not finished by the deadline. */
export async function shutDown(steps: readonly ShutdownStep[], { deadlineMs, log }: ShutdownOptions): Promise<readonly string[]> {
  const unfinished = new Set(steps.map(({ name }) => name));
  const deadline = new AbortController();
  const inOrder = async () => {
    for (const step of steps) {
      if (deadline.signal.aborted) return;
      try {
        await step.run();
        unfinished.delete(step.name);
      } catch (error) {
        log.error({ err: error, step: step.name }, 'shutdown step failed');
      }
    }
  };
  // It holds the process open: a step that waits for what holds none (the embedded database) would end it as if all were done.
  const tooLate = wait(deadlineMs, undefined, { signal: deadline.signal }).catch(() => undefined);
  await Promise.race([inOrder(), tooLate]);
  deadline.abort();
  return [...unfinished];
}

/** Stops accepting and waits for the requests under way; connections that are still open after `drainTimeoutMs` are cut. */
export type CloseServer = (drainTimeoutMs: number) => Promise<void>;

interface Connection {
  /** What its requests come through; undefined during the handshake of TLS, in which nothing has been asked for yet. */
  socket: Socket | undefined;
  readonly answers: Set<ServerResponse>;
  /** What had been read when the last request was over: more than that is another request, or an upgraded connection. */
  settledBytes: number;
}

/**
 * To be called before the server listens, since it follows the connections itself. http.Server's own close() cuts an answer
 * that a slow client is still reading, leaves open the connection of one that ends later, until its keep-alive is over, and
 * doesn't know connections that were upgraded.
 */
export function prepareClose(server: Server): CloseServer {
  const connections = new Map<Socket, Connection>();
  let closing = false;
  server.on('connection', (wire) => {
    connections.set(wire, { socket: isTls(server) ? undefined : wire, answers: new Set(), settledBytes: 0 });
    wire.once('close', () => connections.delete(wire));
  });
  onOpen(server, (socket) => {
    const connection = connections.get(wireOf(socket));
    if (connection !== undefined) connection.socket = socket;
  });
  server.on('request', (request, response) => {
    const { socket } = request;
    const connection = connections.get(wireOf(socket));
    if (connection === undefined) return;
    const settle = () => {
      connection.settledBytes = socket.bytesRead;
    };
    connection.answers.add(response);
    // Either may be the last: a refusal goes out before the body that it refuses has come in.
    request.once('close', settle);
    response.once('close', () => {
      settle();
      connection.answers.delete(response);
      if (closing && connection.answers.size === 0) socket.destroySoon();
    });
  });
  const leave = (wire: Socket, { socket, answers, settledBytes }: Connection) => {
    if (answers.size === 0 && (socket === undefined || socket.bytesRead === settledBytes)) wire.destroy();
    // Says `Connection: close`, so that the client doesn't send its next request into the end of this connection.
    for (const response of answers) if (!response.headersSent) response.shouldKeepAlive = false;
  };
  return async (drainTimeoutMs) => {
    closing = true;
    const cut = setTimeout(() => {
      for (const wire of connections.keys()) wire.destroy();
    }, drainTimeoutMs);
    try {
      await new Promise<void>((resolve, reject) => {
        net.Server.prototype.close.call(server, (error) => {
          if (error) reject(error);
          else resolve();
        });
        for (const [wire, connection] of connections) leave(wire, connection);
      });
    } finally {
      clearTimeout(cut);
    }
  };
}
