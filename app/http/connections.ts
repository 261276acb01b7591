// How many connections this process holds, in all and of one address (CWE-770), and how long an idle one is kept.
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { Counter, Gauge, type Registry } from 'prom-client';
import { limitKeyOf } from '#app/http/client-address.ts';

export interface ConnectionLimits {
  /** Of the whole process. */
  readonly most: number;
  /** Of one address (IPv6: one /64); undefined behind proxies, whose connections carry everybody's requests. */
  readonly mostOfAddress: number | undefined;
}

/** Closes what is beyond the limits as soon as it is there, and counts it. What is open stays. */
export function limitConnections(server: Server, { most, mostOfAddress }: ConnectionLimits, metrics: Registry): void {
  const refused = new Counter({ name: 'stockade_connections_refused_total', help: 'Connections closed at once because the process, or their address, had too many.', labelNames: ['limit'], registers: [metrics] });
  for (const limit of ['process', 'address']) refused.inc({ limit }, 0);
  const open = new Gauge({ name: 'stockade_connections_open', help: 'Connections of clients, those of live sessions among them.', registers: [metrics] });
  server.maxConnections = most;
  server.on('drop', () => { refused.inc({ limit: 'process' }); });
  const ofAddress = new Map<string, number>();
  server.on('connection', (socket: Socket) => {
    open.inc();
    const address = limitKeyOf(socket.remoteAddress ?? '');
    const count = (ofAddress.get(address) ?? 0) + 1;
    ofAddress.set(address, count);
    socket.once('close', () => {
      open.dec();
      const left = (ofAddress.get(address) ?? 1) - 1;
      if (left === 0) ofAddress.delete(address);
      else ofAddress.set(address, left);
    });
    if (mostOfAddress === undefined || count <= mostOfAddress) return;
    refused.inc({ limit: 'address' });
    socket.resetAndDestroy();
  });
}
