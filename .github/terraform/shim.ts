// A proxy before moto: passes every call on, and fills in what AWS documents and moto leaves out, as `gaps.ts` has it.
// What moto has not got at all fails at once: as a 500, which it answers, Terraform would ask again for minutes.
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { type Call, type Gap, gaps } from './gaps.ts';

export interface Shim {
  readonly origin: string;
  /** Calls that neither moto nor a gap answers, as `service operation`. */
  readonly missing: ReadonlySet<string>;
  readonly close: () => Promise<void>;
}

type Answer = Readonly<{ status: number; headers: IncomingHttpHeaders; body: Buffer }>;

/** @param filled other gaps than moto's, where it stands before something else */
export async function startShim(upstream: string, filled: readonly Gap[] = gaps): Promise<Shim> {
  const missing = new Set<string>();
  const kept = filled.map((gap) => ({ gap, memory: new Map<string, Readonly<Record<string, unknown>>>() }));
  const server = createServer((incoming, outgoing) => {
    const answer = async () => {
      // gates:allow code_avoids_known_weaknesses/body-without-limit until 2027-11-20: on the loopback address, and only the Terraform that the proof starts knows the port
      const body = await buffer(incoming);
      const call = readCall(incoming.method ?? 'GET', incoming.url ?? '/', incoming.headers, body);
      const mine = kept.filter(({ gap }) => gap.service === call.service && gap.operation.test(call.operation));
      for (const { gap, memory } of mine) {
        const made = gap.answer?.(call, memory);
        if (made === undefined) continue;
        reply(outgoing, { status: made.status ?? 200, headers: { 'content-type': 'application/x-amz-json-1.1' }, body: Buffer.from(made.body) });
        return;
      }
      const asked = mine.find(({ gap }) => gap.ask !== undefined)?.gap.ask?.(call);
      const from = await pass(upstream, incoming.method, incoming.url, incoming.headers, asked === undefined ? body : Buffer.from(asked));
      if (from.status >= 500) missing.add(`${call.service} ${call.operation}`);
      const text = from.body.toString();
      const amended = from.status >= 300 ? text : mine.reduce((sofar, { gap, memory }) => gap.amend?.(call, sofar, memory) ?? sofar, text);
      reply(outgoing, { ...from, status: from.status >= 500 ? 400 : from.status, body: amended === text ? from.body : Buffer.from(amended) });
    };
    answer().catch((error: unknown) => outgoing.writeHead(502).end(String(error)));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    missing,
    async close() {
      server.closeAllConnections();
      await once(server.close(), 'close');
    },
  };
}

/** The three forms of AWS's APIs: JSON with its operation in a header, a form with it in `Action`, and paths. */
export function readCall(method: string, path: string, headers: IncomingHttpHeaders, body: Buffer): Call {
  const [, service = ''] = /Credential=[^/]+\/\d+\/[^/]+\/([^/]+)\//.exec(headers.authorization ?? '') ?? [];
  const text = body.toString();
  const target = headers['x-amz-target'];
  if (typeof target === 'string') return { service, text, operation: target.slice(target.lastIndexOf('.') + 1), input: JSON.parse(text || '{}') as Call['input'] };
  const form = new URLSearchParams(text);
  const action = headers['content-type']?.startsWith('application/x-www-form-urlencoded') === true ? form.get('Action') : null;
  if (action !== null) return { service, text, operation: action, input: Object.fromEntries(form) };
  return { service, text, operation: `${method} ${path}`, input: text.startsWith('{') ? (JSON.parse(text) as Call['input']) : {} };
}

async function pass(upstream: string, method = 'GET', path = '/', headers: IncomingHttpHeaders, body: Buffer): Promise<Answer> {
  const outgoing = request(upstream + path, { method, headers: { ...headers, connection: 'close', 'content-length': String(body.length) }, setHost: false });
  outgoing.end(body);
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  return { status: response.statusCode ?? 502, headers: response.headers, body: await buffer(response) };
}

function reply(outgoing: ServerResponse, { status, headers, body }: Answer): void {
  const kept = Object.fromEntries(Object.entries(headers).filter(([name]) => name !== 'connection' && name !== 'transfer-encoding'));
  // A HEAD says how long its body would be.
  outgoing.writeHead(status, { ...kept, ...(body.length > 0 ? { 'content-length': String(body.length) } : {}) }).end(body);
}
