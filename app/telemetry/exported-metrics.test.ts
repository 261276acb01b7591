// Every metric of the running service: that it says what it is, in which unit, that its labels are bounded, and that
// observability/METRICS.md tells of it. `METRICS=write npm test -- exported-metrics` writes that page.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { findFeatures } from '#app/features.ts';
import { expose } from '#app/telemetry/metrics.ts';
import { openTracing } from '#app/telemetry/tracing.ts';
import { until } from '#app/testing/condition.ts';
import { startTestService, type TestService } from '#app/testing/service.ts';

interface Family {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly unit: string;
  readonly labels: ReadonlyMap<string, ReadonlySet<string>>;
  readonly samples: number;
}

const PAGE = new URL('../../observability/METRICS.md', import.meta.url);
const OPEN_METRICS = { accept: 'application/openmetrics-text;version=1.0.0' };
/** Of the metric that they belong to. */
const SUFFIX = /_(?:bucket|sum|count|total)$/;
/** What counts something that is there now, or says yes or no: its name says what, as the conventions write it. */
const UNITLESS = new Set(['stockade_access_grants_valid', 'http_server_active_requests', 'db_client_connection_count', 'db_client_connection_max', 'db_client_connection_pending_requests', 'stockade_database_available', 'stockade_live_sessions', 'stockade_audit_chain_intact', 'stockade_connections_open', 'stockade_rate_limit_store_up', 'stockade_build_info']);

/** What there is no series of in this test: a peer that speaks TLS, a span. */
const UNSEEN_LABELS = new Map([['stockade_certificate_expiry_timestamp_seconds', ['peer']], ['stockade_spans', ['outcome']]]);

/** @throws AssertionError for what is no OpenMetrics text, as far as it is used here (https://prometheus.io/docs/specs/om/open_metrics_spec/). */
function parse(text: string): ReadonlyMap<string, Family> {
  const families = new Map<string, { name: string; type: string; help: string; unit: string; labels: Map<string, Set<string>>; samples: number }>();
  assert.ok(text.endsWith('\n# EOF\n'), 'the text ends as OpenMetrics must');
  for (const line of text.trimEnd().split('\n').slice(0, -1)) {
    const [, kind, name = '', rest = ''] = /^# (HELP|TYPE|UNIT) (\S+) (.+)$/.exec(line) ?? [];
    if (kind !== undefined) {
      const family = families.get(name) ?? { name, type: '', help: '', unit: '', labels: new Map(), samples: 0 };
      families.set(name, family);
      Object.assign(family, { [kind.toLowerCase()]: rest });
      continue;
    }
    const [, sample = '', , labels = '', value = ''] = /^([a-z][a-z0-9_]*)(\{(.*?)\})? (\S+)(?: # \{[^}]*\} \S+ \S+)?$/.exec(line) ?? [];
    assert.ok(Number.isFinite(Number(value)) && value !== '', `no sample: ${line}`);
    const family = families.get(sample) ?? families.get(sample.replace(SUFFIX, ''));
    assert.ok(family, `${sample} belongs to nothing`);
    family.samples += 1;
    for (const [, label = '', text = ''] of labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)) {
      if (label !== 'le') family.labels.set(label, (family.labels.get(label) ?? new Set()).add(text));
    }
  }
  return families;
}

const shown = ({ name, type }: Family): string => (type === 'counter' ? `${name}_total` : name);

const labelsOf = ({ name, labels }: Family): readonly string[] => UNSEEN_LABELS.get(name) ?? [...labels.keys()];

/** What a person has written beside a metric stays. */
function noteOn(page: string, row: string): string {
  const [, name = ''] = row.split('|');
  return (page.split('\n').find((line) => line.startsWith(`|${name}|`))?.split('|')[6] ?? '').trim();
}

