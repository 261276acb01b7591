// `npm run probe -- unknown-account`: does the time of a failed sign-in tell whether there is such an account? Both kinds in
// random order against a running service; how often a single time would tell them apart.
import { randomInt } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { median, percentile } from '#app/bench/statistics.ts';
import { formatRows } from '#app/testing/report.ts';
import { startTestService } from '#app/testing/service.ts';
import { tablesOf } from '../tables.ts';
import { createPerson, TestBrowser } from './test-person.ts';
import { shareOfGreater } from './distributions.ts';

const SIGN_INS = 300;
const PEOPLE = 10;
/** Half is chance. With so many of each, chance alone goes beyond in one run of several thousand. */
const MOST_TOLD_APART = 0.6;
const WARM_UP = 20;

const service = await startTestService({ environment: { TRUSTED_PROXIES: '1' } });
const times = { known: [] as number[], unknown: [] as number[] };
try {
  for (let index = 0; index < PEOPLE; index += 1) await createPerson(service, `known-${index}`);
  const order = Array.from({ length: 2 * SIGN_INS }, (_, index) => (index % 2 === 0 ? 'known' : 'unknown')).toSorted(() => randomInt(3) - 1);
  for (const [index, kind] of [...Array.from({ length: WARM_UP }, () => 'unknown' as const), ...order].entries()) {
    // The delays after failures have a test of their own; here they would hide what is measured.
    await tablesOf(service.database.owner).deleteFrom('account_throttle').execute();
    const browser = new TestBrowser(service.url);
    const email = `${kind}-${randomInt(PEOPLE)}@acme.test`;
    const from = performance.now();
    const { status } = await browser.signIn({ tenantId: 'acme', email }, 'a wrong password, as ever');
    const ms = performance.now() - from;
    if (status !== 422) throw new Error(`A failed sign-in was answered with ${status}.`);
    if (index >= WARM_UP) times[kind].push(ms);
    if (index % 100 === 0) console.log(`${index} of ${order.length + WARM_UP}`);
  }
} finally {
  await service.close();
}
const told = shareOfGreater(times.known, times.unknown);
const apart = Math.max(told, 1 - told);
const row = (name: string, values: readonly number[]) => [name, String(values.length), ...[median(values), percentile(values, 0.1), percentile(values, 0.9), percentile(values, 0.99)].map((ms) => ms.toFixed(1))];
console.log(formatRows([['account', 'sign-ins', 'median ms', 'p10', 'p90', 'p99'], row('there, wrong password', times.known), row('not there', times.unknown)]));
const holds = apart <= MOST_TOLD_APART;
console.log(`${holds ? '✔' : '✖'} one time tells them apart in ${(apart * 100).toFixed(1)} % (chance: 50 %, at most ${MOST_TOLD_APART * 100} %)`);
if (!holds) process.exitCode = 1;
