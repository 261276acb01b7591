// What the image's HEALTHCHECK runs, where there is no shell and no curl: ends with 0 when the process answers, else with 1.
import http from 'node:http';
import https from 'node:https';

/** Below the timeout of the HEALTHCHECK in the Dockerfile. */
const ANSWER_WITHIN_MS = 3_000;
const EVERY_ADDRESS: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

const { ADMIN_HOST = '', ADMIN_PORT = '', LISTEN_TLS = '' } = process.env;
const host = ADMIN_HOST === '' || EVERY_ADDRESS.has(ADMIN_HOST) ? '127.0.0.1' : ADMIN_HOST;
const options = { host, port: ADMIN_PORT === '' ? 9_464 : Number(ADMIN_PORT), path: '/livez', signal: AbortSignal.timeout(ANSWER_WITHIN_MS) };
const isTls = LISTEN_TLS === 'self-signed';
// gates:allow code_avoids_known_weaknesses/tls-verification-off until 2027-11-20: the certificate is in the memory of another process; the address is this machine's own, and nothing but "I live" is asked
const request = isTls ? https.get({ ...options, rejectUnauthorized: false }, judge) : http.get(options, judge);
request.on('error', ({ message }) => {
  console.error(`/livez does not answer: ${message}`);
  process.exitCode = 1;
});

function judge(response: http.IncomingMessage): void {
  response.resume();
  if (response.statusCode === 200) return;
  console.error(`/livez answers ${String(response.statusCode)}.`);
  process.exitCode = 1;
}
