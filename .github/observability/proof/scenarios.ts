// For each alert the fault that fires it: real ones, from outside, and how each is lifted again. What stands beside each other in a stage
// runs side by side; the stages run one after the other, those first whose slow burns take longest to be over.
// Tested by prove-observability.ts, and by verdict.test.ts that no alert is left out.
import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { until } from '#app/testing/condition.ts';
import { connectSse, type SseClient } from '#app/testing/sse-client.ts';
import { anyEventType, ask, AUDITED, commitEvents, hold, holdInTurns, keepDoing, type Lift, person, STREAM } from './driving.ts';
import type { Stack } from './stack.ts';

export interface Scenario {
  readonly alerts: readonly string[];
  readonly fault: string;
  /** Of its alerts those that have to fire before it is lifted; else all. The others follow: an alert that inhibits them has to resolve first. */
  readonly firstly?: readonly string[];
  /** Whether it lasts until Prometheus has seen all of them: few that fail are nobody’s slow burn. */
  readonly lasts?: boolean;
  /** Brings it about, and says how to lift it. */
  readonly inject: (stack: Stack) => Promise<Lift>;
}

/** What the service of the stack needs beside its defaults. */
export const SERVICE = {
  environment: { NODE_OPTIONS: '--max-old-space-size=256 --max-semi-space-size=2', RATE_LIMIT_READ: '600' },
  preloads: [new URL('./leak.ts', import.meta.url)],
};

/** Asked by a GET of the API that no feature is needed for. */
const TABLE = 'session';
const READ = '/api/v1/sessions';
const FORBIDDEN = '/api/v1/audit-entries';
const LOCK = `lock table ${TABLE} in access exclusive mode`;
/** Above the objective of 0.25 s, and so short that the probe of a scrape comes through in its second. */
const SLOW_S = 0.32;
/** The connections of the service's pool, by default. */
const POOL = 10;
/** "live" in ASCII, and the first of its locks (app/live/locks.ts): who holds it is the one process that gives events their places. */
const SEQUENCER = "select pg_advisory_xact_lock(x'6c697665'::integer, 1)";

const burns = (objective: string): readonly string[] => ['Fast', 'Middle', 'Slow'].map((speed) => `${objective}Burn${speed}`);

const unanswered: Scenario = {
  alerts: burns('Availability'),
  firstly: ['AvailabilityBurnFast'],
  lasts: true,
  fault: 'a table that requests read is locked for longer than a statement may wait: 5xx',
  async inject({ service, database }) {
    const release = await hold(database, LOCK);
    const tokens = await Promise.all(Array.from({ length: POOL - 3 }, (_, index) => service.token(person(`waiting-${index}`, 'viewer'))));
    const stops = tokens.map((token) => keepDoing(() => ask(service, READ, { token }), { everyMs: 10 }));
    return async () => {
      await release();
      await Promise.all(stops.map((stop) => stop()));
    };
  },
};

const slowQueries: Scenario = {
  alerts: ['DatabasePoolSaturated', ...burns('Latency')],
  firstly: ['DatabasePoolSaturated', 'LatencyBurnFast'],
  lasts: true,
  fault: `the same table is locked for ${SLOW_S} s at a time, by more requests than the pool has connections`,
  async inject({ service, database }) {
    const release = await holdInTurns(database, LOCK, SLOW_S);
    const tokens = await Promise.all(Array.from({ length: POOL + 6 }, (_, index) => service.token(person(`slow-${index}`, 'viewer'))));
    const stops = tokens.map((token) => keepDoing(() => ask(service, READ, { token }), { everyMs: 0 }));
    return async () => {
      await Promise.all(stops.map((stop) => stop()));
      await release();
    };
  },
};

const stuckSequencer: Scenario = {
  alerts: ['OutboxLag', ...burns('Freshness')],
  firstly: ['OutboxLag'],
  fault: 'another process holds the sequencer’s lock and does not go on; live sessions get 60 events once it is gone',
  async inject(stack) {
    await anyEventType(stack.service);
    const clients = await openStreams(stack, 3);
    const release = await hold(stack.database, SEQUENCER);
    await commitEvents(stack, { count: 20, bytes: 10 });
    return async () => {
      await release();
      await until('the events to arrive', () => clients.every(({ events }) => events.filter(({ data }) => data.includes('"filler"')).length === 20), 30_000);
      for (const client of clients) client.close();
    };
  },
};

