// A label whose values clients choose: each new one is a series for ever, until the memory is gone (CWE-770).
import type { WeaknessRule } from './weakness.ts';
import { CHECKED, focus, REQUEST_DATA, where } from './patterns.ts';

const METRIC = '(?!ctx$|res$|response$|log$|context$|url$|headers$).+';

export const rule: WeaknessRule = {
  cwe: 770,
  message: 'A metric has a label whose value the client chooses (a path, a header, a name): every new one is one more series in memory and in Prometheus.',
  fix: 'Use the route\'s template (ctx.state.route ?? "none"), the method from a fixed list, the class of the status.',
  match: {
    mode: 'taint',
    'pattern-sources': [...REQUEST_DATA, where('$S.$ID', { S: '(?:[\\w.]+\\.)?(?:subject|user|account|person|socket|request)', ID: 'id|name|email|tenantId|remoteAddress|ip' }), where('$C.$IP', { C: 'ctx|req|request', IP: 'ip|ips' })],
    'pattern-sanitizers': CHECKED,
    'pattern-sinks': [
      { patterns: [{ pattern: '$STOP($LABELS)' }, { 'pattern-inside': 'const $STOP = $HISTOGRAM.startTimer(...);\n...' }, { 'focus-metavariable': '$LABELS' }] },
      focus('LABELS', ['$METRIC.$ADD($LABELS, ...)'], { METRIC, ADD: 'inc|dec|observe|labels|startTimer' }),
      focus('LABELS', ['$METRIC.labels(..., $LABELS, ...)'], { METRIC }),
      { patterns: [{ pattern: '$METRIC.set($LABELS, $N)' }, { pattern: '$METRIC.set({...}, $N)' }, { 'focus-metavariable': '$LABELS' }] },
    ],
  },
  refuses: ['export const f = (ctx, requests) => { requests.inc({ path: ctx.path }); };', 'export const f = (ctx, requests) => { const path = ctx.url.split("?")[0]; requests.labels(ctx.method, path).inc(); };', 'export const f = (ctx, duration) => { const end = duration.startTimer({ agent: ctx.get("user-agent") }); end(); };', 'export const f = (subject, counter) => { counter.inc({ user: subject.id }, 1); };', 'export const f = (req, gauge) => { gauge.set({ url: req.url }, 1); };', 'export const f = (ctx, histogram) => { const labels = { route: ctx.path, status: 200 }; histogram.observe(labels, 3); };'],
  allows: [
    'export const f = (ctx, requests) => { const kind = ctx.query.kind; requests.inc({ kind: KINDS.has(kind) ? kind : "other" }); };','export const f = (ctx, requests) => { requests.inc({ route: ctx.state.route ?? "none" }); };', 'export const f = (ctx, requests) => { requests.labels(ctx.method, String(ctx.status)).inc(); };', 'export const f = (ctx, value) => { ctx.set("X-Path", value); };'],
};
