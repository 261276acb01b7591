// Free ports for what must know its address before it listens.
import { once } from 'node:events';
import { randomInt } from 'node:crypto';
import net from 'node:net';

/** Below the range from which systems take outgoing connections' ports, so that only another test could take it meanwhile. */
const [LOWEST, HIGHEST] = [15_000, 30_000];

/** As many different free ports on loopback. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const ports = new Set<number>();
  while (ports.size < count) {
    const port = randomInt(LOWEST, HIGHEST);
    if (await isFree(port)) ports.add(port);
  }
  return [...ports];
}

async function isFree(port: number): Promise<boolean> {
  const probe = net.createServer();
  try {
    await once(probe.listen(port, '127.0.0.1'), 'listening');
    return true;
  } catch {
    return false;
  } finally {
    probe.close();
  }
}