const stalledReaders: Scenario = {
  alerts: ['LiveDeliveryDrops'],
  fault: '16 clients open the live stream and read nothing, while there is more to say than fits into their buffers',
  async inject(stack) {
    await anyEventType(stack.service);
    const clients = await openStreams(stack, 16);
    for (const client of clients) client.pause();
    const stop = keepDoing(() => commitEvents(stack, { count: 10, bytes: 100_000 }), { everyMs: 200 });
    return async () => {
      await stop();
      for (const client of clients) client.close();
    };
  },
};

async function openStreams({ service }: Stack, count: number): Promise<readonly SseClient[]> {
  return Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const client = await connectSse(service.origin + STREAM, { authorization: `Bearer ${await service.token(person(`listener-${index}`, 'manager'))}`, 'x-forwarded-for': `10.1.1.${index}` });
      if (client.status !== 200) throw new Error(`the stream answered ${client.status}`);
      return client;
    }),
  );
}

const forgedTokens: Scenario = {
  alerts: ['ForgedTokenSpike'],
  fault: 'access tokens whose payload was changed (a viewer’s roles) are sent, ten a second',
  async inject({ service }) {
    const [header = '', payload = '', signature = ''] = (await service.token(person('forger', 'viewer'))).split('.');
    // gates:allow code_avoids_known_weaknesses/token-read-by-hand until 2027-11-20: it forges one, of which nothing is believed
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Readonly<Record<string, unknown>>;
    const token = [header, Buffer.from(JSON.stringify({ ...claims, roles: ['manager'] })).toString('base64url'), signature].join('.');
    return keepDoing(() => ask(service, READ, { token }), { everyMs: 100 });
  },
};

const stolenCodes: Scenario = {
  alerts: ['SignInFailureSpike'],
  fault: 'sign-ins are completed with codes that the provider gave to nobody here',
  inject: ({ service, issuer }) =>
    Promise.resolve(
      keepDoing(
        async () => {
          const begun = await ask(service, '/auth/sign-in');
          const state = new URL(begun.headers.get('location') ?? '').searchParams.get('state') ?? '';
          const cookie = begun.headers.getSetCookie().map((line) => line.split(';', 1)[0]).join('; ');
          await ask(service, `/auth/callback?${new URLSearchParams({ code: 'stolen', state, iss: issuer.origin }).toString()}`, { headers: { cookie } });
        },
        { sideBySide: 4, everyMs: 100 },
      ),
    ),
};

const denials: Scenario = {
  alerts: ['AccessDenialSpike'],
  fault: 'a viewer asks for the audit trail, twenty times a second',
  async inject({ service }) {
    const token = await service.token(person('curious', 'viewer'));
    return keepDoing(() => ask(service, FORBIDDEN, { token }), { sideBySide: 2, everyMs: 100 });
  },
};

const brokenGrants: Scenario = {
  alerts: ['AccessRulesStale'],
  fault: 'the file of grants is half written',
  async inject({ service }) {
    const good = await readFile(service.grantsFile, 'utf8');
    await writeFile(service.grantsFile, good.slice(0, -5));
    return () => writeFile(service.grantsFile, good);
  },
};

const changedEntry: Scenario = {
  alerts: ['AuditChainBroken'],
  fault: 'an entry of the audit trail is changed in the database',
  async inject({ service, database }) {
    const token = await service.token(person('exporter', 'viewer'));
    const { status } = await ask(service, AUDITED, { method: 'POST', token });
    if (status !== 200) throw new Error(`the export answered ${status}`);
    const [entry] = await until('an entry to be sealed', async () => {
      const rows = await database.ask('select id, resource from audit_entry where position is not null limit 1');
      return rows.length > 0 && rows;
    }, 30_000);
    const write = (resource: unknown): Promise<unknown> => database.ask('update audit_entry set resource = $1 where id = $2', [resource, entry?.['id']]);
    await write('/somebody/else');
    return async () => {
      await write(entry?.['resource']);
    };
  },
};

const hinderedVerification: Scenario = {
  alerts: ['AuditVerificationStale'],
  fault: 'a table that the verification of the audit trail reads is locked, by whoever left a transaction open',
  inject: ({ database }) => hold(database, 'lock table audit_checkpoint in access exclusive mode'),
};

const flood: Scenario = {
  alerts: ['RateLimitSurge'],
  fault: 'a program reads as often as it can, and is refused beyond 600 a minute',
  async inject({ service }) {
    const token = await service.token(person('flooder', 'viewer'));
    return keepDoing(() => ask(service, READ, { token }), { sideBySide: 6, everyMs: 0 });
  },
};

