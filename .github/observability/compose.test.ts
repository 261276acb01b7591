import assert from 'node:assert/strict';
import { posix, resolve } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { z } from 'zod';
import { readTree } from '../rules/tree.ts';

// Images can't be started where these run; that their parts fit together can be read. What each may do is held by policies/compose.
const tree = readTree(resolve(import.meta.dirname, '../..'));
const FOLDER = 'observability';

function read<T extends z.ZodType>(path: string, form: T): z.infer<T> {
  const text = tree.get(posix.join(FOLDER, path));
  assert.ok(text !== undefined, `${path} is not there`);
  return form.parse(parse(text, { merge: true }));
}

const Service = z.looseObject({ image: z.string(), command: z.array(z.string()).default([]), ports: z.array(z.string()).default([]), volumes: z.array(z.string()).default([]), extra_hosts: z.array(z.string()).default([]), networks: z.unknown() });
const compose = read('compose.yaml', z.looseObject({ services: z.record(z.string(), Service), volumes: z.record(z.string(), z.unknown()) }));
const services = Object.entries(compose.services);
const Networks = z.record(z.string(), z.looseObject({ aliases: z.array(z.string()).default([]) }));

/** Names by which a container finds another, and the laptop. */
const hosts = new Set(services.flatMap(([name, { networks, extra_hosts }]) => {
  const parsed = Networks.safeParse(networks);
  return [name, ...(parsed.success ? Object.values(parsed.data).flatMap(({ aliases }) => aliases) : []), ...extra_hosts.flatMap((entry) => entry.split(':')[0] ?? [])];
}));

const Collector = z.looseObject({
  receivers: z.record(z.string(), z.looseObject({ endpoint: z.string().optional(), path: z.string().optional() })),
  processors: z.record(z.string(), z.unknown()),
  exporters: z.record(z.string(), z.looseObject({ endpoint: z.string() })),
  service: z.looseObject({ pipelines: z.record(z.string(), z.object({ receivers: z.array(z.string()), processors: z.array(z.string()), exporters: z.array(z.string()) })) }),
});
const collector = read('pipeline/collector.yaml', Collector);

test('what is mounted is in the repository, or is a volume that is declared', () => {
  const sources = services.flatMap(([, { volumes }]) => volumes.map((volume) => volume.split(':')[0] ?? ''));
  assert.ok(sources.length >= 8);
  const missing = sources.filter((source) => {
    if (!source.startsWith('./')) return !(source in compose.volumes);
    const path = posix.join(FOLDER, source);
    return ![...tree.keys()].some((file) => file === path || file.startsWith(`${path}/`));
  });
  assert.deepEqual(missing, []);
});

test('what a service is told to read is mounted where it reads it', () => {
  const told = services.flatMap(([name, { command, volumes }]) => command.flatMap((part) => {
    const file = /^--?config(?:\.file)?=(.*)$/.exec(part)?.[1];
    if (file === undefined) return [];
    const source = volumes.map((volume) => volume.split(':')).find(([, target = '']) => file === target || file.startsWith(`${target}/`));
    return [{ name, file, source: source === undefined ? undefined : posix.join(FOLDER, source[0] ?? '', posix.relative(source[1] ?? '', file)) }];
  }));
  assert.deepEqual(told.map(({ name }) => name).sort(), ['alertmanager', 'collector', 'loki', 'prometheus', 'tempo']);
  assert.deepEqual(told.filter(({ source }) => source === undefined || !tree.has(source)), []);
});

test('every image says for people which version it is, and no two services listen on one port', () => {
  assert.deepEqual(services.filter(([, { image }]) => !/^[\w./-]+:v?\d+\.\d+\.\d+@sha256:[0-9a-f]{64}$/.test(image)).map(([name]) => name), []);
  const ports = services.flatMap(([, { ports: published }]) => published.map((port) => port.split(':').at(-2)));
  assert.equal(new Set(ports).size, ports.length);
  // The service's own, its provider's and its figures': `npm start` is to run beside it.
  assert.deepEqual(['3000', '3001', '9464'].filter((port) => ports.includes(port)), []);
});

test('Grafana finds each of its data sources at a service of the file, where that one listens', () => {
  const { datasources } = read('grafana/provisioning/datasources/stores.yaml', z.looseObject({ datasources: z.array(z.looseObject({ uid: z.string(), url: z.url() })) }));
  const Listens = z.looseObject({ server: z.looseObject({ http_listen_port: z.number() }) });
  const ports = new Map([['prometheus', 9090], ['alertmanager', 9093], ['tempo', read('pipeline/tempo.yaml', Listens).server.http_listen_port], ['loki', read('pipeline/loki.yaml', Listens).server.http_listen_port]]);
  assert.deepEqual(datasources.map(({ url }) => new URL(url)).filter(({ hostname, port }) => !hosts.has(hostname) || ports.get(hostname) !== Number(port)).map(String), []);
  const linked = JSON.stringify(datasources).match(/"datasourceUid":"(\w+)"/g) ?? [];
  assert.ok(linked.length >= 4);
  assert.deepEqual(linked.filter((link) => !datasources.some(({ uid }) => link.includes(`"${uid}"`))), []);
});

test('Grafana reads the dashboards where they are mounted', () => {
  const { providers } = read('grafana/provisioning/dashboards/files.yaml', z.looseObject({ providers: z.array(z.looseObject({ allowUiUpdates: z.boolean(), options: z.object({ path: z.string() }) })) }));
  const targets = compose.services['grafana']?.volumes.map((volume) => volume.split(':')[1]) ?? [];
  assert.deepEqual(providers.filter(({ options, allowUiUpdates }) => allowUiUpdates || !targets.includes(options.path)), []);
});

test('the collector hands everything that it takes to a service of the file, and nothing of it lies idle', () => {
  const pipelines = Object.values(collector.service.pipelines);
  for (const part of ['receivers', 'processors', 'exporters'] as const) assert.deepEqual(new Set(pipelines.flatMap((pipeline) => pipeline[part])), new Set(Object.keys(collector[part])), part);
  assert.deepEqual(Object.values(collector.exporters).filter(({ endpoint }) => !hosts.has(new URL(endpoint).hostname)), []);
});

test('Prometheus asks only for what it can find by its name', () => {
  const targets = [...tree].filter(([path]) => /^observability\/prometheus\/targets\/.*\.json$/.test(path)).flatMap(([, text]) => z.array(z.looseObject({ targets: z.array(z.string()) })).parse(JSON.parse(text)).flatMap((group) => group.targets));
  assert.ok(targets.some((target) => target.endsWith(':9464')), 'the service is not among the targets');
  assert.deepEqual(targets.filter((target) => !hosts.has(target.split(':')[0] ?? '') && !target.startsWith('localhost:')), []);
});

test('every receiver of Alertmanager has its door at the collector', () => {
  const { receivers } = read('alertmanager/alertmanager.yaml', z.looseObject({ receivers: z.array(z.looseObject({ name: z.string(), webhook_configs: z.array(z.looseObject({ url: z.url() })).default([]) })) }));
  const doors = Object.values(collector.receivers).flatMap(({ endpoint, path }) => (endpoint === undefined || path === undefined ? [] : [`http://alerts:${endpoint.split(':')[1] ?? ''}${path}`]));
  const called = receivers.flatMap(({ webhook_configs: webhooks }) => webhooks.map(({ url }) => url));
  assert.ok(called.length >= 3);
  assert.deepEqual(called.filter((url) => !doors.includes(url)), []);
});
