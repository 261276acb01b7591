// The process's metrics: the registry to which each part adds its own, and how they are written for who scrapes them.
import { Gauge, type OpenMetricsContentType, Registry } from 'prom-client';
import { VERSION } from '#app/telemetry/version.ts';

export interface CreateMetricsOptions {
  /** The commit that it was built from. */
  readonly revision?: string;
}

export function createMetrics({ revision = 'unknown' }: CreateMetricsOptions = {}): Registry {
  const registry = new Registry();
  const build = new Gauge({ name: 'stockade_build_info', help: '1; its labels say what runs.', labelNames: ['version', 'revision', 'node_version'], registers: [registry] });
  build.set({ version: VERSION, revision, node_version: process.versions.node }, 1);
  return registry;
}

export interface Exposition {
  readonly type: string;
  readonly text: string;
}

/** As OpenMetrics, with units and exemplars, for who takes it; else as Prometheus' older text, which knows neither. */
export async function expose(metrics: Registry, accept = ''): Promise<Exposition> {
  if (!takesOpenMetrics(accept)) return { type: metrics.contentType, text: await metrics.metrics() };
  const views = new Registry<OpenMetricsContentType>();
  views.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  // prom-client renames a counter when it writes OpenMetrics, for good: it gets views that share the values.
  for (const metric of metrics.getMetricsAsArray()) views.registerMetric(Object.create(metric) as Gauge);
  return { type: views.contentType, text: refine(await views.metrics()) };
}

/**
 * What prom-client leaves out: the unit (https://prometheus.io/docs/specs/om/open_metrics_spec/#unit), and the point of a whole
 * bound. Prometheus 3 writes `le="1.0"` whatever it is given, Prometheus 2 takes what comes: so a rule is the same for both.
 */
function refine(text: string): string {
  return text.replaceAll(/^# TYPE (\w+_(seconds|bytes|ratio)) \w+$/gm, '$&\n# UNIT $1 $2').replaceAll(/(?<=[{,]le=")\d+(?=")/g, '$&.0');
}

/** Whether it is named, and liked as well as the older text is (RFC 9110, 12.5.1). */
function takesOpenMetrics(accept: string): boolean {
  const quality = (type: string): number => {
    const range = accept.split(',').find((each) => each.trim().toLowerCase().startsWith(type));
    return range === undefined ? 0 : Number(/;\s*q=([\d.]+)/.exec(range)?.[1] ?? 1);
  };
  const openMetrics = quality('application/openmetrics-text');
  return openMetrics > 0 && openMetrics >= quality('text/plain');
}
