// Whose request it is, by address: what limits are counted by while nobody is known.
import { isIP, isIPv4 } from 'node:net';

export interface Connection {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly socket: { readonly remoteAddress?: string | undefined };
}

/**
 * The address `trustedProxies` steps before the connection's own, as the proxies nearest to us wrote it down. What stands further
 * to the left in X-Forwarded-For was written by the client (CWE-348). 0 trusts nobody: the connection's own address.
 */
export function clientAddress({ headers, socket }: Connection, trustedProxies: number): string {
  const own = socket.remoteAddress ?? '';
  if (trustedProxies === 0) return own;
  const hop = withoutPort(hopFromRight(String(headers['x-forwarded-for'] ?? ''), trustedProxies));
  return isIP(hop) === 0 ? own : hop;
}

/** From the right, so that what a client wrote to the left costs nothing, however long. Node joins several lines by commas. */
function hopFromRight(list: string, steps: number): string {
  let end = list.length;
  for (let step = 1; step < steps; step += 1) {
    end = list.lastIndexOf(',', end - 1);
    if (end <= 0) return '';
  }
  return list.slice(list.lastIndexOf(',', end - 1) + 1, end).trim();
}

/** One household or server has a whole /64 of IPv6: counted by address it would never reach a limit. */
export function limitKeyOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (isIP(address) !== 6) return address;
  const [head = '', tail] = canonical(address).split('::');
  const groups = head === '' ? [] : head.split(':');
  if (tail !== undefined) {
    const after = tail === '' ? [] : tail.split(':');
    groups.push(...Array.from({ length: 8 - groups.length - after.length }, () => '0'), ...after);
  }
  return `${groups.slice(0, 4).join(':')}::/64`;
}

/** RFC 5952, the zone left out. */
function canonical(address: string): string {
  return new URL(`http://[${address.split('%')[0] ?? ''}]`).hostname.slice(1, -1);
}

/** Some proxies write the port as well: `192.0.2.1:4711`, `[2001:db8::1]:4711`. */
function withoutPort(hop: string): string {
  const bracketed = /^\[([^\]]+)\]/.exec(hop)?.[1];
  if (bracketed !== undefined) return bracketed;
  const [address = '', port] = hop.split(':');
  return port !== undefined && isIPv4(address) ? address : hop;
}
