// The process as it is deployed: under Node's permission model, with a collector, with a dead one, and with none.
import assert from 'node:assert/strict';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { until } from '#app/testing/condition.ts';
import { serve } from '#app/testing/local-server.ts';
import { freePorts } from '#app/testing/ports.ts';
import { startFlags, startProgram } from '#app/testing/process.ts';
import { signIn } from '#app/testing/service.ts';
import { startServiceProcess } from '#app/testing/service-process.ts';
import { startTraceReceiver } from '#app/testing/trace-receiver.ts';

const start = async (t: TestContext, name: string, environment: Readonly<Record<string, string>>) => {
  const service = await startServiceProcess(name, process.env['DATABASE_URL'], { LOG_LEVEL: 'info', LOOP_LAG_LIMIT_MS: '60000', ...environment });
  t.after(() => service.close());
  return service;
};

test('a sign-in shows the way to the identity provider and back; what still waits at the end is sent before the process goes', async (t) => {
  const receiver = await startTraceReceiver();
  t.after(() => receiver.close());
  const service = await start(t, 'traced', { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint });
  const visitor = await signIn(service.origin, 'clerk');
  assert.equal((await visitor.fetch('/account/sessions')).status, 200);
  // A stream is what waits for the end of an answer with the most listeners.
  const exported = await visitor.fetch('/account/data/export', { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'all=export' });
  assert.deepEqual([exported.status, typeof (await exported.json())], [200, 'object']);
  service.process.child.kill('SIGTERM');
  assert.equal(await service.process.ended(), 0, service.process.stderr());
  assert.ok(!service.process.stderr().includes('MaxListenersExceededWarning'), service.process.stderr());
  const callback = receiver.spans.find(({ name }) => name === 'GET /auth/callback');
  const calls = receiver.childrenOf(callback ?? assert.fail(receiver.spans.map(({ name }) => name).join())).filter(({ attributes }) => attributes['service.peer.name'] === 'identity provider');
  // Its token endpoint, and its keys.
  assert.deepEqual(calls.map(({ name, kind, failed }) => [name, kind, failed]), [['POST identity provider', 'client', false], ['GET identity provider', 'client', false]]);
  const page = receiver.spans.find(({ name }) => name === 'GET /account/sessions');
  assert.ok(receiver.childrenOf(page ?? assert.fail('the last request is among them')).some(({ name }) => name.startsWith('SELECT ')), 'with its statements');
  // The code, the state and the session of this sign-in, the tokens that came of it, and whose they are.
  assert.deepEqual(receiver.text().match(/code=|state=|clerk|acme|Bearer|eyJ[\w-]+\./g), null);
});

test('a collector that takes nothing holds up neither a request nor the stop', async (t) => {
  const hung = await serve(t, () => undefined);
  const service = await start(t, 'hung_collector', { OTEL_EXPORTER_OTLP_ENDPOINT: hung.origin, SHUTDOWN_DRAIN_SECONDS: '1' });
  for (let n = 0; n < 20; n += 1) assert.equal((await fetch(`${service.origin}/docs`)).status, 200);
  await until('a batch', () => hung.asked.length > 0);
  service.process.child.kill('SIGTERM');
  // 1 where a step was not finished by the deadline.
  assert.equal(await service.process.ended(), 0, service.process.stderr());
});

test('without a collector nothing of the tracer is loaded', async (t) => {
  const spy = `import { registerHooks } from 'node:module';
    registerHooks({ resolve(specifier, context, next) {
      const resolved = next(specifier, context);
      if (resolved.url.includes('/@opentelemetry/')) process.stderr.write('LOADED ' + /@opentelemetry\\/[\\w-]+/.exec(resolved.url)[0] + ' by ' + context.parentURL + '\\n');
      return resolved;
    } });`;
  const loaded = async (environment: Readonly<Record<string, string>>): Promise<readonly string[]> => {
    const [port, provider, admin] = await freePorts(3);
    const flags = [...startFlags(), `--import=data:text/javascript,${encodeURIComponent(spy)}`];
    const process = startProgram(path.resolve(import.meta.dirname, '../main.ts'), [], { PORT: String(port), PROVIDER_PORT: String(provider), ADMIN_PORT: String(admin), DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none', ...environment }, flags);
    t.after(() => process.child.kill('SIGKILL'));
    // The tracer comes before the database, which is not there.
    assert.equal(await process.ended(), 1);
    assert.match(process.stderr(), /127\.0\.0\.1:1\/none can't be used/);
    return process.stderr().split('\n').filter((line) => line.startsWith('LOADED '));
  };
  // prom-client names the types of OpenTelemetry's API, and loads it.
  assert.deepEqual((await loaded({})).filter((line) => !/^LOADED @opentelemetry\/api by .*\/(?:prom-client|@opentelemetry\/api)\//.test(line)), []);
  assert.ok((await loaded({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' })).some((line) => line.startsWith('LOADED @opentelemetry/sdk-trace ')), 'with one it is seen');
});
