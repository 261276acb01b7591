// Request smuggling: the corpus of raw-corpus.test.ts, which watches the handlers, sent to the process that runs.
// Tested by attack.proof.ts: bare node:http answers what is hidden.
import net from 'node:net';
import { RAW_CORPUS, type RawCase } from '#app/http/raw-corpus.ts';
import { type AttackClass, type Outcome, Sightings } from './attack.ts';
import type { Target } from './target.ts';

const DEADLINE_MS = 15_000;
const AT_ONCE = 32;

export async function sendRaw(address: string, { bytes, isCut }: Pick<RawCase, 'bytes' | 'isCut'>, deadlineMs = DEADLINE_MS): Promise<string> {
  const { hostname, port } = new URL(address);
  const socket = net.connect({ port: Number(port), host: hostname, allowHalfOpen: true });
  let answer = '';
  const closed = new Promise<void>((resolve) => socket.once('close', () => { resolve(); }));
  socket.on('data', (chunk) => {
    answer += chunk.toString('latin1');
    socket.end();
  });
  socket.once('end', () => socket.end());
  socket.on('error', () => undefined);
  const deadline = setTimeout(() => socket.destroy(), deadlineMs);
  socket.write(bytes, 'latin1');
  if (isCut === true) socket.end();
  await closed;
  clearTimeout(deadline);
  return answer;
}

export function statusesOf(answer: string): readonly number[] {
  return [...answer.matchAll(/HTTP\/1\.1 (\d{3}) [^\r\n]*\r\n/g)].map(([, status]) => Number(status)).filter((status) => status !== 100);
}

async function smuggle(target: Target): Promise<Outcome> {
  const sightings = new Sightings();
  const queue = [...RAW_CORPUS];
  const worker = async (): Promise<void> => {
    for (let raw = queue.shift(); raw !== undefined; raw = queue.shift()) {
      const statuses = statusesOf(await sendRaw(target.address, raw));
      const [first] = statuses;
      // Its routes are the sample's of the tests, so that 404 is as right as the status that the case names.
      const right = first === undefined || (first >= 400 && first <= 499);
      // What stands behind a request that was served is parsed as the next; where it is none, that is said once.
      sightings.note(String(first ?? 'closed'), statuses.slice(1).some((status) => status !== 400) ? `${raw.name}: answered ${statuses.length} times (${statuses.join(', ')})` : right ? undefined : `${raw.name}: answered ${String(first)}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return sightings.outcome();
}

export const attackClass: AttackClass = {
  title: 'Request smuggling',
  source: 'CWE-444',
  setup: 'open',
  attacks: [
    {
      name: 'the raw corpus: lengths, codings, hosts, targets, upgrades, pipelines',
      expected: 'one refusal at most',
      run: smuggle,
      // The front reads leniently, and serves by itself.
      leak: { without: 'refusing what is ambiguous', answer: () => Promise.resolve({ status: 200, headers: {}, body: Buffer.from('served') }) },
    },
  ],
};
