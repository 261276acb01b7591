// `npm run probe -- wapiti`: the scanner wapiti attacks the pages and forms behind sign-in, over TLS. A front gives each of its
// requests the session and the origin that a browser would send, so that forms get as far as their handlers.
//   --seconds 30 (a module at the most)   --json
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import tls from 'node:tls';
import { parseArgs } from 'node:util';
import { type Certificate, makeCertificate } from '#app/testing/certificate.ts';
import { CLIENT_ID, signInBehindFront, startIssuer } from '#app/testing/issuer.ts';
import { freePorts } from '#app/testing/ports.ts';
import { exitCodeOfNotRun, formatRows } from '#app/testing/report.ts';
import { raisedLimits, type ServiceProcess, startServiceProcess } from '#app/testing/service-process.ts';
import { installTools } from '../../.github/tools/install.ts';
import { runTool } from './probe.ts';
import { startFront } from './tls-front.ts';
import { ExplanationsSchema, judgeWapitiRun, type Traffic, type WapitiVerdict } from './wapiti-verdict.ts';

/** Those that judge answers, and those that attack what a page of any kind may have; not those for other people's products. */
const MODULES = ['cookieflags', 'csp', 'http_headers', 'methods', 'csrf', 'crlf', 'xss', 'permanentxss', 'sql', 'timesql', 'exec', 'file', 'redirect', 'ssrf', 'xxe', 'upload', 'shellshock', 'htaccess', 'backup'];
const CRAWL_SECONDS = 60;
/** Things of one kind have pages and forms of one kind: a few of them are enough. */
const MOST_OF_ONE_KIND = 4;
const LEAST_FIGURE = 5;

/** Where attacks tell the service to call; the scanner asks here what came. */
async function startCallbackHost(): Promise<{ readonly origin: string; readonly callbacks: string[]; close(): void }> {
  const callbacks: string[] = [];
  const server = http.createServer((request, response) => {
    const asked = request.url ?? '';
    if (!/^\/get_\w+\.php/.test(asked)) callbacks.push(`${request.method ?? ''} ${asked}`);
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    callbacks,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

interface Stage {
  readonly service: ServiceProcess;
  readonly frontPort: number;
  readonly certificate: Certificate;
  readonly directory: string;
  readonly program: string;
  readonly seconds: number;
}

async function scan({ service, frontPort, certificate, directory, program, seconds }: Stage): Promise<WapitiVerdict> {
  const jar = await signInBehindFront(service.origin);
  const cookie = jar.read(service.origin);
  let requests = 0;
  let formsHandled = 0;
  const front = await startFront({
    port: frontPort,
    upstreamPort: service.port,
    certificate,
    onRequest: ({ headers }) => {
      requests += 1;
      Object.assign(headers, { cookie, origin: `https://127.0.0.1:${frontPort}`, 'sec-fetch-site': 'same-origin' });
    },
    onAnswer: ({ status }, method) => {
      if (method === 'POST' && (status < 400 || status === 409 || status === 422)) formsHandled += 1;
    },
  });
  const host = await startCallbackHost();
  const report = path.join(directory, 'report.json');
  try {
    const { stdout, stderr } = await runTool(
      program,
      [
        '--url', `${front.origin}/`, '--start', `${front.origin}/docs`, '--exclude', `${front.origin}/auth/sign-out`, '--exclude', `${front.origin}/account/sessions/end`, '--drop-set-cookie', '--verify-ssl', '0', '--endpoint', `${host.origin}/`,
        '--module', MODULES.join(','), '--max-scan-time', String(CRAWL_SECONDS), '--max-attack-time', String(seconds), '--depth', '4', '--max-files-per-dir', String(MOST_OF_ONE_KIND), '--scan-force', 'aggressive',
        '--store-session', directory, '--store-config', directory, '--flush-session', '--no-bugreport', '--format', 'json', '--output', report,
      ],
      { directory, deadlineMs: (CRAWL_SECONDS + MODULES.length * seconds + 60) * 1_000 },
    );
    const start = await jar.fetch(`${service.origin}/`);
    await start.body?.cancel();
    const traffic: Traffic = { requests, formsHandled, callbacks: host.callbacks, signedIn: start.status === 200 };
    process.stderr.write(`${requests} requests, ${formsHandled} forms handled\n`);
    const explanations = ExplanationsSchema.parse(JSON.parse(await readFile(path.join(import.meta.dirname, 'wapiti-explained.json'), 'utf8')));
    return judgeWapitiRun({ report: await readFile(report, 'utf8').catch(() => ''), said: stdout + stderr, modules: MODULES, traffic, explanations, today: new Date().toISOString().slice(0, 10) });
  } finally {
    host.close();
    front.close();
  }
}

function print({ pages, categories, violations }: WapitiVerdict): void {
  console.log(`${pages} pages and forms, ${MODULES.length} modules: ${MODULES.join(', ')}`);
  if (categories.length > 0) console.log(formatRows([['', 'category', 'findings', 'explained'], ...categories.map(({ category, findings, explained }) => [findings === explained ? '✔' : '✖', category, String(findings), String(explained)])]));
  console.log(`${violations.length === 0 ? '✔' : '✖'} ${violations.length} violations`);
  for (const violation of violations) console.log(`  ${violation}`);
}

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '30' }, json: { type: 'boolean', default: false } } });
const seconds = Number(values.seconds);
if (!Number.isSafeInteger(seconds) || seconds < LEAST_FIGURE) {
  console.error('usage: npm run probe -- wapiti [--seconds 30] [--json]');
  process.exit(2);
}
const tools = await installTools('python', { onProgress: (line) => process.stderr.write(`${line}\n`) });
if ('notRun' in tools) {
  console.log(`wapiti: not run, ${tools.notRun}`);
  process.exit(exitCodeOfNotRun(process.env['CI'] === 'true'));
}
const directory = await mkdtemp(path.join(tmpdir(), 'stockade-wapiti-'));
try {
  const certificate = await makeCertificate(directory);
  tls.setDefaultCACertificates([...tls.getCACertificates('default'), certificate.cert.toString()]);
  const [frontPort = 0] = await freePorts(1);
  const issuer = await startIssuer(certificate);
  // The embedded database is the one that begins with examples: without a thing there is no page of a thing.
  const service = await startServiceProcess('wapiti', undefined, {
    ...raisedLimits(),
    PUBLIC_URL: `https://127.0.0.1:${frontPort}`,
    PROVIDER_PORT: '',
    OIDC_ISSUER: issuer.origin,
    OIDC_CLIENT_ID: CLIENT_ID,
    NODE_EXTRA_CA_CERTS: certificate.file,
  });
  try {
    const verdict = await scan({ service, frontPort, certificate, directory, program: path.join(tools.directory, 'bin/wapiti'), seconds });
    if (values.json) console.log(JSON.stringify(verdict, undefined, 2));
    else print(verdict);
    if (verdict.violations.length > 0) process.exitCode = 1;
  } finally {
    await service.close();
    issuer.close();
  }
} finally {
  await rm(directory, { recursive: true, force: true });
}
