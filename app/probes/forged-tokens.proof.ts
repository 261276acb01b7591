// `npm run probe -- forged-tokens`: sends every forged access token to a running service, and good ones between them.
import { performance } from 'node:perf_hooks';
import { startForge } from '#app/testing/forged-tokens.ts';
import { formatRows } from '#app/testing/report.ts';
import { startTestService } from '#app/testing/service.ts';

const AUDIENCE = 'https://api.example.com';
/** Any route that asks who it is. */
const PATH = '/api/v1/sessions';

interface Answer {
  readonly status: number;
  readonly code: string;
  readonly ms: number;
}

async function ask(origin: string, token: string): Promise<Answer> {
  const from = performance.now();
  const response = await fetch(origin + PATH, { headers: { authorization: `Bearer ${token}`, accept: 'application/json' } });
  const body = (await response.json()) as { readonly type?: string };
  return { status: response.status, code: body.type?.replace('/problems/', '') ?? '', ms: performance.now() - from };
}

const forge = await startForge(AUDIENCE, () => new Date());
const service = await startTestService({ environment: { OIDC_ISSUER: forge.issuer, OIDC_SIGNATURES: 'legacy-rsa', OIDC_CLIENT_ID: 'forge', OIDC_AUDIENCE: AUDIENCE } });
const rows: string[][] = [['', 'token', 'after', 'answer', 'ms']];
let failures = 0;
const record = (holds: boolean, name: string, source: string, { status, code, ms }: Answer): void => {
  if (!holds) failures += 1;
  rows.push([holds ? '✔' : '✖', name, source, `${status} ${code}`.trim(), ms.toFixed(1)]);
};
const summarise = (holds: boolean, name: string, source: string): void => {
  if (!holds) failures += 1;
  rows.push([holds ? '✔' : '✖', name, source]);
};
try {
  const checkGood = async (when: string): Promise<void> => {
    const answer = await ask(service.url, await forge.sign(forge.claims()));
    record(answer.status === 200, `a good token, ${when}`, '', answer);
  };
  await checkGood('before');
  for (const { name, source, make } of forge.forgeries) {
    const answer = await ask(service.url, await make());
    record(answer.status === 401 && ['invalid-token', 'invalid-authorization'].includes(answer.code), name, source, answer);
  }
  await checkGood('after');
  summarise(forge.keyRequests() <= 2, `fetches of the keys: ${forge.keyRequests()}`, 'CWE-400');
  summarise(forge.strayRequests() === 0, `addresses out of tokens that were followed: ${forge.strayRequests()}`, 'CWE-918');
} finally {
  await service.close();
  forge.close();
}
console.log(formatRows(rows));
console.log(`${forge.forgeries.length} forged tokens, ${failures} that did not hold`);
if (failures > 0) process.exitCode = 1;