const oldCertificate: Scenario = {
  alerts: ['CertificateExpiring'],
  fault: 'the identity provider shows a certificate that ends tomorrow',
  inject: ({ issuer, service }) => {
    // As a load balancer asks all the time; the service asks the provider then.
    const stop = keepDoing(() => fetch(`${service.adminOrigin}/readyz`).then((response) => response.arrayBuffer()), { everyMs: 500 });
    issuer.show('expiring');
    return Promise.resolve(async () => {
      issuer.show('renewed');
      const renewed = (): Promise<boolean> => fetch(`${service.adminOrigin}/metrics`).then(async (response) => Number(/^stockade_certificate_expiry_timestamp_seconds\{peer="issuer"\} (\S+)$/m.exec(await response.text())?.[1]) * 1_000 > Date.now() + 30 * 86_400_000);
      await until('the service to meet the new certificate', renewed, 30_000);
      await stop();
    });
  },
};

const throttled: Scenario = {
  alerts: ['EventLoopLag'],
  fault: 'the process gets the processor half of the time, as under a quota: SIGSTOP and SIGCONT in turn',
  inject: ({ service: { process: { child } } }) => {
    const stop = keepDoing(
      async () => {
        child.kill('SIGSTOP');
        await delay(220);
        child.kill('SIGCONT');
      },
      { everyMs: 220 },
    );
    return Promise.resolve(stop);
  },
};

const leak: Scenario = {
  alerts: ['HeapNearLimit'],
  fault: 'something keeps what it should let go, to 94 % of the heap: a preload of the proof’s own (leak.ts)',
  inject: ({ service: { process: { child } } }) => {
    child.kill('SIGUSR2');
    return Promise.resolve(() => {
      child.kill('SIGUSR2');
      return Promise.resolve();
    });
  },
};

const stoppedDatabase: Scenario = {
  alerts: ['DatabaseUnavailable'],
  fault: 'PostgreSQL is killed (kill -9), and started again',
  async inject({ database }) {
    await database.kill();
    return () => database.start();
  },
};

const forgottenTarget: Scenario = {
  alerts: ['MetricsAbsent'],
  fault: 'the service is no longer among the targets of Prometheus',
  async inject({ prometheus }) {
    const file = path.join(prometheus.directory, 'targets/stockade.json');
    const targets = await readFile(file, 'utf8');
    await writeFile(file, '[]');
    return () => writeFile(file, targets);
  },
};

const frozenService: Scenario = {
  alerts: ['TargetDown'],
  fault: 'the service hangs: SIGSTOP',
  inject: ({ service: { process: { child } } }) => {
    child.kill('SIGSTOP');
    return Promise.resolve(() => {
      child.kill('SIGCONT');
      return Promise.resolve();
    });
  },
};

const deadReceiver: Scenario = {
  alerts: ['NotificationsFailing'],
  fault: 'a receiver of Alertmanager is away: nobody listens at its port',
  async inject({ receivers }) {
    await receivers.stop('watchdog');
    return () => receivers.start('watchdog');
  },
};

const unsoundRule: Scenario = {
  alerts: ['RuleEvaluationFailing'],
  fault: 'somebody adds a rule that joins many with many',
  async inject({ prometheus }) {
    const file = path.join(prometheus.directory, 'unsound.rules.yaml');
    await writeFile(file, 'groups: [{ name: unsound, interval: 500ms, rules: [{ record: "up:many:ratio", expr: up / on () up }] }]\n');
    prometheus.reload();
    return async () => {
      await rm(file);
      prometheus.reload();
    };
  },
};

/** The other way round: it always fires, and that it no longer does is what somebody elsewhere has to notice. */
export const WATCHDOG: Scenario = {
  alerts: ['Watchdog'],
  fault: 'none, it fires while all is well; then Prometheus hangs: SIGSTOP',
  inject: ({ prometheus: { pid } }) =>
    Promise.resolve(() => {
      process.kill(pid, 'SIGSTOP');
      return Promise.resolve();
    }),
};

export const STAGES: readonly (readonly Scenario[])[] = [
  [unanswered],
  [slowQueries],
  [stuckSequencer, changedEntry, forgedTokens, stolenCodes, brokenGrants, oldCertificate],
  [denials, flood, unsoundRule],
  [stalledReaders],
  [deadReceiver],
  [hinderedVerification],
  [throttled],
  [leak],
  [stoppedDatabase],
  [forgottenTarget],
  [frozenService],
  [WATCHDOG],
];