describe('what the running service exports', () => {
  let service: TestService;
  let own: (family: Family) => boolean;
  let directory: string;
  before(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'stockade-metrics-'));
    const grants = path.join(directory, 'grants.json');
    await writeFile(grants, JSON.stringify({ revision: 'r-1', grants: {} }));
    service = await startTestService({ environment: { ACCESS_GRANTS_FILE: grants } });
    const features = (await findFeatures()).map(({ name }) => `stockade_${name.replaceAll('-', '_')}_`);
    own = ({ name }) => !features.some((prefix) => name.startsWith(prefix));
  });
  after(async () => {
    await service.close();
    await rm(directory, { recursive: true });
  });
  /** Only where spans go somewhere: here nothing is sent. */
  const ofTracing = async () => {
    const metrics = new Registry();
    const tracing = openTracing({ endpoint: 'http://127.0.0.1:1', sampler: 'parentbased_always_on', ratio: 1, callers: 'strangers' }, { log: pino({ level: 'silent' }), metrics });
    await tracing.stop();
    return parse((await expose(metrics, OPEN_METRICS.accept)).text);
  };
  const scrape = async () => parse(await (await fetch(`${service.adminUrl}/metrics`, { headers: OPEN_METRICS })).text());

  test('each metric has a help that is a sentence, a type, and a unit in its name, or counts', async () => {
    for (const family of (await scrape()).values()) {
      const { name, type, help, unit } = family;
      assert.match(help, /^[A-Z0-9][^\\"]+\.$/, name);
      assert.match(type, /^(?:counter|gauge|histogram)$/, name);
      const [, suffix = ''] = /_(seconds|bytes|ratio)$/.exec(name) ?? [];
      assert.equal(unit, suffix, `${name} tells its unit`);
      assert.ok(unit !== '' || type === 'counter' || UNITLESS.has(name), `${name} has no unit`);
      assert.match(name, /^(?:http|db|v8js|nodejs|process|stockade)_/, 'a name of the conventions, or ours');
    }
  });

  test('labels are of few values, and none holds anything that a client has made up, under hostile input', async () => {
    const visitor = await service.as('clerk');
    const paths = ['/api/v1/', '/assets/', '/auth/', '/', '/auth/callback?state='];
    const methods = http.METHODS.filter((method) => method !== 'CONNECT');
    const canary = () => `canary${crypto.randomUUID()}`;
    const send = (index: number) =>
      new Promise<void>((resolve) => {
        const request = http.request(`${service.url}${paths[index % paths.length] ?? ''}${canary()}?${canary()}`, {
          method: methods[index % methods.length] ?? 'GET',
          agent: false,
          headers: { 'user-agent': canary(), authorization: `Bearer ${canary()}.${canary()}.x`, 'x-request-id': canary(), traceparent: canary(), origin: `https://${canary()}.test`, 'idempotency-key': canary() },
        });
        request.setTimeout(10_000, () => { request.destroy(); }).on('error', () => { resolve(); }).on('response', (response) => response.resume().on('close', resolve));
        request.end();
      });
    const quiet = await scrape();
    for (let index = 0; index < 300; index += 1) await send(index);
    await visitor.fetch(`/api/v1/items/${canary()}`);
    await until('the requests to be counted', async () => ((await scrape()).get('http_server_active_requests')?.samples ?? 0) > 5);
    const families = await scrape();
    for (const { name, labels, samples } of families.values()) {
      for (const [label, values] of labels) {
        assert.ok(values.size <= 60, `${name} has ${values.size} values of ${label}`);
        for (const value of values) assert.doesNotMatch(value, /canary/, `${name}{${label}}`);
      }
      // Fourteen buckets and three more for each of some 40 series, the most that a metric here has.
      assert.ok(samples <= 17 * 60, `${name} has ${samples} samples`);
    }
    const series = (of: ReadonlyMap<string, Family>) => [...of.values()].reduce((sum, { samples }) => sum + samples, 0);
    assert.ok(series(families) - series(quiet) < 1_500, `${series(quiet)} samples became ${series(families)}`);
  });

  // Where a fork has taken the folder away there is nothing to tell, and CI lets no test be skipped.
  if (existsSync(new URL('.', PAGE))) test('observability/METRICS.md tells of every metric of the platform, and of nothing else', async () => {
    const rows = [...(await scrape()).values(), ...(await ofTracing()).values()].filter(own).sort((one, other) => shown(one).localeCompare(shown(other), 'en')).map((family) => `| \`${shown(family)}\` | ${family.type} | ${family.unit} | ${labelsOf(family).map((label) => `\`${label}\``).join(', ')} | ${family.help} |`);
    const page = await readFile(PAGE, 'utf8').catch(() => '');
    const [head = ''] = page.split(/^\| `/m);
    const wanted = `${head}${rows.map((row) => `${row} ${noteOn(page, row)} |`).join('\n')}\n`;
    if (process.env['METRICS'] === 'write') await writeFile(PAGE, wanted);
    else assert.equal(page, wanted);
  });
});
