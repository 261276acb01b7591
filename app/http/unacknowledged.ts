// How much of each connection's output its peer has not acknowledged yet, as Linux tells in /proc/net/tcp (proc_pid_net(5)).
import { readFile } from 'node:fs/promises';
import { SocketAddress, type Socket } from 'node:net';

export interface Unacknowledged {
  /** In bytes. */
  of(socket: Pick<Socket, 'remoteAddress' | 'remotePort'>): number;
}

const TABLES = ['/proc/net/tcp', '/proc/net/tcp6'] as const;

/** Of the connections to this local port. Undefined where the system doesn't tell, or may not be asked. */
export async function readUnacknowledged(port: number): Promise<Unacknowledged | undefined> {
  // eslint-disable-next-line security/detect-non-literal-fs-filename -- one of the two above
  const tables = await Promise.all(TABLES.map((file) => readFile(file, 'latin1').catch(() => undefined)));
  if (tables.every((text) => text === undefined)) return undefined;
  const bytes = new Map(tables.flatMap((text) => parseTable(text ?? '', port)));
  return { of: ({ remoteAddress, remotePort }) => bytes.get(`${String(remoteAddress)} ${String(remotePort)}`) ?? 0 };
}

/** `sl local:port remote:port st tx_queue:rx_queue …`, in hexadecimal, addresses in the machine's order of bytes. */
export function parseTable(text: string, port: number): (readonly [peer: string, bytes: number])[] {
  const local = port.toString(16).toUpperCase().padStart(4, '0');
  const found: (readonly [string, number])[] = [];
  for (const line of text.split('\n')) {
    // Most lines end here: nothing waits.
    const [, given, remote = '', , queues = ''] = line.trim().split(/ +/, 5);
    if (!given?.endsWith(`:${local}`) || queues.startsWith('00000000:')) continue;
    const [address = '', remotePort = ''] = remote.split(':');
    found.push([`${toAddress(address)} ${Number.parseInt(remotePort, 16)}`, Number.parseInt(queues, 16)]);
  }
  return found;
}

function toAddress(hex: string): string {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) => (word.match(/../g) ?? []).reverse().map((byte) => Number.parseInt(byte, 16)));
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, index) => (((bytes[index * 2] ?? 0) << 8) | (bytes[index * 2 + 1] ?? 0)).toString(16));
  if (groups.slice(0, 6).join() === '0,0,0,0,0,ffff') return `::ffff:${bytes.slice(12).join('.')}`;
  return new SocketAddress({ address: groups.join(':'), family: 'ipv6' }).address;
}
