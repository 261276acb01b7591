// Who is told: a webhook of Alertmanager for each receiver, on loopback, each with a port of its own so that one of them can go away.
// Tested by receiver.test.ts.
import { once } from 'node:events';
import http, { type Server } from 'node:http';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import { freePorts } from '#app/testing/ports.ts';

export interface Notification {
  readonly receiver: string;
  readonly alert: string;
  readonly status: 'firing' | 'resolved';
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** When it came here, in ms since 1970. */
  readonly at: number;
}

export interface Receivers {
  /** Name → host and port. */
  readonly addresses: Readonly<Record<string, string>>;
  received(): readonly Notification[];
  /** Nobody listens there any more. */
  stop(name: string): Promise<void>;
  start(name: string): Promise<void>;
  close(): Promise<void>;
}

/** https://prometheus.io/docs/alerting/latest/configuration/#webhook_config */
const Message = z.looseObject({
  alerts: z.array(z.looseObject({ status: z.enum(['firing', 'resolved']), labels: z.record(z.string(), z.string()), annotations: z.record(z.string(), z.string()).default({}) })),
});

export async function startReceivers(names: readonly string[]): Promise<Receivers> {
  const ports = await freePorts(names.length);
  const portOf = new Map(names.map((name, index) => [name, ports[index] ?? 0]));
  const servers = new Map<string, Server>();
  const all: Notification[] = [];

  const start = async (name: string): Promise<void> => {
    const server = http.createServer((request, response) => {
      // gates:allow code_avoids_known_weaknesses/body-without-limit until 2027-11-20: on the loopback address, and only the Alertmanager that the proof starts knows the port
      void text(request).then((body) => {
        const message = Message.safeParse(JSON.parse(body));
        for (const { status, labels, annotations } of message.data?.alerts ?? []) all.push({ receiver: name, alert: labels['alertname'] ?? '', status, labels, annotations, at: Date.now() });
        response.writeHead(message.success ? 200 : 400).end();
      }).catch(() => response.destroy());
    });
    await once(server.listen(portOf.get(name), '127.0.0.1'), 'listening');
    servers.set(name, server);
  };
  const stop = async (name: string): Promise<void> => {
    const server = servers.get(name);
    if (server === undefined) return;
    servers.delete(name);
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  };
  for (const name of names) await start(name);
  return {
    addresses: Object.fromEntries([...portOf].map(([name, port]) => [name, `127.0.0.1:${port}`])),
    received: () => all,
    stop,
    start,
    async close() {
      for (const name of names) await stop(name);
    },
  };
}
