import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { runInSpan, type Span } from '#app/lib/span.ts';
import { createLog } from '#app/telemetry/log.ts';

function capture(): { readonly lines: string[]; readonly destination: { write(line: string): void } } {
  const lines: string[] = [];
  return { lines, destination: { write: (line) => void lines.push(line) } };
}

test('ASVS 16.2.2, 16.2.4 and 16.4.1: a line is one JSON object with a level by name and an RFC 3339 time in UTC, whatever is in it', () => {
  const { lines, destination } = capture();
  const forged = '\n{"level":"info","msg":"forged"}\r\u2028\u001b[31m';
  createLog({ level: 'info', destination }).info({ part: `database${forged}`, [`name${forged}`]: new Error(forged) }, 'ready');
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? '', /^\P{Cc}*\n$/u, 'one line, without anything that moves a terminal');
  const line = JSON.parse(lines[0] ?? '') as Record<string, unknown>;
  assert.equal(line['level'], 'info');
  assert.equal(line['msg'], 'ready');
  assert.equal(new Date(String(line['time'])).toISOString(), line['time']);
  assert.ok(String(line['time']).endsWith('Z'));
});

test('ASVS 16.2.5: fields that carry secrets are not in the log, at the top or in a bag of headers', () => {
  const { lines, destination } = capture();
  const log = createLog({ level: 'info', destination });
  log.info({ headers: { cookie: 'canary-1', authorization: 'canary-2', accept: 'text/html' }, Token: 'canary-3' }, 'request');
  log.child({ requestId: 'r-1' }).info({ headers: { 'Set-Cookie': ['canary-4'], 'proxy-authorization': 'canary-5' }, err: new Error('kept') }, 'again');
  assert.match(lines.join(''), /"message":"kept"/);
  assert.ok(!lines.join('').includes('canary'), lines.join(''));
  assert.ok(lines.join('').includes('text/html'));
});

test('an error is logged with its code, stack and causes, and with nothing else that it carries', () => {
  const { lines, destination } = capture();
  const cause = Object.assign(new Error('duplicate key'), { code: '23505', detail: 'Key (email)=(canary) already exists.' });
  createLog({ level: 'info', destination }).error({ err: new Error('could not store', { cause }) }, 'failed');
  const { err } = JSON.parse(lines[0] ?? '') as { readonly err: Record<string, unknown> & { readonly cause: Record<string, unknown> } };
  assert.match(String(err['stack']), /log\.test\.ts/);
  assert.deepEqual([err['message'], err.cause['message'], err.cause['errorCode']], ['could not store', 'duplicate key', '23505']);
  assert.ok(!lines.join('').includes('canary'));
});

test('what is thrown and is no error is not written', () => {
  const { lines, destination } = capture();
  createLog({ level: 'info', destination }).error({ err: 'canary' }, 'failed');
  assert.ok(!lines.join('').includes('canary'));
});

test('a line within a span carries its ids under OpenTelemetry’s names, once, whichever part writes it; without one it has none', () => {
  const { lines, destination } = capture();
  const log = createLog({ level: 'info', destination });
  const nothing = () => undefined;
  const span: Span = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7', sampled: true, start: () => span, setName: nothing, set: nothing, end: nothing };
  const idsOf = (text = ''): unknown[] => {
    const line = JSON.parse(text) as Record<string, unknown>;
    return [line['trace_id'], line['span_id'], line['trace_flags'], text.split('"trace_id"').length - 1];
  };
  log.info('before');
  runInSpan(span, () => {
    log.info('text alone');
    log.child({ part: 'live' }).warn({ err: new Error('x'), token: 'canary' }, 'of a part');
    log.info({ trace_id: 'named', span_id: 'already', trace_flags: '00' }, 'of another');
  });
  runInSpan({ ...span, sampled: false }, () => { log.info('not kept'); });
  assert.deepEqual(lines.map(idsOf), [[undefined, undefined, undefined, 0], [span.traceId, span.spanId, '01', 1], [span.traceId, span.spanId, '01', 1], ['named', 'already', '00', 1], [span.traceId, span.spanId, '00', 1]]);
  assert.ok(!lines.join('').includes('canary'));
});

/** A process whose standard output is the log's, as in production. */
function startLogging(program: string) {
  const source = `import { createLog } from '#app/telemetry/log.ts'; const log = createLog({ level: 'info' }); ${program}`;
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', '--input-type=module', '--eval', source], { cwd: import.meta.dirname, stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout });
  const messages: string[] = [];
  lines.on('line', (line) => messages.push((JSON.parse(line) as { msg: string }).msg));
  return { child, lines, messages };
}

test('lines are written a moment later, without anything more being logged', async () => {
  const { child, lines } = startLogging("log.info('alone'); process.stdin.resume();");
  const [line] = (await once(lines, 'line')) as [string];
  assert.match(line, /alone/);
  child.stdin.end();
  await once(child, 'close');
});

test('a process that ends by itself has written all its lines, in their order', async () => {
  const { child, messages } = startLogging('for (let n = 1; n <= 200; n += 1) log.info(`line ${n}`); process.exit(0);');
  await once(child, 'close');
  assert.deepEqual(messages, Array.from({ length: 200 }, (_, index) => `line ${index + 1}`));
});

test('a warning is out before the process can be killed, and with it what came before', async () => {
  const { child, messages } = startLogging("log.info('first'); log.warn('second'); process.kill(process.pid, 'SIGKILL');");
  await once(child, 'close');
  assert.deepEqual(messages, ['first', 'second']);
});
