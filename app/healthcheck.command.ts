// What the image's HEALTHCHECK runs, where there is no shell and no curl: ends with 0 when the process answers, else with 1.
import http from 'node:http';

/** Below the timeout of the HEALTHCHECK in the Dockerfile. */
const ANSWER_WITHIN_MS = 3_000;
const EVERY_ADDRESS: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

const { ADMIN_HOST = '', ADMIN_PORT = '' } = process.env;
const host = ADMIN_HOST === '' || EVERY_ADDRESS.has(ADMIN_HOST) ? '127.0.0.1' : ADMIN_HOST;
const request = http.get({ host, port: ADMIN_PORT === '' ? 9_464 : Number(ADMIN_PORT), path: '/livez', signal: AbortSignal.timeout(ANSWER_WITHIN_MS) }, (response) => {
  response.resume();
  if (response.statusCode === 200) return;
  console.error(`/livez answers ${String(response.statusCode)}.`);
  process.exitCode = 1;
});
request.on('error', ({ message }) => {
  console.error(`/livez does not answer: ${message}`);
  process.exitCode = 1;
});
