// A collector of traces for the bench: takes OTLP over HTTP, counts the spans, and keeps nothing. The one of the tests
// (app/testing/trace-receiver.ts) reads and keeps each span, which at thousands a second would be what is measured.
import { once } from 'node:events';
import http from 'node:http';

/** Each span has one. */
const SPAN = '"startTimeUnixNano"';
let spans = 0;

const server = http.createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const taken = request.method === 'POST' && request.url === '/v1/traces';
    if (taken) spans += Buffer.concat(chunks).toString('latin1').split(SPAN).length - 1;
    response.writeHead(taken ? 200 : 404, { 'content-type': 'application/json' }).end('{}');
  });
});

process.on('message', () => process.send({ result: { endpoint: `http://127.0.0.1:${server.address().port}`, spans } }));
process.on('disconnect', () => process.exit());
await once(server.listen(0, '127.0.0.1'), 'listening');
process.send('ready');
